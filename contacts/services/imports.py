"""Files of behaviours: checked whole first, written when a person says so, in chunks that survive a kill."""

from itertools import islice

from django.db import transaction

from contacts.enums import IMPORT_ROWS, ImportKind
from contacts.errors import ImportDone, ImportRefused
from contacts.models import ImportBatch
from contacts.policies.files import Fault, Row, Unreadable, read_rows
from contacts.policies.spreadsheets import text_of
from contacts.selectors import customer_ids_by_external
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from outbox.dispatch import enqueue
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

SHOWN_FAULTS = 200
CHUNK = 1000


def import_check(*, tenant: Tenant, name: str, raw: bytes, source: str, actor: Actor) -> ImportBatch:
    """Read a whole file and keep what was found; no behaviour is written. Raises ImportRefused, NotPermitted."""
    require(actor, Permission.OPERATE)
    faults: list[Fault] = []
    people: set[str] = set()
    rows_of: dict[str, int] = {}
    total = 0
    try:
        body = text_of(raw)
        for one in _read(tenant, body):
            total += 1
            if isinstance(one, Fault):
                faults.append(one)
            else:
                people.add(one.external_userid)
                rows_of[one.external_userid] = rows_of.get(one.external_userid, 0) + 1
    except Unreadable as error:
        raise ImportRefused(str(error)) from error
    if not total:
        raise ImportRefused
    known = customer_ids_by_external(tenant_id=tenant.pk, external_userids=people)
    return ImportBatch.objects.create(
        tenant=tenant,
        name=name[:200],
        source=source,
        uploaded_by=actor.name[:128],
        body=body,
        total=total,
        errors=[
            {"line": one.line, "column": one.column, "message": one.message} for one in faults[:SHOWN_FAULTS]
        ],
        error_count=len(faults),
        unknown_count=sum(count for person, count in rows_of.items() if person not in known),
    )


def _read(tenant: Tenant, body: str) -> "list[Row | Fault]":
    most = preferences.value(tenant.pk, IMPORT_ROWS)
    return list(read_rows(body, zone=tenant.timezone, now=clock.now(), most=most))


def import_start(*, tenant: Tenant, batch_id: int, actor: Actor) -> ImportBatch:
    """A person says: write the good rows. The work is handed on; rows with a fault stay out.

    Raises ImportDone, ImportBatch.DoesNotExist, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update(no_key=True).get(tenant=tenant, pk=batch_id)
        if batch.started_at is not None:
            raise ImportDone
        batch.started_at = clock.now()
        batch.save(update_fields=["started_at"])
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="contacts.import.started",
            target=batch,
            changes={"rows": [0, batch.total - batch.error_count - batch.withheld_count]},
            reason=batch.ground,
        )
        if batch.kind == ImportKind.MESSAGES:
            enqueue("contacts.write_chat_import", tenant_id=tenant.pk, batch_id=batch.pk)
        else:
            enqueue("contacts.write_import", tenant_id=tenant.pk, batch_id=batch.pk)
    return batch


def import_write(*, tenant: Tenant, batch_id: int) -> None:
    """Write a started batch to its end. Each chunk is one transaction with its count, so that a kill and a repeat
    lose and double nothing."""
    batch = ImportBatch.objects.get(tenant=tenant, pk=batch_id)
    if batch.started_at is None or batch.written_at is not None:
        return
    # Faults were judged when the file was checked: the same moment is used again.
    most = preferences.value(tenant.pk, IMPORT_ROWS)
    found = read_rows(batch.body, zone=tenant.timezone, now=batch.created_at, most=max(most, batch.total))
    rows = islice((one for one in found if isinstance(one, Row)), batch.done, None)
    while chunk := list(islice(rows, CHUNK)):
        if not _write_chunk(tenant, batch_id, batch.done, chunk):
            return  # another worker is at it
        batch.done += len(chunk)
    ImportBatch.objects.filter(tenant=tenant, pk=batch_id, written_at=None).update(
        written_at=clock.now(), body=""
    )


def _write_chunk(tenant: Tenant, batch_id: int, done: int, chunk: list[Row]) -> bool:
    with transaction.atomic():
        batch = ImportBatch.objects.select_for_update(no_key=True).get(tenant=tenant, pk=batch_id)
        if batch.done != done:
            return False
        outcomes = behaviour_record_many(
            tenant_id=tenant.pk, source=batch.source, items=[_item(one) for one in chunk]
        )
        counts = dict(batch.outcome)
        for one in outcomes:
            counts[one.state] = counts.get(one.state, 0) + 1
        batch.outcome, batch.done = counts, done + len(chunk)
        batch.save(update_fields=["outcome", "done"])
    return True


def _item(row: Row) -> BehaviourItem:
    return BehaviourItem(
        event_id=row.event_id,
        kind=row.kind,
        occurred_at=row.occurred_at,
        external_userid=row.external_userid,
        chat_id=row.chat_id,
        object_id=row.object_id,
        object_title=row.object_title,
        amount_fen=row.amount_fen,
        text=row.text,
    )
