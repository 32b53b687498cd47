"""Reads of the catalogue and of orders with their kind (R38)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from contacts.enums import OrderState, SkuKind
from contacts.models import Order, Sku

UNKNOWN = "unknown"
NAMELESS_SHOWN = 20


def sku_list(*, tenant_id: int, archived: bool = False) -> QuerySet[Sku]:
    """SKUs in use (or put away), by code."""
    return Sku.objects.filter(tenant_id=tenant_id, archived_at__isnull=not archived).order_by("code")


def sku_choices(*, tenant_id: int) -> list[tuple[str, str]]:
    """(code, name) of what orders can be narrowed to: every SKU, and the codes that none explains; at most 500."""
    named = list(Sku.objects.filter(tenant_id=tenant_id).order_by("code").values_list("code", "name")[:500])
    others = [(code, title or code) for code, title, _orders in codes_without_sku(tenant_id=tenant_id)]
    return [*named, *others]


def sku_get(*, tenant_id: int, sku_id: int) -> Sku:
    """Raises Sku.DoesNotExist, also for another tenant's id."""
    return Sku.objects.get(tenant_id=tenant_id, pk=sku_id)


def sku_codes(*, tenant_id: int, kind: str) -> set[str]:
    """The codes of one kind, also of those put away."""
    return set(Sku.objects.filter(tenant_id=tenant_id, kind=kind).values_list("code", flat=True))


@dataclass(frozen=True)
class Sold:
    """What one SKU brought: orders, of them refunded, people who bought, money paid minus paid back in fen."""

    orders: int = 0
    refunded: int = 0
    people: int = 0
    fen: int = 0


def sold_of(*, tenant_id: int, codes: Iterable[str]) -> dict[str, Sold]:
    """{code: Sold}; absent means never ordered. One query. A person with two records counts once."""
    paid = Q(state=OrderState.PAID)
    # Only merged records are joined: they are few, and everybody else stands for himself.
    merged = FilteredRelation("customer", condition=Q(customer__person__isnull=False))
    rows = (
        Order.objects.filter(tenant_id=tenant_id, sku_id__in=set(codes))
        .annotate(merged=merged)
        .values("sku_id")
        .annotate(
            orders=Count("pk"),
            refunded=Count("pk", filter=Q(state=OrderState.REFUNDED)),
            people=Count(Coalesce("merged__person_id", "customer_id"), distinct=True, filter=paid),
            paid=Sum("amount_fen", filter=paid),
            back=Sum("refund_fen", filter=paid),
        )
    )
    return {
        row["sku_id"]: Sold(
            row["orders"], row["refunded"], row["people"], (row["paid"] or 0) - (row["back"] or 0)
        )
        for row in rows
    }


def codes_without_sku(*, tenant_id: int) -> list[tuple[str, str, int]]:
    """(code, a title that an order gave it, orders) of codes that no SKU explains, the most ordered first."""
    known = Sku.objects.filter(tenant_id=tenant_id).values("code")
    rows = Order.objects.filter(tenant_id=tenant_id).exclude(sku_id="").exclude(sku_id__in=known)
    counted = (
        rows.values("sku_id").annotate(orders=Count("pk")).order_by("-orders", "sku_id")[:NAMELESS_SHOWN]
    )
    found = [(row["sku_id"], row["orders"]) for row in counted]
    titled = rows.filter(sku_id__in=[code for code, _orders in found]).exclude(title="")
    titles = dict(titled.order_by("sku_id", "pk").values_list("sku_id", "title"))
    return [(code, titles.get(code, ""), orders) for code, orders in found]


@dataclass(frozen=True)
class OrderFacts:
    """What an order is: its SKU's name (its code where no SKU explains it), and its kind, "" for unknown."""

    sku: str
    kind: str

    @property
    def kind_label(self) -> Any:
        return SkuKind(self.kind).label if self.kind else ""


def with_sku(rows: QuerySet[Order]) -> QuerySet[Order]:
    """Orders with the name and kind of their SKU, as `order_facts` reads them; no query of its own."""
    mine = Sku.objects.filter(tenant_id=OuterRef("tenant_id"), code=OuterRef("sku_id"))
    return rows.annotate(sku_name=Subquery(mine.values("name")), sku_kind=Subquery(mine.values("kind")))


def order_facts(row: Any) -> OrderFacts:
    """Of an order of `with_sku`: what its source said, else a repurchase from the second on, else its SKU's kind."""
    again = SkuKind.REPURCHASE.value if row.nth > 1 else ""
    return OrderFacts(row.sku_name or row.sku_id, row.told_kind or again or row.sku_kind or "")


def order_list(*, tenant_id: int) -> QuerySet[Order]:
    """Every order, the newest first."""
    rows = Order.objects.filter(tenant_id=tenant_id).select_related("customer", "campaign", "step")
    return with_sku(rows).order_by("-ordered_at", "-pk")


def orders_of_kind(rows: QuerySet[Order], *, tenant_id: int, kind: str) -> QuerySet[Order]:
    """Those of one SkuKind as `order_facts` tells it, or of UNKNOWN."""
    if kind == UNKNOWN:
        return rows.filter(told_kind="", nth__lte=1).exclude(
            sku_id__in=Sku.objects.filter(tenant_id=tenant_id).values("code")
        )
    by_sku = Q(told_kind="", nth__lte=1, sku_id__in=sku_codes(tenant_id=tenant_id, kind=kind))
    again = Q(told_kind="", nth__gt=1) if kind == SkuKind.REPURCHASE else Q()
    return (
        rows.filter(Q(told_kind=kind) | by_sku | again) if again else rows.filter(Q(told_kind=kind) | by_sku)
    )
