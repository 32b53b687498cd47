"""The river in, after `shelf` and `filing`: process what is stored, in order, at least once.

A mailbox is what must stay in order: one group, one customer. Its oldest open rows are leased, processed and closed
before the next ones are looked at (`leases`); rows of other mailboxes run beside it. A burst about one group is
applied in one go.
"""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection
from django.db.models import F

from tenants import clock
from wecom.enums import INBOUND_OPEN, InboundSource, InboundState
from wecom.errors import Permanent, Retryable, Stopped
from wecom.inbox import envelope, items, leases
from wecom.inbox.filing import API_EVENT, file_landed
from wecom.models import ApiEvent, InboundEvent, Landed
from wecom.operations.tally import tally

log = structlog.get_logger(__name__)

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


Handler = Callable[..., None]  # of one Inbound; of several in their order where it takes a run


@dataclass(frozen=True)
class Known:
    """A handler, and whether it takes what waits of one mailbox in one go."""

    handler: Handler
    takes_run: bool


_handlers: dict[str, list[Known]] = {}


def register_inbound(event: str, handler: Handler, *, takes_run: bool = False) -> None:
    """Call `handler` for every event of this name. It may be called again with one it has seen, may fetch over
    the network first, and writes in its own transaction. The same handler twice counts once.

    `takes_run`: it is called with several events of one mailbox where they wait, oldest first. When it fails they come
    again one by one.
    """
    known = _handlers.setdefault(event, [])
    if handler not in [one.handler for one in known]:
        known.append(Known(handler, takes_run))


def handlers_of(event: str) -> list[Handler]:
    return [one.handler for one in _handlers.get(event, [])]


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


def drain(*, tenant_id: int, limit: int = BATCH) -> int:
    """Process what is due, oldest first, until `limit` rows were closed or put off. Returns how many were."""
    done = 0
    while done < limit and (rows := _next(tenant_id)):
        done += process(rows)
    return done


def _next(tenant_id: int) -> list[InboundEvent]:
    """What to process next; only when there is nothing is filed what landed meanwhile: it is all younger."""
    together = [event for event, known in _handlers.items() if any(one.takes_run for one in known)]
    rows = leases.claim_run(tenant_id=tenant_id, together=together)
    while not rows and file_landed(tenant_id=tenant_id).taken:
        rows = leases.claim_run(tenant_id=tenant_id, together=together)
    return rows


def process(rows: list[InboundEvent]) -> int:
    """Run the handlers of leased rows of one mailbox, oldest first, and record how it went. Returns how many rows were
    closed or put off. Never raises for a handler's failure.

    Where something is wrong with several at once they go one by one, so that it is known which one it was; what stands
    behind one that was put off is free again and waits.
    """
    if len(rows) > 1 and _is_handled_together(rows):
        _done(rows)
        return len(rows)
    until, taken = time.monotonic() + leases.LEASE_S / 2, 0
    while taken < len(rows) and time.monotonic() < until:
        taken += 1
        if not _process_one(rows[taken - 1]):
            break
    if taken < len(rows):
        leases.release(rows[taken:])
    return taken


def _is_handled_together(rows: list[InboundEvent]) -> bool:
    try:
        _handle([normalise(row) for row in rows])
    except Exception as error:
        log.info("inbound_run_broken_up", inbound=rows[0].pk, rows=len(rows), error=repr(error))
        return False
    return True


def _handle(events: list[Inbound]) -> None:
    """Every handler sees the events in their order."""
    for known in _handlers.get(events[0].event, []):
        if known.takes_run:
            known.handler(*events)
        else:
            for event in events:
                known.handler(event)


def _process_one(row: InboundEvent) -> bool:
    """Whether the row is closed now; False: put off, and its mailbox waits with it."""
    try:
        inbound = normalise(row)
        if inbound.fields.get("items") != []:
            _handle([inbound])
    except Retryable as error:
        retry_at = max(error.retry_at, _backoff(row))
        return _put_off(row, error, retry_at=retry_at, limit=MAX_WAITS, counts=error.counts)
    except Stopped as error:  # waits until a person repairs the app
        return _put_off(row, error, retry_at=clock.now() + timedelta(seconds=STOPPED_PAUSE_S), counts=False)
    except (Permanent, envelope.Unreadable) as error:
        _bury(row, str(error))
    except Exception as error:
        log.error("inbound_failed", inbound=row.pk, change=row.event, exc_info=error)
        return _put_off(row, error, retry_at=_backoff(row))
    else:
        _done([row])
    return True


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
) -> bool:
    """Whether the row is closed instead, because it was tried often enough."""
    attempts = row.attempts + (1 if counts else 0)
    if attempts >= limit:
        _bury(row, _trace(error), attempts=attempts)
        return True
    leases.close([row], state=InboundState.FAILED, attempts=attempts, next_at=retry_at, error=_trace(error))
    return False


def _bury(row: InboundEvent, error: str, *, attempts: int | None = None) -> None:
    """A dead letter: a person reads, replays or discards it."""
    leases.close(
        [row],
        state=InboundState.DEAD,
        attempts=F("attempts") + 1 if attempts is None else attempts,
        error=error[:ERROR_CHARS],
    )


def _done(rows: list[InboundEvent]) -> None:
    now = clock.now()
    leases.close(rows, state=InboundState.DONE, attempts=F("attempts") + 1, done_at=now, error="")
    for row in rows:
        if row.source == InboundSource.CALLBACK:
            tally.took("effect", (now - row.received_at).total_seconds())


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
