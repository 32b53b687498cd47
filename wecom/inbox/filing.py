"""From where callbacks land to the inbox: each payload once, under (tenant, app, sha256 of the plaintext).

A callback is filed by the worker that is about to process its tenant's inbox; a batch of the event API is stored
in the inbox directly.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from wecom.enums import InboundSource, InboundState
from wecom.inbox import envelope
from wecom.models import InboundEvent, Landed
from wecom.operations.tally import DUPLICATE, STORED, tally

API_EVENT = "api.behaviours"
MOST_AT_ONCE = 500

# One worker files for a tenant at a time, so that an older event is never behind a younger one of its mailbox. What
# an ending database forgets of this still lies where it landed: both halves are one transaction.
_ALONE = """
set local synchronous_commit to off;
select pg_advisory_xact_lock(hashtext('wecom_landed'), %s::int);
"""
_TAKE = """
delete from wecom_landed where tenant_id = %s and id in (
  select id from wecom_landed where tenant_id = %s order by id limit %s)
returning *
"""


@dataclass(frozen=True)
class Filed:
    """How many payloads were taken, and how many of them were new."""

    taken: int
    new: int


def file_landed(*, tenant_id: int) -> Filed:
    """File what landed for a tenant, oldest first, at most `MOST_AT_ONCE`. Needs its scope; safe to repeat.

    An unreadable payload becomes a dead row that a person can read, replay or discard; one that is known already is
    dropped.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_ALONE, [tenant_id])
        landed = sorted(
            Landed.objects.raw(_TAKE, [tenant_id, tenant_id, MOST_AT_ONCE]), key=lambda one: one.pk
        )
        if not landed:
            return Filed(0, 0)
        InboundEvent.objects.bulk_create([_filed(one) for one in landed], ignore_conflicts=True)
        new = InboundEvent.objects.filter(tenant_id=tenant_id, pk__in=[one.pk for one in landed]).count()
    tally.count(STORED, tenant_id=tenant_id, n=new)
    tally.count(DUPLICATE, tenant_id=tenant_id, n=len(landed) - new)
    return Filed(len(landed), new)


def _filed(landed: Landed) -> InboundEvent:
    row = InboundEvent(
        pk=landed.pk,
        tenant_id=landed.tenant_id,
        app_id=landed.app_id,
        source=InboundSource.CALLBACK,
        dedupe_key=landed.dedupe_key,
        body=landed.body,
        received_at=landed.received_at,
        next_at=landed.received_at,
    )
    try:
        inner = envelope.parse_inner(landed.body)
    except envelope.Unreadable as error:
        row.state, row.error = InboundState.DEAD, str(error)
    else:
        row.event, row.change_type, row.mailbox = inner.event, inner.change_type, inner.mailbox
        row.occurred_at = inner.occurred_at
    return row


def store_batch(
    *, tenant_id: int, source: str, dedupe_key: str, body: str, received_at: datetime
) -> int | None:
    """Store a batch of the event API as it came; durable with the caller's transaction. Returns the row's id, or
    None: these very bytes are stored already."""
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into wecom_inboundevent
                 (tenant_id, source, dedupe_key, body, event, change_type, mailbox, occurred_at, received_at, next_at,
                  state, error, attempts)
               values (%s, %s, %s, %s, %s, '', %s, %s, %s, %s, %s, '', 0)
               on conflict (tenant_id, app_id, dedupe_key) do nothing returning id""",
            [
                tenant_id, source, dedupe_key, body, API_EVENT,
                f"{source}:{dedupe_key}",  # batches need no order among each other
                received_at, received_at, received_at, InboundState.PENDING.value,
            ],
        )  # fmt: skip
        found = cursor.fetchone()
    return found[0] if found else None
