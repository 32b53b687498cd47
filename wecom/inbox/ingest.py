"""The river in, after `shelf` and `filing`: process what is stored, in order, at least once.

A mailbox is what must stay in order: one group, one customer. Its oldest open row is claimed, processed and
closed before the next one is looked at; rows of other mailboxes run beside it. A claim is a lease on the
database's own time, so a killed worker's row is free again after `LEASE_S` whatever the product's clock says.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import F

from tenants import clock
from wecom.enums import INBOUND_OPEN, InboundSource, InboundState
from wecom.errors import Permanent, Retryable, Stopped
from wecom.inbox import envelope, items
from wecom.inbox.filing import API_EVENT, file_landed
from wecom.models import ApiEvent, InboundEvent, Landed
from wecom.operations.tally import tally

log = structlog.get_logger(__name__)

LEASE_S = 120
MAX_ATTEMPTS = 6  # of a handler that fails by itself
MAX_WAITS = 100  # of a vendor that does not answer
STOPPED_PAUSE_S = 60
FIRST_PAUSE_S = 2
LONGEST_PAUSE_S = 300
BATCH = 200
ERROR_CHARS = 4000


@dataclass(frozen=True)
class Inbound:
    """One normalised event, both envelopes alike.

    `event` and `change_type` are WeCom's names ("change_external_chat", "update"); `fields` holds the rest by
    WeCom's names, `MemChangeList` always a list. For "api.behaviours" `fields` is {"items": [...]}.
    `occurred_at` is aware, UTC; `received_at` too, when it reached us. `inbound_id` is the stored row.
    """

    tenant_id: int
    app_id: int | None
    event: str
    change_type: str
    occurred_at: datetime
    corp_id: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    inbound_id: int = 0
    received_at: datetime | None = None


Handler = Callable[[Inbound], None]
_handlers: dict[str, list[Handler]] = {}


def register_inbound(event: str, handler: Handler) -> None:
    """Call `handler` for every event of this name. It may be called again with one it has seen, may fetch over
    the network first, and writes in its own transaction. The same handler twice counts once."""
    known = _handlers.setdefault(event, [])
    if handler not in known:
        known.append(handler)


def handlers_of(event: str) -> list[Handler]:
    return list(_handlers.get(event, []))


def claim_ids(*, tenant_id: int, inbound_id: int, source: str, event_ids: list[str]) -> set[str]:
    """Remember event ids for one stored batch; returns those nobody had before. `event_ids` come sorted, so
    that two batches with common ids wait for each other instead of locking each other out."""
    with connection.cursor() as cursor:
        cursor.execute(
            """insert into wecom_apievent (tenant_id, source, event_id, inbound_id)
               select %s, %s, unnest(%s::text[]), %s
               on conflict (tenant_id, source, event_id) do nothing returning event_id""",
            [tenant_id, source, event_ids, inbound_id],
        )
        return {row[0] for row in cursor.fetchall()}


# Claiming and closing need not reach the disk before they count: what an ending database forgets of them is an event
# processed once more, which every handler bears.
_FORGETFUL = "set local synchronous_commit to off"

# Heads of mailboxes that are due and not leased. The second condition keeps the order: no older open row.
# The choice is materialised: as a plain subquery the planner may run it again for every row it looks at.
_CLAIM = f"""{_FORGETFUL};
with chosen as materialized (
  select e.id from wecom_inboundevent e
  where e.tenant_id = %s and e.state in ('pending', 'failed') and e.next_at <= %s
    and (e.leased_until is null or e.leased_until < clock_timestamp())
    and not exists (
      select 1 from wecom_inboundevent o
      where o.tenant_id = e.tenant_id and o.mailbox = e.mailbox and o.id < e.id
        and o.state in ('pending', 'failed'))
  order by e.id limit 1
  for update of e skip locked)
update wecom_inboundevent row set leased_until = clock_timestamp() + make_interval(secs => %s)
from chosen where row.id = chosen.id
returning row.*
"""


def claim_next(*, tenant_id: int) -> InboundEvent | None:
    """Lease the oldest due row that nothing older of its mailbox stands before. Safe to run in parallel."""
    with transaction.atomic():
        found = list(InboundEvent.objects.raw(_CLAIM, [tenant_id, clock.now(), LEASE_S]))
    return found[0] if found else None


def drain(*, tenant_id: int, limit: int = BATCH) -> int:
    """Process what is due, oldest first. Returns how many rows were closed or put off."""
    done = 0
    while done < limit and (row := _next(tenant_id)):
        process(row)
        done += 1
    return done


def _next(tenant_id: int) -> InboundEvent | None:
    """The next row to process; only when there is none is filed what landed meanwhile: it is all younger."""
    row = claim_next(tenant_id=tenant_id)
    while row is None and file_landed(tenant_id=tenant_id).taken:
        row = claim_next(tenant_id=tenant_id)
    return row


def process(row: InboundEvent) -> None:
    """Run every handler of one leased row and record how it went. Never raises for a handler's failure."""
    try:
        inbound = normalise(row)
        for handler in handlers_of(inbound.event):
            if inbound.fields.get("items") != []:
                handler(inbound)
    except Retryable as error:
        _put_off(
            row, error, retry_at=max(error.retry_at, _backoff(row)), limit=MAX_WAITS, counts=error.counts
        )
    except Stopped as error:  # waits until a person repairs the app
        _put_off(row, error, retry_at=clock.now() + timedelta(seconds=STOPPED_PAUSE_S), counts=False)
    except (Permanent, envelope.Unreadable) as error:
        _close(row, InboundState.DEAD, error=str(error))
    except Exception as error:
        log.error("inbound_failed", inbound=row.pk, change=row.event, exc_info=error)
        _put_off(row, error, retry_at=_backoff(row))
    else:
        _close(row, InboundState.DONE)


