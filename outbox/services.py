"""Publishing: inside the caller's transaction, so that an event exists exactly when its cause does."""

from collections.abc import Iterable

from outbox import registry
from outbox.contracts import DomainEvent
from outbox.models import Delivery, EventRow
from outbox.wake import relay_soon
from tenants import clock


def publish(event: DomainEvent) -> EventRow:
    """Store the event and one delivery for each of its handlers, then wake the relay after commit.

    Must run in the tenant's scope and in a transaction. Each call is a new event.
    """
    row = EventRow.objects.create(
        tenant_id=event.tenant_id,
        name=event.name,
        version=event.version,
        payload=event.to_payload(),
        occurred_at=event.occurred_at,
    )
    now = clock.now()
    handlers = registry.handlers_of(event.name)
    Delivery.objects.bulk_create(
        Delivery(tenant_id=event.tenant_id, event=row, handler=name, next_at=now) for name in handlers
    )
    if handlers:
        relay_soon(tenant_id=event.tenant_id)
    return row


def publish_many(events: Iterable[DomainEvent]) -> None:
    """The same for many events of one tenant, in two statements whatever their number."""
    rows = [
        EventRow(
            tenant_id=one.tenant_id,
            name=one.name,
            version=one.version,
            payload=one.to_payload(),
            occurred_at=one.occurred_at,
        )
        for one in events
    ]
    if not rows:
        return
    EventRow.objects.bulk_create(rows)
    now = clock.now()
    copies = [
        Delivery(tenant_id=row.tenant_id, event=row, handler=name, next_at=now)
        for row in rows
        for name in registry.handlers_of(row.name)
    ]
    if copies:
        Delivery.objects.bulk_create(copies)
        relay_soon(tenant_id=rows[0].tenant_id)
