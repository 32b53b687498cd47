"""What people really paid for a SKU, and the price it may be compared with (R91)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from contacts.enums import ANCHOR_DAYS, ANCHOR_SALES, OrderState
from contacts.models import Order, PriceAnchor
from contacts.policies.prices import BASIS_DAYS, PriceFacts
from tenants import clock, preferences

PRICES_SHOWN = 8


@dataclass(frozen=True)
class PaidPrice:
    """One price that was paid: fen after refunds, how often, when last (UTC)."""

    fen: int
    orders: int
    last_at: datetime


@dataclass(frozen=True)
class AnchorNow:
    """The price a SKU is compared with, and what its orders say of that price at this moment."""

    anchor: PriceAnchor
    facts: PriceFacts
    holds: bool

    @property
    def is_above_basis(self) -> bool:
        """Whether the last seven days sold for less."""
        return self.facts.is_above_basis(self.anchor.price_fen)


def _sales(tenant_id: int) -> QuerySet[Any]:
    """Paid orders with `fen`, what was kept of the money."""
    rows = Order.objects.filter(
        tenant_id=tenant_id, state=OrderState.PAID, amount_fen__isnull=False,
        ordered_at__isnull=False, ordered_at__lte=clock.now(),
    )  # fmt: skip
    return rows.annotate(fen=F("amount_fen") - Coalesce("refund_fen", 0))


def price_facts(*, tenant_id: int, code: str, price_fen: int) -> PriceFacts:
    """What the orders of one SKU say of one price. Two queries."""
    return _facts_of(tenant_id, {code: price_fen})[code]


def _facts_of(tenant_id: int, prices: Mapping[str, int]) -> dict[str, PriceFacts]:
    """{code: what the orders of that SKU say of its price}. Two queries for any number, none without a price."""
    now, days = clock.now(), preferences.value(tenant_id, ANCHOR_DAYS)
    found = {code: PriceFacts(days=days, sales=0) for code in prices}
    if not prices:
        return found
    at_it = Q()
    for code, fen in prices.items():
        at_it |= Q(sku_id=code, fen__gte=fen)
    at_it &= Q(ordered_at__gt=now - timedelta(days=days))
    rows = _sales(tenant_id).filter(sku_id__in=list(prices))
    last = rows.order_by("sku_id", "-ordered_at", "-pk").distinct("sku_id")
    last_fen = dict(last.values_list("sku_id", "fen"))
    counted = (
        rows.order_by()
        .values("sku_id")
        .annotate(
            sales=Count("pk", filter=at_it),
            last_at=Max("ordered_at", filter=at_it),
            lowest_fen=Min("fen", filter=Q(ordered_at__gt=now - timedelta(days=BASIS_DAYS))),
        )
    )
    for one in counted:
        code = one.pop("sku_id")
        facts = {name: one[name] for name in ("sales", "last_at", "lowest_fen")}
        found[code] = PriceFacts(days=days, last_fen=last_fen[code], **facts)
    return found


def prices_paid(*, tenant_id: int, code: str) -> list[PaidPrice]:
    """The prices people paid in the days that count as proof, the highest first; at most PRICES_SHOWN."""
    since = clock.now() - timedelta(days=preferences.value(tenant_id, ANCHOR_DAYS))
    rows = _sales(tenant_id).filter(sku_id=code, ordered_at__gt=since, fen__gt=0).values("fen")
    counted = rows.annotate(orders=Count("pk"), last_at=Max("ordered_at")).order_by("-fen")[:PRICES_SHOWN]
    return [PaidPrice(row["fen"], row["orders"], row["last_at"]) for row in counted]


def anchor_of(*, tenant_id: int, code: str) -> AnchorNow | None:
    """The price a SKU may be compared with today; None: none is set. `holds` says whether the proof still stands."""
    return anchors_now(tenant_id=tenant_id, codes=[code]).get(code)


def anchors_now(*, tenant_id: int, codes: Iterable[str]) -> dict[str, AnchorNow]:
    """{code: the price that SKU may be compared with today}. Three queries for any number."""
    rows = PriceAnchor.objects.filter(tenant_id=tenant_id, sku__code__in=set(codes), ended_at=None)
    held = {one.sku.code: one for one in rows.select_related("sku")}
    facts = _facts_of(tenant_id, {code: one.price_fen for code, one in held.items()})
    least = preferences.value(tenant_id, ANCHOR_SALES)
    return {code: AnchorNow(one, facts[code], facts[code].is_proven(least)) for code, one in held.items()}


def anchors_of(*, tenant_id: int, sku_ids: Iterable[int]) -> dict[int, PriceAnchor]:
    """{SKU id: the price it is compared with}. One query."""
    rows = PriceAnchor.objects.filter(tenant_id=tenant_id, sku__in=set(sku_ids), ended_at=None)
    return {row.sku_id: row for row in rows}


def anchor_history(*, tenant_id: int, sku_id: int) -> QuerySet[PriceAnchor]:
    """Every price a SKU was compared with, the newest first."""
    return PriceAnchor.objects.filter(tenant_id=tenant_id, sku=sku_id).order_by("-set_at", "-pk")
