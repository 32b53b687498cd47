"""Campaigns in which members show an order."""

from datetime import timedelta
from typing import Any

from campaigns.models import Campaign, ShownOrder, ShowPlay
from campaigns.selectors.showing import show_get
from campaigns.services.life import campaign_start
from campaigns.services.showing import ShowWish, Told, order_show, show_set
from contacts.models import Customer, Order
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant
from tests.factories.campaigns import Played, make_campaign
from tests.factories.contacts import make_order
from tests.factories.quizzes import BOOK

WORDS = "收到了，孩子翻了三遍，第 8 页有点皱。"
PNG = b"\x89PNG\r\n\x1a\n"


def make_show(
    *,
    tenant: Tenant,
    owner: Actor,
    is_started: bool = True,
    wish: dict[str, Any] | None = None,
    **fields: Any,
) -> tuple[Played, ShowPlay]:
    """A campaign that began an hour ago and ends in a week; orders are shown until two days before."""
    played = make_campaign(tenant=tenant, actor=owner, is_started=False, **{"prizes": BOOK, **fields})
    given = {
        "prize_id": played.prizes[0].pk, "before_days": 0, "look_hours": 48, "needs_picture": False, **(wish or {}),
    }  # fmt: skip
    made = show_set(tenant=tenant, campaign_id=played.campaign.pk, wish=ShowWish(**given), actor=owner)
    if is_started:
        campaign_start(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
    return played, made


def bought(tenant: Tenant, customer: Customer, *, minutes_ago: int = 10, **fields: Any) -> Order:
    """A paid order of theirs."""
    at = clock.now() - timedelta(minutes=minutes_ago)
    return make_order(tenant=tenant, customer=customer, ordered_at=at, **{"state": "paid", **fields})


def shows(tenant: Tenant, play: ShowPlay, customer: Customer, order: Order, **told: Any) -> ShownOrder:
    """One try, by what the play is now."""
    fresh = show_get(tenant_id=tenant.pk, play_id=play.pk)
    assert fresh is not None
    values: dict[str, Any] = {"order_id": order.pk, "text": WORDS, **told}
    return order_show(tenant=tenant, play=fresh, person_id=customer.pk, told=Told(**values))


def picture(number: int) -> tuple[str, bytes]:
    """A small picture, another one for each number."""
    return f"{number}.png", PNG + b"%d" % number * 20


def fresh(campaign: Campaign) -> Campaign:
    return Campaign.objects.get(pk=campaign.pk)
