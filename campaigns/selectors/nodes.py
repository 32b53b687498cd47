"""Reads of the marketing calendar (R79): nodes of the coming year with the campaigns and offers on them."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db.models import F

from campaigns.models import Campaign, CouponOffer, Deal
from campaigns.policies.nodes import BIG, DAYS_AHEAD, LUNAR_KEYS, lunar_words, nodes_of
from sop.policies.festivals import Festive
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant


@dataclass(frozen=True)
class Planned:
    """A campaign on a node: how much its deals are below the list price at most, in percent; its coupons."""

    campaign: Campaign
    percent_off: int | None
    coupons: int


@dataclass(frozen=True)
class NodeLine:
    """One node with what is planned for it. `lunar`: its lunar day, "" where it lies on a day of the year."""

    node: Festive
    lunar: str
    is_big: bool
    days_left: int
    planned: list[Planned]


def nodes_ahead(*, tenant: "Tenant") -> list[NodeLine]:
    """The nodes of the coming year by day, today included. Three queries."""
    today = clock.local_date(clock.now(), tenant.timezone)
    last = today + timedelta(days=DAYS_AHEAD)
    since, until = clock.day_bounds(today, tenant.timezone)[0], clock.day_bounds(last, tenant.timezone)[1]
    rows = Campaign.objects.filter(tenant=tenant, ends_at__gt=since, starts_at__lt=until)
    found = [(one, _days(one, tenant.timezone)) for one in rows.order_by("starts_at", "pk")]
    ids = [one.pk for one, _span in found]
    off = _percents(tenant.pk, ids)
    coupons: dict[int, int] = {}
    for pk in CouponOffer.objects.filter(tenant=tenant, prize__campaign_id__in=ids).values_list(
        "prize__campaign_id", flat=True
    ):
        coupons[pk] = coupons.get(pk, 0) + 1
    return [
        NodeLine(
            node, lunar_words(node.first) if node.festival.key in LUNAR_KEYS else "", node.festival.key in BIG,
            (node.first - today).days,
            [
                Planned(one, off.get(one.pk), coupons.get(one.pk, 0))
                for one, (begins, ends) in found
                if begins <= node.last and ends >= node.first
            ],
        )
        for node in nodes_of(today, last)
    ]  # fmt: skip


def _days(campaign: Campaign, zone: str) -> tuple[date, date]:
    """Its first and last day; one that ends at midnight ends the day before."""
    assert campaign.starts_at is not None  # the query asks for both
    assert campaign.ends_at is not None
    last = campaign.ends_at - timedelta(microseconds=1)
    return clock.local_date(campaign.starts_at, zone), clock.local_date(last, zone)


def _percents(tenant_id: int, campaign_ids: list[int]) -> dict[int, int]:
    """{campaign: how much a deal of it is below its SKU's list price at most, in whole percent}."""
    rows = Deal.objects.filter(
        tenant_id=tenant_id, campaign_id__in=campaign_ids, sku__price_fen__gt=F("price_fen")
    )
    found: dict[int, int] = {}
    for pk, price, listed in rows.values_list("campaign_id", "price_fen", "sku__price_fen"):
        found[pk] = max(found.get(pk, 0), 100 - -(-100 * price // listed))
    return found
