"""Claim deliveries and hand them to their handlers, in batches of one handler and one tenant.

The handler runs in the transaction that marks its deliveries done: its database effect happens exactly once.
A batch that fails is tried one by one, so that one bad event does not hold back its neighbours; a failing event
is retried with a doubling pause and after `MAX_ATTEMPTS` becomes a dead letter an administrator can read.
"""

import time
import traceback
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F

from outbox import registry, wake
from outbox.contracts import kind_of
from outbox.models import Delivery, DeliveryState
from tenants import clock

log = structlog.get_logger(__name__)

BATCH = 200
MAX_ATTEMPTS = 8
FIRST_PAUSE_S = 2
LONGEST_PAUSE_S = 3600
TURN_S = 1.0  # then other tenants come first; what is left asks for another turn


def relay_tenant(*, tenant_id: int) -> int:
    """Deliver what is due for one tenant, for a turn. Returns how many were done. Safe to run in parallel."""
    done, ends_at, is_left = 0, time.monotonic() + TURN_S, False
    due = Delivery.objects.filter(tenant_id=tenant_id, state=DeliveryState.PENDING, next_at__lte=clock.now())
    for name, handler in (
        due.values_list("event__name", "handler").distinct().order_by("event__name", "handler")
    ):
        batch = BATCH
        while batch == BATCH:  # fewer: nothing is left, or another relay has it
            batch = _deliver_batch(tenant_id=tenant_id, event_name=name, handler_name=handler, size=BATCH)
            done += batch
            if time.monotonic() >= ends_at:
                is_left |= batch == BATCH
                break  # every handler gets a batch in each turn
    if is_left:
        wake.relay_soon(tenant_id=tenant_id)
    return done


def _deliver_batch(*, tenant_id: int, event_name: str, handler_name: str, size: int) -> int:
    """Returns how many were dealt with; 0 when nothing is due."""
    handler = registry.find(event_name, handler_name)
    taken: list[int] = []
    try:
        with transaction.atomic():
            rows = list(
                Delivery.objects.select_for_update(skip_locked=True, of=("self",))
                .filter(
                    tenant_id=tenant_id,
                    handler=handler_name,
                    event__name=event_name,
                    state=DeliveryState.PENDING,
                    next_at__lte=clock.now(),
                )
                .select_related("event")
                .order_by("next_at", "pk")[:size]
            )
            if not rows:
                return 0
            taken = [row.pk for row in rows]
            if handler is None:
                raise LookupError(f"no handler {handler_name} for {event_name}")
            kind = kind_of(event_name)
            handler(
                tenant_id=tenant_id,
                events=[
                    kind.from_row(
                        tenant_id=tenant_id, occurred_at=row.event.occurred_at, payload=row.event.payload
                    )
                    for row in rows
                ],
            )
            Delivery.objects.filter(tenant_id=tenant_id, pk__in=taken).update(
                state=DeliveryState.DONE, done_at=clock.now(), attempts=F("attempts") + 1
            )
    except Exception as error:
        if not taken:
            raise
        if len(taken) > 1:
            return sum(
                _deliver_batch(tenant_id=tenant_id, event_name=event_name, handler_name=handler_name, size=1)
                for _ in taken
            )
        _postpone(tenant_id=tenant_id, delivery_id=taken[0], error=error)
    return len(taken)


def _postpone(*, tenant_id: int, delivery_id: int, error: Exception) -> None:
    with transaction.atomic():
        row = Delivery.objects.select_for_update().get(tenant_id=tenant_id, pk=delivery_id)
        row.attempts += 1
        row.error = "".join(traceback.format_exception(error))[-4000:]
        if row.attempts >= MAX_ATTEMPTS:
            row.state = DeliveryState.DEAD
        pause_s = min(FIRST_PAUSE_S * 2 ** (row.attempts - 1), LONGEST_PAUSE_S)
        row.next_at = clock.now() + timedelta(seconds=pause_s)
        row.save(update_fields=["attempts", "error", "state", "next_at"])
    log.error(
        "delivery_failed", delivery=delivery_id, handler=row.handler, attempts=row.attempts, exc_info=error
    )


def tenants_with_due() -> list[int]:
    """Tenants that have something to deliver. Runs across tenants: the caller is a tick."""
    due = Delivery.objects.filter(state=DeliveryState.PENDING, next_at__lte=clock.now())
    return list(due.values_list("tenant_id", flat=True).distinct())


def delivery_retry(*, tenant_id: int, delivery_id: int) -> None:
    """Give a dead letter another full set of tries. Safe to repeat."""
    Delivery.objects.filter(tenant_id=tenant_id, pk=delivery_id, state=DeliveryState.DEAD).update(
        state=DeliveryState.PENDING, attempts=0, next_at=clock.now()
    )


def deliveries_retry(*, tenant_id: int) -> int:
    """The same for every dead letter of a tenant. Returns how many. Safe to repeat."""
    rows = Delivery.objects.filter(tenant_id=tenant_id, state=DeliveryState.DEAD)
    return rows.update(state=DeliveryState.PENDING, attempts=0, next_at=clock.now())
