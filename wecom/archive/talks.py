"""What was said in several conversations at once."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q

from wecom.archive.models import ArchivedMessage
from wecom.archive.selectors import is_talk

_TEXTS = ("text", "markdown", "mixed")


def talks_between(
    *,
    tenant_id: int,
    app_id: int,
    room_ids: Collection[str],
    person_ids: Collection[str],
    staff_userids: Collection[str],
    words: str,
    since: datetime,
    until: datetime,
) -> list[ArchivedMessage]:
    """What was said in [since, until] and not taken back: in these groups by these staff, and by others where the
    text matches `words` (a regular expression); and in private between these people and staff. Two queries at most.
    """
    rows = ArchivedMessage.objects.filter(
        tenant_id=tenant_id,
        app_id=app_id,
        action="send",
        recalled_at=None,
        sent_at__gte=since,
        sent_at__lte=until,
    )
    staff, people = list(staff_userids), list(person_ids)
    found: list[ArchivedMessage] = []
    if room_ids:
        asks = Q(msgtype__in=_TEXTS) & (~Q(msgtype="text") | Q(content__content__regex=words))
        found += rows.filter(Q(sender_id__in=staff) | asks, room_id__in=list(room_ids))
    if people:
        found += rows.filter(
            Q(sender_id__in=people) | Q(sender_id__in=staff, receiver_ids__has_any_keys=people), room_id=""
        )
    return [row for row in found if is_talk(row)]


def messages_by_msgid(*, tenant_id: int, app_id: int, msgids: Collection[str]) -> list[ArchivedMessage]:
    """By WeCom's name. One query, none without names."""
    if not msgids:
        return []
    return list(ArchivedMessage.objects.filter(tenant_id=tenant_id, app_id=app_id, msgid__in=list(msgids)))


def message_ids_after(*, tenant_id: int, app_id: int, after_id: int, limit: int) -> list[int]:
    """Numbers of the next messages on record, in the order they were stored. One query."""
    rows = ArchivedMessage.objects.filter(tenant_id=tenant_id, app_id=app_id, pk__gt=after_id)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def apps_with_messages(*, tenant_id: int) -> list[int]:
    """Apps whose messages are kept. One query."""
    rows = ArchivedMessage.objects.filter(tenant_id=tenant_id).order_by("app_id")
    return list(rows.values_list("app_id", flat=True).distinct())
