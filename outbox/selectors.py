"""Reads of the outbox, for people who look after the system."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q

from outbox.models import Delivery, DeliveryState
from tenants import clock


@dataclass(frozen=True)
class Backlog:
    """Deliveries that wait (`oldest_due_at`: since when the longest is due) and those nobody tries any more."""

    pending: int
    dead: int
    oldest_due_at: datetime | None


def backlog(*, tenant_id: int | None = None) -> Backlog:
    """One tenant's deliveries; without a tenant all of them, for a caller that may see everything. One query."""
    rows = Delivery.objects.exclude(state=DeliveryState.DONE)
    if tenant_id is not None:
        rows = rows.filter(tenant_id=tenant_id)
    is_due = Q(state=DeliveryState.PENDING, next_at__lte=clock.now())
    return Backlog(
        **rows.aggregate(
            pending=Count("pk", filter=Q(state=DeliveryState.PENDING)),
            dead=Count("pk", filter=Q(state=DeliveryState.DEAD)),
            oldest_due_at=Min("next_at", filter=is_due),
        )
    )


def backlogs_dead() -> dict[int, int]:
    """{tenant id: deliveries nobody tries any more}. Runs across tenants: the caller may see everything."""
    rows = Delivery.objects.filter(state=DeliveryState.DEAD).values_list("tenant_id")
    return dict(rows.annotate(n=Count("pk")))
