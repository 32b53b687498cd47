"""Chat logs from a file: checked whole first, written when a person says so, only for people who agreed (R39)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction

from contacts.enums import IMPORT_ROWS, ImportKind
from contacts.errors import ImportRefused
from contacts.models import Customer, ImportBatch
from contacts.policies.chatlogs import Book, Said, people_of, placed, read_lines
from contacts.policies.files import Fault, Unreadable
from contacts.policies.spreadsheets import text_of
from contacts.selectors import groups_open, members_of_groups
from team.selectors import staff_list
from tenants import clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from wecom.archive.consent import Answer, agreed_in, consent_set_many, refused_in
from wecom.archive.enums import ConsentSource
from wecom.archive.selectors import texts_heard
from wecom.archive.services import messages_import, months_ensure
from wecom.archive.wire import Message
from wecom.selectors import app_needed

SHOWN_FAULTS = 200
CHUNK = 500
SOURCE = "file"


def chat_import_check(*, tenant: Tenant, name: str, raw: bytes, ground: str, actor: Actor) -> ImportBatch:
    """Read a whole chat log and keep what was found; no message is written.

    `ground`: how the people in it agreed, as the uploader declares; "" when only recorded consents count.
    Raises ImportRefused, NotConnected, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    app_needed(tenant_id=tenant.pk)
    try:
        body = text_of(raw)
        found = _read(tenant, body, clock.now(), preferences.value(tenant.pk, IMPORT_ROWS))
    except Unreadable as error:
        raise ImportRefused(str(error)) from error
    if not found:
        raise ImportRefused
    faults = [one for one in found if isinstance(one, Fault)]
    said = [one for one in found if isinstance(one, Said)]
    allowed = _allowed(tenant.pk, said, has_ground=bool(ground.strip()))
    return ImportBatch.objects.create(
        tenant=tenant,
        kind=ImportKind.MESSAGES,
        name=name[:200],
        source=SOURCE,
        ground=ground.strip()[:200],
        uploaded_by=actor.name[:128],
        body=body,
        total=len(found),
        errors=[
            {"line": one.line, "column": one.column, "message": one.message} for one in faults[:SHOWN_FAULTS]
        ],
        error_count=len(faults),
        withheld_count=sum(not _is_allowed(one, allowed) for one in said),
    )


def _read(tenant: Tenant, body: str, now: datetime, most: int) -> list[Said | Fault]:
    lines = list(read_lines(body, zone=tenant.timezone, now=now, most=most))
    book = _book(tenant.pk)
    return [one if isinstance(one, Fault) else placed(one, book) for one in lines]


def _book(tenant_id: int) -> Book:
    """Groups, staff and members by every name a file may use."""
    rooms: dict[str, str] = {}
    doubled: set[str] = set()
    by_group: dict[int, str] = {}
    for group in groups_open(tenant_id=tenant_id):
        if not group.chat_id:
            continue
        by_group[group.pk] = group.chat_id
        for name in {group.name, group.chat_id} - {""}:
            if rooms.setdefault(name, group.chat_id) != group.chat_id:
                doubled.add(name)
    members = members_of_groups(tenant_id=tenant_id, group_ids=list(by_group))
    people = {
        row.pk: row for row in Customer.objects.filter(tenant_id=tenant_id).only("name", "external_userid")
    }
    names: dict[tuple[str, str], str] = {}
    shared: set[tuple[str, str]] = set()
    for group_id, ids in members.items():
        for row in (people[one] for one in ids if one in people and people[one].name):
            key = (by_group[group_id], row.name)
            if names.setdefault(key, row.external_userid) != row.external_userid:
                shared.add(key)
    staff: dict[str, str] = {}
    for member in staff_list(tenant_id=tenant_id):
        staff[member.userid] = member.userid
        if member.name:
            staff.setdefault(member.name, member.userid)
    return Book(
        rooms=rooms,
        shared_rooms=frozenset(doubled),
        staff=staff,
        by_id=frozenset(row.external_userid for row in people.values()),
        by_name=names,
        shared=frozenset(shared),
    )


