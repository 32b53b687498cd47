"""Campaigns with distribution, people who recommend, and orders."""

from typing import Any

from campaigns.enums import PrizeKind
from campaigns.handlers import on_sales
from campaigns.models import Distribution, Seller
from campaigns.services.distribution import (
    DistributionWish,
    distribution_set,
    distribution_switch_on,
    seller_name,
)
from campaigns.services.life import campaign_start
from contacts.enums import BehaviourKind
from contacts.events import BehavioursRecorded
from contacts.models import Customer, Order
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant
from tests.factories.campaigns import Played, make_campaign

PACKETS = [("推荐佣金", PrizeKind.RED_PACKET, 2_000, 30), ("达标奖", PrizeKind.RED_PACKET, 8_800, 5)]
NOTE = "法务 12 月 1 日看过：只有一级，不收费，不按拉人给钱。"


def make_distribution(
    *, tenant: Tenant, owner: Actor, is_on: bool = True, is_started: bool = True, wish: dict[str, Any] | None = None,
    **fields: Any,
) -> tuple[Played, Distribution]:  # fmt: skip
    """20 yuan for an order from 100 yuan on, 88 more for two, seven days each."""
    given: dict[str, Any] = {"prizes": PACKETS, "budget_fen": 200_000, "people": 6, **fields}
    played = make_campaign(tenant=tenant, actor=owner, is_started=False, **given)
    values: dict[str, Any] = {
        "commission_id": played.prizes[0].pk, "min_order_fen": 10_000, "refund_days": 7, "touch_days": 7,
        "bonus_id": played.prizes[1].pk, "bonus_orders": 2, "takes_requests": True,
        "shop_url": "https://shop.example.com/year?from=wechat", **(wish or {}),
    }  # fmt: skip
    who: dict[str, Any] = {"tenant": tenant, "campaign_id": played.campaign.pk, "actor": owner}
    distribution_set(**who, wish=DistributionWish(**values))
    if is_on:
        distribution_switch_on(**who, note=NOTE, is_lawful=True)
    if is_started:
        campaign_start(**who)
        played.campaign.refresh_from_db()
    row = Distribution.objects.select_related("campaign", "commission", "bonus").get()
    return played, row


def make_seller(*, tenant: Tenant, played: Played, owner: Actor, person: Customer) -> Seller:
    """A member who takes part from now on."""
    row = seller_name(tenant=tenant, campaign_id=played.campaign.pk, customer_id=person.pk, actor=owner)
    return Seller.objects.select_related("distribution__campaign", "customer").get(pk=row.pk)


def buys(
    *, tenant: Tenant, buyer: Customer, number: str, fen: int = 19_800, code: str = "", kind: str = "order",
    **fields: Any,
) -> Order:  # fmt: skip
    """The shop tells of an order, or of a refund, and campaigns hear of it, twice."""
    data = {"distributor": code} if code else {}
    item = BehaviourItem(
        event_id=f"{kind}:{number}", kind=BehaviourKind(kind), occurred_at=clock.now(), customer_id=buyer.pk,
        object_kind="order", object_id=number, object_title="年课", amount_fen=fen, data=data, **fields,
    )  # fmt: skip
    behaviour_record_many(tenant_id=tenant.pk, source="shop", items=[item])
    event = BehavioursRecorded(
        tenant_id=tenant.pk, occurred_at=clock.now(), customer_ids=[buyer.pk], behaviour_ids=[], kinds=[kind],
        first_at=clock.now(), last_at=clock.now(),
    )  # fmt: skip
    on_sales(tenant_id=tenant.pk, events=[event, event])
    return Order.objects.get(order_no=number)