def normalise(row: InboundEvent) -> Inbound:
    """The event a stored row holds. Raises Unreadable."""
    common: dict[str, Any] = {
        "tenant_id": row.tenant_id,
        "app_id": row.app_id,
        "inbound_id": row.pk,
        "received_at": row.received_at,
    }
    if row.source == InboundSource.API:
        return Inbound(
            event=API_EVENT,
            change_type="",
            occurred_at=row.received_at,
            fields={"items": api_items(row)},
            **common,
        )
    inner = envelope.parse_inner(row.body)
    return Inbound(
        event=inner.event,
        change_type=inner.change_type,
        occurred_at=inner.occurred_at or row.received_at,
        corp_id=inner.corp_id,
        fields=inner.fields,
        **common,
    )


def describe(row: InboundEvent) -> None:
    """Fill in what a row is about, for one that could not be read when it came. Does not save."""
    if row.source == InboundSource.API or row.event:
        return
    try:
        inner = envelope.parse_inner(row.body)
    except envelope.Unreadable:
        row.mailbox = f"unread:{row.pk}"  # alone in its mailbox: it stands before nobody
    else:
        row.event, row.change_type, row.mailbox = inner.event, inner.change_type, inner.mailbox
        row.occurred_at = inner.occurred_at


def api_items(row: InboundEvent) -> list[dict[str, Any]]:
    """The items of a stored batch that were accepted with it, as they were stored."""
    accepted = set(
        ApiEvent.objects.filter(tenant_id=row.tenant_id, inbound=row).values_list("event_id", flat=True)
    )
    batch = items.read_batch(row.body.encode(), now=row.received_at)
    found: dict[str, dict[str, Any]] = {}
    for read in batch.reads:
        if read.item and read.item["id"] in accepted:
            found.setdefault(read.item["id"], {**read.item, "source": batch.source})
    return list(found.values())


def _backoff(row: InboundEvent) -> datetime:
    return clock.now() + timedelta(seconds=min(FIRST_PAUSE_S * 2 ** min(row.attempts, 10), LONGEST_PAUSE_S))


def _put_off(
    row: InboundEvent, error: Exception, *, retry_at: datetime, limit: int = MAX_ATTEMPTS, counts: bool = True
) -> None:
    attempts = row.attempts + (1 if counts else 0)
    if attempts >= limit:
        _close(row, InboundState.DEAD, error=_trace(error), attempts=attempts)
        return
    _record(row, state=InboundState.FAILED, attempts=attempts, next_at=retry_at, error=_trace(error))


def _close(row: InboundEvent, state: InboundState, *, error: str = "", attempts: int | None = None) -> None:
    _record(
        row,
        state=state,
        attempts=F("attempts") + 1 if attempts is None else attempts,
        done_at=clock.now() if state == InboundState.DONE else None,
        error=error[:ERROR_CHARS],
    )
    if state == InboundState.DONE and row.source == InboundSource.CALLBACK:
        tally.took("effect", (clock.now() - row.received_at).total_seconds())


def _record(row: InboundEvent, **values: Any) -> None:
    """How a leased row went on, unless a person decided meanwhile. The lease ends."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_FORGETFUL)
        InboundEvent.objects.filter(tenant_id=row.tenant_id, pk=row.pk, state__in=INBOUND_OPEN).update(
            leased_until=None, **values
        )


def _trace(error: Exception) -> str:
    if isinstance(error, Retryable | Permanent):
        return str(error)[:ERROR_CHARS]
    return "".join(traceback.format_exception(error))[-ERROR_CHARS:]


def tenants_with_due() -> list[int]:
    """Tenants that have something to process. Runs across tenants: the caller is a tick."""
    due = InboundEvent.objects.filter(state__in=INBOUND_OPEN, next_at__lte=clock.now())
    return list(
        due.values_list("tenant_id", flat=True).union(Landed.objects.values_list("tenant_id", flat=True))
    )
