"""Reads of archived messages: lists, figures by day, and what is unknown and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject, TruncDate

from tenants import clock
from tenants.counting import RowCount
from wecom.archive import heard
from wecom.archive.adapters import archive_port
from wecom.archive.enums import (
    ArchiveState,
    ConsentState,
    MediaState,
    MessageSource,
    MessageState,
    SealedReason,
)
from wecom.archive.models import (
    ArchiveConsent,
    ArchiveCursor,
    ArchivedMedia,
    ArchivedMessage,
    ArchiveKey,
    ArchiveRoom,
    SealedMessage,
)
from wecom.archive.wire import CONSENTS
from wecom.enums import InboundState, SendState
from wecom.models import App, InboundEvent, OutboundSend, SyncState

READING = (ArchiveState.RUNNING, ArchiveState.STOPPED, ArchiveState.PAUSED)
AD_TYPES = ("link", "weapp", "card", "sphfeed")
WEB_ADDRESS = r"(https?://|www\.)"
# Not talk: answers to the archive's question, recalls, a change of company.
_NO_TALK = (*CONSENTS, "revoke", "")


@dataclass(frozen=True)
class Coverage:
    """Where messages come from and how current they are. `state`: off, running, stopped, paused; `files`: imports.

    `as_of` is the last look into the archive that succeeded.
    """

    state: str
    as_of: datetime | None = None
    has_files: bool = False

    @property
    def sees_messages(self) -> bool:
        return self.state != "off" or self.has_files


def coverage(*, tenant_id: int) -> Coverage:
    """One query; one more a minute where no archive is read."""
    rows = ArchiveCursor.objects.filter(tenant_id=tenant_id, state__in=READING)
    row = rows.order_by("-fetched_at").values_list("state", "fetched_at").first()
    if row is not None:
        return Coverage(str(row[0]), row[1])
    return Coverage("off", None, heard.is_any(tenant_id))


def archive_of(*, tenant_id: int, app_id: int) -> ArchiveCursor | None:
    """The archive of one app, or None."""
    return ArchiveCursor.objects.filter(tenant_id=tenant_id, app_id=app_id).first()


def key_list(*, tenant_id: int, app_id: int) -> list[ArchiveKey]:
    """Keys, newest version first. The private halves are not read."""
    rows = ArchiveKey.objects.filter(tenant_id=tenant_id, app_id=app_id).defer("private_key")
    return list(rows.order_by("-version"))


def key_get(*, tenant_id: int, key_id: int) -> ArchiveKey:
    """Raises ArchiveKey.DoesNotExist, also for another tenant's."""
    return ArchiveKey.objects.defer("private_key").get(tenant_id=tenant_id, pk=key_id)


def sealed_counts(*, tenant_id: int, app_id: int) -> list[dict[str, Any]]:
    """[{"reason", "publickey_version", "n", "first_at"}] of messages that stay closed."""
    rows = SealedMessage.objects.filter(tenant_id=tenant_id, app_id=app_id)
    return list(
        rows.values("reason", "publickey_version")
        .annotate(n=Count("pk"), first_at=Min("received_at"))
        .order_by("reason", "publickey_version")
    )


def unknown_counts(*, tenant_id: int, since: datetime) -> list[tuple[str, int]]:
    """[(msgtype, how many)] of kinds nobody knew, received in the period by sending time, most first."""
    rows = ArchivedMessage.objects.filter(
        tenant_id=tenant_id, state=MessageState.UNKNOWN, sent_at__gte=since
    ).values("msgtype")
    return [(row["msgtype"], row["n"]) for row in rows.annotate(n=Count("pk")).order_by("-n", "msgtype")]


def consent_counts(*, tenant_id: int) -> dict[str, int]:
    """{"agree": people, "disagree": people}."""
    rows = ArchiveConsent.objects.filter(tenant_id=tenant_id).values("state")
    found = {row["state"]: row["n"] for row in rows.annotate(n=Count("person_id", distinct=True))}
    return {one.value: found.get(one.value, 0) for one in ConsentState}


def consent_list(*, tenant_id: int) -> QuerySet[ArchiveConsent]:
    """Every answer on record, youngest first."""
    return ArchiveConsent.objects.filter(tenant_id=tenant_id).order_by("-at", "-pk")


def media_counts(*, tenant_id: int) -> dict[str, int]:
    """{state: files}."""
    rows = ArchivedMedia.objects.filter(tenant_id=tenant_id).values("state").annotate(n=Count("pk"))
    found = {row["state"]: row["n"] for row in rows}
    return {one.value: found.get(one.value, 0) for one in MediaState}


def message_total(*, tenant_id: int, since: datetime, until: datetime | None = None) -> int:
    """How many messages of the period are kept."""
    rows = ArchivedMessage.objects.filter(tenant_id=tenant_id, sent_at__gte=since)
    return (rows.filter(sent_at__lt=until) if until else rows).count()


