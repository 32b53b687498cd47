"""Orders with why their customers bought (R72)."""

from collections.abc import Iterable

from django.db.models import QuerySet

from contacts.models import Order


def orders_classed(*, tenant_id: int) -> QuerySet[Order]:
    """Orders of known people, newest first, whatever became of them."""
    rows = Order.objects.filter(tenant_id=tenant_id, ordered_at__isnull=False, customer__isnull=False)
    return rows.select_related("customer").order_by("-ordered_at", "-pk")


def open_buyers(*, tenant_id: int, customer_ids: Iterable[int]) -> set[int]:
    """Those of these people with an order that nobody has judged yet. One query."""
    rows = Order.objects.filter(tenant_id=tenant_id, customer_id__in=set(customer_ids), class_confirmed_by="")
    return set(rows.values_list("customer_id", flat=True))
