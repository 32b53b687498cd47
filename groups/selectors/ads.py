"""What looks like an ad among the messages that members posted (R26): counted every night, read by the checks."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from django.core.cache import cache

from groups.models import Group, Member
from tenants import clock
from wecom.archive.selectors import ad_posts, rooms_heard

DAYS = 7
CHUNK = 200  # groups a query: reading the words of a week costs by its messages


def ads_last_night(*, tenant_id: int) -> dict[int, int]:
    """{group id: posts of seven days that look like ads, by customers}, as counted last; no query."""
    return cache.get(ads_mark(tenant_id)) or {}


def ads_counted(*, tenant_id: int, group_ids: Iterable[int]) -> dict[int, int]:
    """The same, counted now: four queries for each 200 groups; those that are not heard are absent."""
    wanted = sorted(set(group_ids))
    found: dict[int, int] = {}
    for start in range(0, len(wanted), CHUNK):
        found |= _counted(tenant_id, wanted[start : start + CHUNK])
    return found


def _counted(tenant_id: int, group_ids: list[int]) -> dict[int, int]:
    rooms = dict(
        Group.objects.filter(tenant_id=tenant_id, pk__in=group_ids)
        .exclude(chat_id="")
        .values_list("chat_id", "pk")
    )
    heard = rooms_heard(tenant_id=tenant_id, room_ids=rooms)
    if not heard:
        return {}
    posts = ad_posts(tenant_id=tenant_id, room_ids=heard, since=clock.now() - timedelta(days=DAYS))
    staff = Member.objects.filter(tenant_id=tenant_id, group_id__in=group_ids, is_staff=True)
    ours = set(staff.filter(userid__in={sender for _room, sender in posts}).values_list("userid", flat=True))
    counted = Counter({rooms[room]: 0 for room in heard})
    for (room, sender), number in posts.items():
        if sender not in ours:
            counted[rooms[room]] += number
    return dict(counted)


def ads_mark(tenant_id: int) -> str:
    """Where the count of the last night is kept."""
    return f"groups:ads:{tenant_id}"
