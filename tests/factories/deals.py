"""Campaigns that sell something."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from campaigns.enums import PrizeKind
from campaigns.models import Deal
from campaigns.services.deals import DealWish, deal_save
from campaigns.services.life import campaign_start
from contacts.models import Sku
from tenants.audit import Actor
from tenants.models import Tenant
from tests.factories.campaigns import Played, make_campaign

PEN: list[tuple[str, str, int, int]] = [("点读笔", PrizeKind.GOODS, 9_600, 2)]
PRICE_FEN = 19_900


def deal_wish(sku: Sku, *, steps: Mapping[timedelta, int] | None = None, **fields: Any) -> DealWish:
    """Ten pieces at ¥199, two a person, half an hour to order in."""
    values: dict[str, Any] = {
        "sku_id": sku.pk, "kind": "sale", "price_fen": PRICE_FEN, "stock": 10, "per_person": 2, "people_needed": 2,
        "hold_minutes": 30, "ends_at": None, "url": "https://shop.example.com/box", "steps": steps or {},
    }  # fmt: skip
    return DealWish(**{**values, **fields})


def make_deal(
    *,
    tenant: Tenant,
    owner: Actor,
    is_started: bool = True,
    people: int = 3,
    wish: dict[str, Any] | None = None,
) -> tuple[Played, Deal]:
    """A campaign that sells picture-book boxes, running unless told otherwise; it began an hour ago."""
    played = make_campaign(tenant=tenant, actor=owner, is_started=False, prizes=PEN, people=people)
    sku = Sku.objects.create(
        tenant=tenant, code=f"box{played.campaign.pk}", name="绘本礼盒", price_fen=29_900
    )
    made = deal_save(
        tenant=tenant, campaign_id=played.campaign.pk, wish=deal_wish(sku, **(wish or {})), actor=owner
    )
    if is_started:
        campaign_start(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
    return played, Deal.objects.select_related("campaign", "sku").get(pk=made.pk)
