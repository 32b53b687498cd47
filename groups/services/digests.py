"""Tell a group's owner that its day was too busy to read back (R54): the digest is ready to be posted."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db import transaction
from django.urls import reverse

from groups.enums import DIGEST_FROM, LIVE_STATES
from groups.models import Group
from team.enums import Bucket, WorkKind, WorkState
from team.selectors import ItemStanding, work_items_of
from team.services import work_item_put, work_items_close
from tenants import clock, preferences
from tenants.models import Tenant
from tenants.words import say, say_count
from wecom.archive.selectors import rooms_busy

SOURCE = "groups.digest"


def digests_bring_up(*, tenant: Tenant) -> int:
    """An item until the day ends for each running group that had more messages yesterday than the company's limit.

    Returns how many ask. Safe to repeat: a group has one item, and one that somebody did stays done. Without an archive
    or a file nothing is known, and nobody is asked. Four queries, two more for each busy group.
    """
    today = clock.local_date(clock.now(), tenant.timezone)
    yesterday = today - timedelta(days=1)
    since, until = clock.day_bounds(yesterday, tenant.timezone)
    busy = rooms_busy(
        tenant_id=tenant.pk, since=since, until=until, more_than=preferences.value(tenant.pk, DIGEST_FROM)
    )
    rows = Group.objects.filter(
        tenant=tenant, state__in=LIVE_STATES, dismissed_at=None, chat_id__in=list(busy)
    )
    with transaction.atomic():
        groups = list(rows.order_by("pk"))
        items = work_items_of(
            tenant_id=tenant.pk,
            source_kind=SOURCE,
            source_ids=[*_standing(tenant), *(one.pk for one in groups)],
        )
        for group in groups:
            if not _was_done(items.get(group.pk), yesterday, tenant):
                _put(tenant, group, busy[group.chat_id], yesterday)
        asked = {one.pk for one in groups}
        over = [pk for pk, item in items.items() if item.waits and pk not in asked]
        work_items_close(tenant_id=tenant.pk, source_kind=SOURCE, source_ids=over, state=WorkState.MISSED)
    return len(groups)


def _standing(tenant: Tenant) -> Iterable[int]:
    return Group.objects.filter(tenant=tenant, state__in=LIVE_STATES).values_list("pk", flat=True)


def _was_done(item: ItemStanding | None, day: date, tenant: Tenant) -> bool:
    start = clock.day_bounds(day, tenant.timezone)[1]
    return item is not None and not item.waits and item.starts_at == start


def _put(tenant: Tenant, group: Group, messages: int, day: date) -> None:
    starts_at = clock.day_bounds(day, tenant.timezone)[1]
    url = reverse("groups:detail", kwargs={"tenant_slug": tenant.slug, "pk": group.pk})
    work_item_put(
        tenant_id=tenant.pk,
        source_kind=SOURCE,
        source_id=group.pk,
        staff_id=group.owner_id,
        group_id=group.pk,
        kind=WorkKind.ALERT,
        bucket=Bucket.REMIND,
        title=say("Post a digest of yesterday in %(group)s") % {"group": group},
        detail=say_count(
            "%(n)s message: nobody scrolls back.", "%(n)s messages: nobody scrolls back.", messages
        )
        % {"n": messages},
        rule_code="DIGEST-01",
        starts_at=starts_at,
        due_at=starts_at,
        window_ends_at=clock.day_bounds(day + timedelta(days=1), tenant.timezone)[1],
        url=f"{url}?tab=chat&digest={day.isoformat()}",
        verb_label=say("See the digest"),
    )
