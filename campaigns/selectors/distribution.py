"""Reads of distribution: its terms, who takes part, which orders came of it and what they brought."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from campaigns.enums import CampaignState, Missing, PlayKind, PrizeKind
from campaigns.enums.distribution import SaleState, SellerState
from campaigns.models import Campaign, Distribution, Sale, Seller, SellerTouch
from campaigns.selectors.pages import page_token
from contacts.selectors.identity import records_under

BRINGS = (SaleState.WAITING, SaleState.EARNED)


def distributions_in(campaign: Any) -> QuerySet[Distribution]:
    """That of a campaign, to ask within a query of campaigns."""
    return Distribution.objects.filter(campaign=campaign)


def distribution_of(*, campaign: Campaign) -> Distribution | None:
    """The terms with their prizes. One query."""
    rows = Distribution.objects.filter(tenant_id=campaign.tenant_id, campaign=campaign)
    return rows.select_related("commission", "bonus").first()


def distribution_get(*, tenant_id: int, distribution_id: int) -> Distribution | None:
    """With campaign and prizes; None where it is gone."""
    rows = Distribution.objects.filter(tenant_id=tenant_id, pk=distribution_id)
    return rows.select_related("campaign", "commission", "bonus").first()


def distributions_followed(*, tenant_id: int) -> list[Distribution]:
    """Those of campaigns whose books are open: orders bring something, refunds take it back. One query."""
    states = [CampaignState.RUNNING, CampaignState.ENDED]
    rows = Distribution.objects.filter(tenant_id=tenant_id, campaign__state__in=states)
    return list(rows.select_related("campaign").order_by("pk"))


def distribution_token(*, campaign: Campaign, row: Distribution) -> str:
    """The token of the page where members ask to take part and see what they brought."""
    return page_token(campaign=campaign, kind=PlayKind.DISTRIBUTION, row_id=row.pk)


def seller_token(*, campaign: Campaign, seller: Seller) -> str:
    """The token of the page that a distributor's friends open."""
    return page_token(campaign=campaign, kind=PlayKind.RECOMMENDED, row_id=seller.pk)


def token_of(campaign: Campaign) -> str:
    row = distribution_of(campaign=campaign)
    return distribution_token(campaign=campaign, row=row) if row else ""


def distribution_lacks(campaign: Campaign) -> list[Missing]:
    """What keeps a campaign with distribution from its start: a red packet as commission, and a leader's word."""
    row = distribution_of(campaign=campaign)
    if row is None:
        return []
    prizes = [row.commission, *([row.bonus] if row.bonus else [])]
    fits = all(one is not None and one.kind == PrizeKind.RED_PACKET for one in prizes)
    return [
        *([] if fits else [Missing.DISTRIBUTION_PRIZE]),
        *([] if row.switched_on_at else [Missing.DISTRIBUTION_OFF]),
    ]


def seller_of(*, distribution: Distribution, person_id: int) -> Seller | None:
    """By whatever record of the person. Two queries."""
    ids = {person_id, *records_under(tenant_id=distribution.tenant_id, person_ids=[person_id])}
    rows = Seller.objects.filter(tenant_id=distribution.tenant_id, distribution=distribution)
    return rows.filter(customer_id__in=ids).order_by("pk").first()


def seller_get(*, tenant_id: int, seller_id: int) -> Seller | None:
    """With person, campaign and prizes; None where it is gone."""
    rows = Seller.objects.filter(tenant_id=tenant_id, pk=seller_id)
    return rows.select_related(
        "customer", "distribution__campaign", "distribution__commission", "distribution__bonus"
    ).first()


def sellers_coded(*, tenant_id: int, codes: Iterable[str]) -> dict[str, Seller]:
    """{code: distributor}. One query."""
    rows = Seller.objects.filter(tenant_id=tenant_id, code__in=set(codes))
    return {one.code: one for one in rows}


def seller_list(*, campaign: Campaign) -> QuerySet[Seller]:
    """Everybody who takes part or asks to, the most sales first; `sales`, `net_fen`, `turned_down` beside."""
    rows = Seller.objects.filter(tenant_id=campaign.tenant_id, distribution__campaign=campaign)
    mine = Sale.objects.filter(tenant_id=OuterRef("tenant_id"), seller=OuterRef("pk")).order_by()
    good = mine.filter(state__in=BRINGS)

    def told(some: QuerySet, value: Any) -> Coalesce:
        return Coalesce(Subquery(some.values("seller").annotate(n=value).values("n")), 0)

    return rows.select_related("customer", "distribution").annotate(
        sales=told(good, Count("pk")), net_fen=told(good, Sum("net_fen")),
        turned_down=told(mine.exclude(state__in=BRINGS), Count("pk")),
    ).order_by(F("sales").desc(), "pk")  # fmt: skip


def sale_list(*, campaign: Campaign) -> QuerySet[Sale]:
    """Every order that a distributor brought or that names one, the latest first."""
    rows = Sale.objects.filter(tenant_id=campaign.tenant_id, distribution__campaign=campaign)
    return rows.select_related("customer", "seller__customer", "order").order_by("-ordered_at", "-pk")


def sales_of(*, seller: Seller) -> list[Sale]:
    """What one distributor brought, the latest first. One query."""
    rows = Sale.objects.filter(tenant_id=seller.tenant_id, seller=seller)
    return list(rows.select_related("customer").order_by("-ordered_at", "-pk"))


def touches_of(*, distribution: Distribution, customer_ids: Iterable[int]) -> QuerySet[SellerTouch]:
    """Whose pages these records opened."""
    rows = SellerTouch.objects.filter(tenant_id=distribution.tenant_id, seller__distribution=distribution)
    return rows.filter(customer_id__in=list(customer_ids)).order_by("at", "pk")


@dataclass(frozen=True)
class SaleFigures:
    """`reasons`: {code: how many orders}."""

    sellers: int
    asking: int
    sales: int
    net_fen: int
    waiting: int
    earned: int
    reasons: dict[str, int]


def figures_of_distribution(*, distribution: Distribution) -> SaleFigures:
    """Live figures. Three queries."""
    sellers = Seller.objects.filter(tenant_id=distribution.tenant_id, distribution=distribution).aggregate(
        active=Count("pk", filter=Q(state=SellerState.ACTIVE)), asking=Count("pk", filter=Q(state=SellerState.ASKED))
    )  # fmt: skip
    rows = Sale.objects.filter(tenant_id=distribution.tenant_id, distribution=distribution)
    found = rows.aggregate(
        sales=Count("pk", filter=Q(state__in=BRINGS)), net=Sum("net_fen", filter=Q(state__in=BRINGS)),
        waiting=Count("pk", filter=Q(state=SaleState.WAITING)), earned=Count("pk", filter=Q(state=SaleState.EARNED)),
    )  # fmt: skip
    why = rows.exclude(reason="").order_by().values_list("reason").annotate(n=Count("pk"))
    return SaleFigures(
        sellers=sellers["active"], asking=sellers["asking"], sales=found["sales"], net_fen=found["net"] or 0,
        waiting=found["waiting"], earned=found["earned"], reasons=dict(why),
    )  # fmt: skip


def sales_due(now: datetime) -> Q:
    """Those of whom the clock decides: the refund window is over, or a commission waits for the end of a break."""
    return Q(state=SaleState.WAITING) & (
        Q(due_at__lte=now) | Q(award_id=None, distribution__campaign__paused_at=None)
    )