def messages_by_id(*, tenant_id: int, message_ids: Iterable[int]) -> list[ArchivedMessage]:
    """By number, in sending order."""
    rows = ArchivedMessage.objects.filter(tenant_id=tenant_id, pk__in=list(message_ids))
    return list(rows.order_by("sent_at", "pk"))


def is_talk(row: ArchivedMessage) -> bool:
    """Whether somebody said something: not an answer to the archive's question, a recall or a change of company."""
    return row.action == "send" and row.msgtype not in _NO_TALK


def _talk(tenant_id: int, room_id: str) -> QuerySet[ArchivedMessage]:
    rows = ArchivedMessage.objects.filter(tenant_id=tenant_id, room_id=room_id, action="send")
    return rows.exclude(msgtype__in=_NO_TALK)


def room_messages(*, tenant_id: int, room_id: str, limit: int, before_id: int = 0) -> list[ArchivedMessage]:
    """The latest of a group, newest first; `before_id` goes on from a message."""
    rows = _talk(tenant_id, room_id)
    if before_id:
        at = rows.filter(pk=before_id).values_list("sent_at", flat=True).first()
        if at is not None:
            rows = rows.filter(Q(sent_at__lt=at) | Q(sent_at=at, pk__lt=before_id))
    return list(rows.order_by("-sent_at", "-pk")[:limit])


def room_talk_between(
    *, tenant_id: int, room_id: str, since: datetime, until: datetime
) -> list[ArchivedMessage]:
    """What was said in a group in [since, until], in sending order."""
    rows = _talk(tenant_id, room_id).filter(sent_at__gte=since, sent_at__lte=until)
    return list(rows.order_by("sent_at", "pk"))


def room_days(
    *, tenant_id: int, room_id: str, since: datetime, until: datetime, zone: Any
) -> list[tuple[Any, str, int]]:
    """[(local day, sender, messages)] of a group in [since, until)."""
    rows = (
        _talk(tenant_id, room_id)
        .filter(sent_at__gte=since, sent_at__lt=until)
        .annotate(day=TruncDate("sent_at", tzinfo=zone))
        .values_list("day", "sender_id")
        .annotate(n=Count("pk"))
    )
    return [(day, sender, count) for day, sender, count in rows.order_by("day", "sender_id")]


def rooms_busy(*, tenant_id: int, since: datetime, until: datetime, more_than: int) -> dict[str, int]:
    """{room: messages in [since, until)} of the rooms with more than that many. One query."""
    rows = ArchivedMessage.objects.filter(
        tenant_id=tenant_id, action="send", sent_at__gte=since, sent_at__lt=until
    ).exclude(room_id="")
    counted = rows.exclude(msgtype__in=_NO_TALK).order_by().values("room_id").annotate(n=Count("pk"))
    return dict(counted.filter(n__gt=more_than).values_list("room_id", "n"))


def rooms_heard(*, tenant_id: int, room_ids: Iterable[str]) -> dict[str, datetime]:
    """{room: when anybody was last heard there} of the rooms that ever were. One query on a small table."""
    wanted = [one for one in room_ids if one]
    if not wanted or not heard.is_any(tenant_id):
        return {}
    rows = ArchiveRoom.objects.filter(tenant_id=tenant_id, room_id__in=wanted).values("room_id")
    return {row["room_id"]: row["last"] for row in rows.annotate(last=Max("last_at"))}


def rooms_heard_between(*, tenant_id: int, room_ids: Iterable[str]) -> dict[str, tuple[datetime, datetime]]:
    """{room: when anybody was heard there first and last}; a room never heard is absent. One query."""
    rows = ArchiveRoom.objects.filter(tenant_id=tenant_id, room_id__in=[one for one in room_ids if one])
    found = rows.values("room_id").annotate(first=Min("first_at"), last=Max("last_at"))
    return {row["room_id"]: (row["first"], row["last"]) for row in found}


def ad_posts(*, tenant_id: int, room_ids: Iterable[str], since: datetime) -> dict[tuple[str, str], int]:
    """{(room, sender): links, cards, mini-programs and web addresses sent since}. Staff are among the senders."""
    looks_like_one = Q(msgtype__in=AD_TYPES) | Q(msgtype="text", content__content__iregex=WEB_ADDRESS)
    rows = ArchivedMessage.objects.filter(
        looks_like_one, tenant_id=tenant_id, room_id__in=list(room_ids), sent_at__gt=since, action="send"
    )
    found = rows.order_by().values("room_id", "sender_id").annotate(n=Count("pk"))
    return {(row["room_id"], row["sender_id"]): row["n"] for row in found}


def media_of(*, tenant_id: int, msgids: Iterable[str]) -> dict[str, list[ArchivedMedia]]:
    """{msgid: its files}."""
    rows = ArchivedMedia.objects.filter(tenant_id=tenant_id, msgid__in=list(msgids)).order_by("pk")
    found: dict[str, list[ArchivedMedia]] = {}
    for row in rows:
        found.setdefault(row.msgid, []).append(row)
    return found


