"""Somebody writes a word that the group answers (R11): the owner has the answer, ready to send, on Today.

WeCom gives no system a way to speak in a customer group, so a person sends it. What is written is known only through
the message archive or an imported chat.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse

from groups.enums import LIVE_STATES
from groups.models import Group
from groups.policies.replies import Heard, Reply, replies_of, waiting
from team.enums import Bucket, WorkKind, WorkState
from team.selectors import ItemStanding, staff_by_userids, work_items_of
from team.services import work_item_close, work_item_put
from tenants import clock
from tenants.models import Tenant
from tenants.words import say, say_count, say_list
from wecom.archive.selectors import is_talk, messages_by_id, room_talk_between
from wecom.archive.texts import plain_text

SOURCE = "groups.reply"
FRESH = timedelta(hours=24)  # what is older asks nobody to answer now: an old chat log being imported


def replies_hear(*, tenant_id: int, app_id: int, message_ids: Iterable[int]) -> int:
    """Messages that were just archived or imported. Returns how many groups have somebody to answer.

    Safe to repeat and in any order. Two queries while no group they were written in has keyword replies.
    """
    since = clock.now() - FRESH
    rows = messages_by_id(tenant_id=tenant_id, message_ids=message_ids)
    rooms = {row.room_id for row in rows if row.room_id and is_talk(row) and row.sent_at >= since}
    if not rooms:
        return 0
    found = Group.objects.filter(
        tenant_id=tenant_id, app_id=app_id, chat_id__in=rooms, state__in=LIVE_STATES, dismissed_at=None
    ).exclude(replies="")
    ids = list(found.order_by("pk").values_list("pk", flat=True))
    tenant = Tenant.objects.get(pk=tenant_id) if ids else None
    return sum(_bring_up(tenant, one) for one in ids) if tenant else 0


def _bring_up(tenant: Tenant, group_id: int) -> bool:
    with transaction.atomic():
        group = Group.objects.select_for_update(of=("self",)).get(tenant=tenant, pk=group_id)
        item = work_items_of(tenant_id=tenant.pk, source_kind=SOURCE, source_ids=[group.pk]).get(group.pk)
        asked = [] if group.is_frozen else waiting(_heard(group, _since(item)), replies_of(group.replies))
        if asked:
            _put(tenant, group, asked)
        elif item is not None and item.waits:
            work_item_close(tenant_id=tenant.pk, source_kind=SOURCE, source_id=group.pk, state=WorkState.DONE)
    return bool(asked)


def _since(item: ItemStanding | None) -> datetime:
    """From when on messages are looked at: what somebody said was dealt with is not asked again."""
    first = clock.now() - FRESH
    if item is None:
        return first
    known = item.starts_at if item.waits else item.done_at
    return max(first, known or first)


def _heard(group: Group, since: datetime) -> list[Heard]:
    rows = room_talk_between(tenant_id=group.tenant_id, room_id=group.chat_id, since=since, until=clock.now())
    staff = staff_by_userids(
        tenant_id=group.tenant_id, userids={row.sender_id for row in rows}, app_id=group.app_id
    )
    return [Heard(row.sent_at, row.sender_id in staff, plain_text(row)) for row in rows]


def _put(tenant: Tenant, group: Group, asked: list[tuple[Reply, datetime, int]]) -> None:
    count = sum(times for _reply, _at, times in asked)
    title = say_count(
        "%(n)s message in %(group)s waits for its keyword reply",
        "%(n)s messages in %(group)s wait for their keyword reply",
        count,
    )
    told = say_list(
        (say_list((say_list(one.words, say(", ")), f"× {times}"), " ") for one, _at, times in asked), "; "
    )
    work_item_put(
        tenant_id=tenant.pk,
        source_kind=SOURCE,
        source_id=group.pk,
        staff_id=group.owner_id,
        group_id=group.pk,
        kind=WorkKind.QUESTION,
        bucket=Bucket.REMIND,
        title=title % {"n": count, "group": group},
        detail=say("Post the words in the group. It closes by itself once the archive shows them."),
        script="\n\n".join(one.text for one, _at, _times in asked),
        reason=say("Written in the group: %(words)s. The welcome promises an answer.") % {"words": told},
        rule_code="R11",
        starts_at=min(at for _reply, at, _times in asked),
        url=f"{reverse('groups:detail', args=[tenant.slug, group.pk])}?tab=chat",
        verb_label=say("See the chat"),
    )
