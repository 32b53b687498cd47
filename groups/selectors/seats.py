"""Who sat where, for whoever sums by day."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Min, QuerySet

from groups.models import Group, Member


def first_seat(*, tenant_id: int, customer_ids: Iterable[int] | None = None) -> datetime | None:
    """When the first customer joined any group; of these records alone, where they are named. One query."""
    rows = Member.objects.filter(tenant_id=tenant_id, is_staff=False)
    if customer_ids is not None:
        rows = rows.filter(customer_id__in=list(customer_ids))
    first: datetime | None = rows.aggregate(first=Min("joined_at"))["first"]
    return first


def seats_by_id(*, tenant_id: int, member_ids: Iterable[int]) -> QuerySet[Member]:
    """These spells with group, customer and channel."""
    rows = Member.objects.filter(tenant_id=tenant_id, pk__in=list(member_ids))
    return rows.select_related("group", "customer", "channel")


def tenants_with_groups() -> list[int]:
    """Tenants that have a group and are not suspended. Across tenants: the caller is a tick."""
    rows = Group.objects.filter(tenant__suspended_at=None).order_by()
    return list(rows.values_list("tenant_id", flat=True).distinct())
