"""Messages into rows: once each, with what they carry (consents, recalls, files), and told to the product.

Runs in the caller's transaction, so that the cursor moves exactly with the rows.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from outbox.services import publish
from tenants import clock, preferences
from wecom.archive import heard
from wecom.archive.consent import Answer, consent_set_many, refused_since
from wecom.archive.enums import MEDIA_MB, ConsentSource, MediaState, MessageSource, MessageState
from wecom.archive.models import ArchiveCursor, ArchivedMedia, ArchiveKey
from wecom.archive.wire import CONSENTS, Message
from wecom.events import MessagesArchived

EVENT_ROWS = 500
MB = 1024 * 1024

_INSERT = """
insert into wecom_archivedmessage
  (tenant_id, app_id, source, received_at, seq, msgid, publickey_version, action, sender_id, room_id, receiver_ids,
   msgtype, sent_at, content, raw, state, recalls)
select %s, %s, %s, %s, * from unnest(%s::bigint[], %s::text[], %s::int[], %s::text[], %s::text[], %s::text[],
  %s::jsonb[], %s::text[], %s::timestamptz[], %s::jsonb[], %s::text[], %s::text[], %s::text[])
on conflict (tenant_id, app_id, msgid, sent_at) do nothing
returning id, msgid
"""
_ROOMS = """
insert into wecom_archiveroom (tenant_id, app_id, room_id, messages, first_at, last_at)
select %s, %s, * from unnest(%s::text[], %s::int[], %s::timestamptz[], %s::timestamptz[])
on conflict (tenant_id, app_id, room_id) do update
  set messages = wecom_archiveroom.messages + excluded.messages,
      first_at = least(wecom_archiveroom.first_at, excluded.first_at),
      last_at = greatest(wecom_archiveroom.last_at, excluded.last_at)
"""
# A recall and its message may come in either order, or one of them later, out of the sealed ones.
_RECALL = """
update wecom_archivedmessage said set recalled_at = back.sent_at
from wecom_archivedmessage back
where back.tenant_id = %s and back.app_id = %s and back.recalls <> '' and {which} = any(%s)
  and said.tenant_id = back.tenant_id and said.app_id = back.app_id and said.msgid = back.recalls
  and said.recalled_at is null
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """One message with its place in the archive. From a file both numbers are 0."""

    message: Message
    seq: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """`ids` are the new rows; `withheld` counts messages not kept because their writer had refused."""

    ids: list[int]
    withheld: int
    last_sent_at: datetime | None


def messages_store(
    *, tenant_id: int, app_id: int, opened: Sequence[Opened], source: str = MessageSource.ARCHIVE
) -> Stored:
    """Keep messages, each msgid once. In the caller's transaction, after `months.ensure`. Safe to repeat.

    Publishes MessagesArchived for what is new and ArchiveConsentChanged for new answers.
    """
    consent_set_many(tenant_id=tenant_id, app_id=app_id, answers=_answers(opened))
    kept, withheld = _allowed(tenant_id, app_id, opened)
    fresh = _insert(tenant_id, app_id, kept, source)
    new = [one for one in kept if one.message.msgid in fresh]
    _count_rooms(tenant_id, app_id, [one.message for one in new])
    _mark_recalls(tenant_id, app_id, [one.message.msgid for one in new])
    _note_files(tenant_id, app_id, [one.message for one in new])
    ids = sorted(fresh.values())
    _tell(tenant_id, app_id, ids)
    return Stored(ids, withheld, max((one.message.sent_at for one in kept), default=None))


def note_stored(cursor: ArchiveCursor, stored: Stored, *, versions: Collection[int]) -> None:
    """What a batch changes in the books of its archive. `cursor` is locked and saved by the caller.

    A key that has opened something may not be given another version any more.
    """
    cursor.withheld += stored.withheld
    known = [one for one in (cursor.message_at, stored.last_sent_at) if one]
    cursor.message_at = max(known, default=None)
    unused = ArchiveKey.objects.filter(tenant_id=cursor.tenant_id, app_id=cursor.app_id, used_at=None)
    unused.filter(version__in=versions).update(used_at=clock.now())


