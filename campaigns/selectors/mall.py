"""Reads of the points mall: its goods, what is left of each, and every redemption."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from campaigns.enums import OPEN_AWARDS, AwardSource, AwardState, EntryReason, PlayKind, Unit
from campaigns.models import Award, Campaign, Entry, MallGood
from campaigns.selectors.ledger import awards_of, pieces_left
from campaigns.selectors.pages import page_token


@dataclass(frozen=True)
class Good:
    """A good and how many pieces are left of it, before the start all of them."""

    row: MallGood
    left: int


def goods_in(campaign: Any) -> QuerySet[MallGood]:
    """Those of a campaign, to ask within a query of campaigns."""
    return MallGood.objects.filter(prize__campaign=campaign)


def has_mall(campaign: Campaign) -> bool:
    """Whether a campaign has goods for points. One query."""
    return goods_in(campaign).filter(tenant_id=campaign.tenant_id).exists()


def mall_token(campaign: Campaign) -> str:
    """The token of the mall's page, or ""."""
    if not has_mall(campaign):
        return ""
    return page_token(campaign=campaign, kind=PlayKind.MALL, row_id=campaign.pk)


def goods_of(*, tenant_id: int, campaign_id: int) -> list[Good]:
    """The goods in the order of the prizes. Two queries."""
    rows = MallGood.objects.filter(tenant_id=tenant_id, prize__campaign_id=campaign_id)
    found = list(rows.select_related("prize").order_by("prize__position", "prize_id"))
    left = pieces_left(tenant_id=tenant_id, prizes=[one.prize for one in found])
    return [Good(one, left[one.prize_id]) for one in found]


def good_get(*, tenant_id: int, campaign_id: int, good_id: int) -> MallGood:
    """Raises MallGood.DoesNotExist, also for another campaign's or tenant's id."""
    rows = MallGood.objects.filter(tenant_id=tenant_id, prize__campaign_id=campaign_id)
    return rows.select_related("prize__campaign").get(pk=good_id)


def redeemed_by(*, tenant_id: int, campaign_id: int, person_id: int) -> dict[int, int]:
    """{prize: how many this person has for points, without those called off}. One query."""
    rows = Award.objects.filter(
        tenant_id=tenant_id, campaign_id=campaign_id, customer_id=person_id, source=AwardSource.MALL
    )
    rows = rows.exclude(state=AwardState.RETURNED).order_by()
    return dict(rows.values_list("prize_id").annotate(found=Count("pk")))


def redemptions_of(*, tenant_id: int, campaign_id: int) -> QuerySet[Award]:
    """Everything had for points, the newest first; `points` beside."""
    paid = Entry.objects.filter(
        tenant_id=tenant_id, award_id=OuterRef("pk"), unit=Unit.POINTS, reason=EntryReason.PAID
    )
    rows = awards_of(tenant_id=tenant_id, campaign_id=campaign_id).filter(source=AwardSource.MALL)
    return rows.annotate(points=Coalesce(Subquery(paid.values("amount")[:1], output_field=IntegerField()), 0))


@dataclass(frozen=True)
class MallFigures:
    """How a mall goes; `by_prize`: {prize: pieces had, without those called off}."""

    redeemed: int
    waiting: int
    people: int
    points: int
    by_prize: dict[int, int]


def figures_of_mall(*, tenant_id: int, campaign_id: int) -> MallFigures:
    """Live figures. Three queries."""
    rows = Award.objects.filter(tenant_id=tenant_id, campaign_id=campaign_id, source=AwardSource.MALL)
    good = rows.exclude(state=AwardState.RETURNED).order_by()
    told = good.aggregate(
        redeemed=Count("pk"), waiting=Count("pk", filter=Q(state__in=OPEN_AWARDS)),
        people=Count("customer_id", distinct=True),
    )  # fmt: skip
    entries = Entry.objects.filter(tenant_id=tenant_id, campaign_id=campaign_id, unit=Unit.POINTS)
    moved = entries.aggregate(
        paid=Sum("amount", filter=Q(reason=EntryReason.PAID)),
        back=Sum("amount", filter=Q(reason=EntryReason.REPAID)),
    )
    return MallFigures(
        redeemed=told["redeemed"], waiting=told["waiting"], people=told["people"],
        points=(moved["paid"] or 0) - (moved["back"] or 0),
        by_prize=dict(good.values_list("prize_id").annotate(found=Count("pk"))),
    )  # fmt: skip