def _allowed(tenant_id: int, said: Iterable[Said], *, has_ground: bool) -> set[str]:
    """Customers whose lines may be kept: those who agreed; with a declared ground also those who never refused."""
    people = people_of(said)
    if not has_ground:
        return agreed_in(tenant_id=tenant_id, person_ids=people)
    return people - refused_in(tenant_id=tenant_id, person_ids=people)


def _is_allowed(one: Said, allowed: set[str]) -> bool:
    return one.speaker.is_staff or one.speaker.person_id in allowed


def chat_import_write(*, tenant: Tenant, batch_id: int) -> None:
    """Write a started log to its end. Each chunk is one transaction with its count: a kill loses and doubles
    nothing. Who may be kept is asked again at each chunk, so that a refusal meanwhile counts."""
    batch = ImportBatch.objects.get(tenant=tenant, pk=batch_id)
    if batch.started_at is None or batch.written_at is not None:
        return
    most = max(preferences.value(tenant.pk, IMPORT_ROWS), batch.total)
    rows = islice(iter(_read(tenant, batch.body, batch.created_at, most)), batch.done, None)
    while chunk := list(islice(rows, CHUNK)):
        if not _write_chunk(
            tenant, batch_id, batch.done, [one for one in chunk if isinstance(one, Said)], len(chunk)
        ):
            return  # another worker is at it
        batch.done += len(chunk)
    ImportBatch.objects.filter(tenant=tenant, pk=batch_id, written_at=None).update(
        written_at=clock.now(), body=""
    )


def _write_chunk(tenant: Tenant, batch_id: int, done: int, said: list[Said], lines: int) -> bool:
    app_id = app_needed(tenant_id=tenant.pk).pk
    messages = [_message(one) for one in said]
    months_ensure(messages)
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update(no_key=True).get(tenant=tenant, pk=batch_id)
        if batch.done != done:
            return False
        allowed = _allowed(tenant.pk, said, has_ground=bool(batch.ground))
        _declare(tenant.pk, app_id, batch, allowed)
        kept = [one for one in said if _is_allowed(one, allowed)]
        fresh = _not_heard(tenant.pk, kept)
        stored = messages_import(
            tenant_id=tenant.pk, app_id=app_id, messages=[_message(one) for one in fresh]
        )
        counts = dict(batch.outcome)
        for key, number in (
            ("accepted", len(stored.ids)),
            ("duplicate", len(kept) - len(stored.ids)),
            ("withheld", len(said) - len(kept)),
        ):
            counts[key] = counts.get(key, 0) + number
        batch.outcome, batch.done = counts, done + lines
        batch.save(update_fields=["outcome", "done"])
    return True


def _declare(tenant_id: int, app_id: int, batch: ImportBatch, people: set[str]) -> None:
    """The uploader's declaration is kept with each person who had given no answer."""
    silent = people - agreed_in(tenant_id=tenant_id, person_ids=people)
    note = f"{batch.uploaded_by}: {batch.ground}"
    consent_set_many(
        tenant_id=tenant_id,
        app_id=app_id,
        answers=[Answer(one, True, batch.created_at, ConsentSource.FILE.value, note) for one in silent],
    )


def _not_heard(tenant_id: int, said: list[Said]) -> list[Said]:
    """Without the lines that the archive brought already: same writer, same minute, same words."""
    if not said:
        return []
    heard = texts_heard(
        tenant_id=tenant_id,
        room_ids={one.chat_id for one in said},
        since=min(one.line.sent_at for one in said) - timedelta(minutes=1),
        until=max(one.line.sent_at for one in said) + timedelta(minutes=1),
    )
    return [one for one in said if _heard_key(one) not in heard]


def _heard_key(one: Said) -> tuple[str, str, str, str]:
    return (one.chat_id, one.speaker.person_id, f"{one.line.sent_at:%Y%m%d%H%M}", one.line.text)


def _message(one: Said) -> Message:
    return Message(
        msgid=one.msgid,
        action="send",
        sender_id=one.speaker.person_id,
        room_id=one.chat_id,
        receiver_ids=[],
        msgtype="text",
        sent_at=one.line.sent_at,
        content={"content": one.line.text},
    )
