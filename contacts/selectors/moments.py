"""When behaviours happened, for whoever sums by day."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Min

from contacts.models import Behaviour


def behaviours_before(*, tenant_id: int, behaviour_ids: Iterable[int], moment: datetime) -> set[datetime]:
    """When those of these behaviours happened that happened before a moment. One query."""
    rows = Behaviour.objects.filter(tenant_id=tenant_id, pk__in=list(behaviour_ids), occurred_at__lt=moment)
    return set(rows.values_list("occurred_at", flat=True))


def first_act(*, tenant_id: int, customer_ids: Iterable[int]) -> datetime | None:
    """The first thing that any of these records did. One query."""
    rows = Behaviour.objects.filter(tenant_id=tenant_id, customer_id__in=list(customer_ids))
    first: datetime | None = rows.aggregate(first=Min("occurred_at"))["first"]
    return first