def _answers(opened: Sequence[Opened]) -> list[Answer]:
    said = [one.message.consent for one in opened if one.message.consent]
    return [Answer(one.person_id, one.agreed, one.at, ConsentSource.ARCHIVE.value) for one in said]


def _allowed(tenant_id: int, app_id: int, opened: Sequence[Opened]) -> tuple[list[Opened], int]:
    """What may be kept: nothing a person sent after refusing. The answers and recalls themselves stay."""
    senders = {one.message.sender_id for one in opened if one.message.sender_id}
    refused = refused_since(tenant_id=tenant_id, app_id=app_id, person_ids=senders)
    kept: dict[str, Opened] = {}
    withheld = 0
    for one in opened:
        since = refused.get(one.message.sender_id)
        is_act = one.message.msgtype in CONSENTS or one.message.recalls
        if since is not None and one.message.sent_at >= since and not is_act:
            withheld += 1
        else:
            kept.setdefault(one.message.msgid, one)
    return list(kept.values()), withheld


def _insert(tenant_id: int, app_id: int, opened: Sequence[Opened], source: str) -> dict[str, int]:
    """{msgid: id} of what was not there."""
    if not opened:
        return {}
    rows = [_row(one) for one in sorted(opened, key=lambda one: one.message.msgid)]
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [tenant_id, app_id, str(source), clock.now(), *columns])
        return {msgid: pk for pk, msgid in cursor.fetchall()}


def _row(one: Opened) -> tuple[Any, ...]:
    said = one.message
    return (
        one.seq,
        said.msgid,
        one.version,
        said.action,
        said.sender_id,
        said.room_id,
        json.dumps(said.receiver_ids, ensure_ascii=False),
        said.msgtype,
        said.sent_at,
        json.dumps(said.content, ensure_ascii=False),
        said.raw,
        (MessageState.KEPT if said.is_known else MessageState.UNKNOWN).value,
        said.recalls,
    )


def _count_rooms(tenant_id: int, app_id: int, messages: list[Message]) -> None:
    times: dict[str, list[datetime]] = {}
    for one in messages:
        if one.room_id:
            times.setdefault(one.room_id, []).append(one.sent_at)
    if not times:
        return
    heard.mark(tenant_id)
    rooms = sorted(times)
    with connection.cursor() as cursor:
        cursor.execute(
            _ROOMS,
            [
                tenant_id,
                app_id,
                rooms,
                [len(times[one]) for one in rooms],
                [min(times[one]) for one in rooms],
                [max(times[one]) for one in rooms],
            ],
        )


def _mark_recalls(tenant_id: int, app_id: int, msgids: list[str]) -> None:
    if not msgids:
        return
    with connection.cursor() as cursor:
        for which in ("back.msgid", "back.recalls"):
            cursor.execute(_RECALL.format(which=which), [tenant_id, app_id, msgids])


def _note_files(tenant_id: int, app_id: int, messages: list[Message]) -> None:
    """A row for each file to fetch; those larger than the tenant keeps are noted as such."""
    rows = []
    most = preferences.value(tenant_id, MEDIA_MB) * MB if any(one.files for one in messages) else 0
    for one in messages:
        for seen in one.files:
            is_wanted = most > 0 and seen.size <= most
            rows.append(
                ArchivedMedia(
                    tenant_id=tenant_id,
                    app_id=app_id,
                    msgid=one.msgid,
                    sent_at=one.sent_at,
                    msgtype=seen.msgtype,
                    file_id=seen.file_id,
                    file_digest=seen.digest,
                    md5=seen.md5,
                    size=seen.size,
                    name=seen.name,
                    state=MediaState.WAITING if is_wanted else MediaState.TOO_BIG,
                )
            )
    ArchivedMedia.objects.bulk_create(rows, ignore_conflicts=True)


def _tell(tenant_id: int, app_id: int, ids: list[int]) -> None:
    for start in range(0, len(ids), EVENT_ROWS):
        publish(
            MessagesArchived(
                tenant_id=tenant_id,
                occurred_at=clock.now(),
                app_id=app_id,
                message_ids=ids[start : start + EVENT_ROWS],
            )
        )
