"""Orders with why their customers bought (R72)."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from contacts.enums import OrderState
from contacts.models import Order


def orders_classed(*, tenant_id: int) -> QuerySet[Order]:
    """Orders of known people, newest first, whatever became of them."""
    rows = Order.objects.filter(tenant_id=tenant_id, ordered_at__isnull=False, customer__isnull=False)
    return rows.select_related("customer").order_by("-ordered_at", "-pk")


def open_buyers(*, tenant_id: int, customer_ids: Iterable[int]) -> set[int]:
    """Those of these people with an order that nobody has judged yet. One query."""
    rows = Order.objects.filter(tenant_id=tenant_id, customer_id__in=set(customer_ids), class_confirmed_by="")
    return set(rows.values_list("customer_id", flat=True))


def buyers_between(*, tenant_id: int, since: datetime, until: datetime) -> QuerySet:
    """A query of ids: the records with a paid, not refunded order placed in [since, until)."""
    rows = Order.objects.filter(
        tenant_id=tenant_id, state=OrderState.PAID, ordered_at__gte=since, ordered_at__lt=until
    )
    return rows.filter(customer_id__isnull=False).values("customer_id")