def media_get(*, tenant_id: int, media_id: int) -> ArchivedMedia:
    """Raises ArchivedMedia.DoesNotExist, also for one that is not whole."""
    return ArchivedMedia.objects.get(tenant_id=tenant_id, pk=media_id, state=MediaState.DONE)


def is_possible() -> bool:
    """Whether this installation can read archives at all."""
    return archive_port() is not None


def tenants_with_messages() -> list[int]:
    """Tenants that hold messages. Runs across tenants: the caller is a tick."""
    rows = ArchiveCursor.objects.values_list("tenant_id", flat=True).distinct().order_by()
    files = ArchiveRoom.objects.values_list("tenant_id", flat=True).distinct().order_by()
    return sorted({*rows, *files})


def lag_s(row: ArchiveCursor) -> int | None:
    """Seconds since the archive was last looked into; None: never."""
    return None if row.fetched_at is None else max(0, int((clock.now() - row.fetched_at).total_seconds()))


def apps_with_archive(*, tenant_id: int) -> list[App]:
    """The tenant's apps, each with `archive_state`, `archive_gap` (until when) and `archive_closed_at` (the first
    message that waits for a key); None where there is none; and of the tenant `attention`, entries that wait for a
    decision, and `reads`, how far each kind of data was read. One query: it rides along on every page."""
    mine = ArchiveCursor.objects.filter(tenant_id=tenant_id, app_id=OuterRef("pk"), state__in=READING)
    closed = SealedMessage.objects.filter(
        tenant_id=tenant_id, app_id=OuterRef("pk"), reason=SealedReason.NO_KEY
    ).order_by("seq")
    dead = InboundEvent.objects.filter(tenant_id=tenant_id, state=InboundState.DEAD).values("pk")
    parked = OutboundSend.objects.filter(tenant_id=tenant_id, state=SendState.UNKNOWN).values("pk")
    told = ("what", "finished_at", "leased_until", "error", "done", "total", "lost_events")
    reads = SyncState.objects.filter(tenant_id=tenant_id).order_by("pk")
    reads = reads.values(one=JSONObject(**{name: name for name in told}))
    rows = App.objects.filter(tenant_id=tenant_id).annotate(
        archive_state=Subquery(mine.values("state")[:1]),
        archive_gap=Subquery(mine.values("gap_until")[:1]),
        archive_closed_at=Subquery(closed.values("received_at")[:1]),
        attention=RowCount(dead) + RowCount(parked),
        reads=ArraySubquery(reads),
    )
    return list(rows.order_by("pk"))


def texts_heard(
    *, tenant_id: int, room_ids: Iterable[str], since: datetime, until: datetime
) -> set[tuple[str, str, str, str]]:
    """{(room, sender, minute as YYYYMMDDHHMM in UTC, text)} that the archive itself brought in [since, until)."""
    rows = ArchivedMessage.objects.filter(
        tenant_id=tenant_id,
        room_id__in=list(room_ids),
        sent_at__gte=since,
        sent_at__lt=until,
        msgtype="text",
        source=MessageSource.ARCHIVE,
    )
    return {
        (room, sender, f"{at:%Y%m%d%H%M}", str(content.get("content") or ""))
        for room, sender, at, content in rows.values_list("room_id", "sender_id", "sent_at", "content")
    }


def messages_of_person(*, tenant_id: int, external_userid: str) -> QuerySet[ArchivedMessage]:
    """What a person wrote in groups and all that was said with them in private, the oldest first."""
    theirs = Q(sender_id=external_userid) | Q(room_id="", receiver_ids__contains=[external_userid])
    return ArchivedMessage.objects.filter(theirs, tenant_id=tenant_id).order_by("sent_at", "pk")


def told_in_private(
    *, tenant_id: int, sender_ids: Iterable[str], person_ids: Iterable[str], since: datetime
) -> list[datetime]:
    """When these senders wrote to any of these people one to one since then. One query."""
    to_any = Q()
    for one in person_ids:
        to_any |= Q(receiver_ids__contains=[one])
    if not to_any:
        return []
    rows = _talk(tenant_id, "").filter(to_any, sender_id__in=list(sender_ids), sent_at__gte=since)
    return list(rows.order_by("sent_at").values_list("sent_at", flat=True))


def told_by_name(
    *,
    tenant_id: int,
    sender_ids: Iterable[str],
    room_ids: Iterable[str],
    names: Iterable[str],
    since: datetime,
) -> int:
    """How many messages of these senders in these groups call one of the names with an @ since then. One query."""
    calls = Q()
    for one in names:
        calls |= Q(content__content__icontains=f"@{one}")
    rooms = list(room_ids)
    if not calls or not rooms:
        return 0
    rows = ArchivedMessage.objects.filter(tenant_id=tenant_id, room_id__in=rooms, sent_at__gte=since)
    return rows.filter(calls, sender_id__in=list(sender_ids), recalled_at=None).count()
