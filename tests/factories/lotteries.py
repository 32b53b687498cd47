"""Campaigns with a lottery."""

from typing import Any

from campaigns.enums import PrizeKind
from campaigns.models import Draw, Lottery
from campaigns.policies.lottery import WHOLE
from campaigns.services.life import campaign_start
from campaigns.services.lottery import LotteryWish, draw_make, lottery_set
from tenants.audit import Actor
from tenants.models import Tenant
from tests.factories.campaigns import Played, make_campaign

PEN = [("点读笔", PrizeKind.GOODS, 9_600, 2)]
BOTH = [("点读笔", PrizeKind.GOODS, 9_600, 2), ("小红包", PrizeKind.RED_PACKET, 288, 40)]


def make_lottery(
    *, tenant: Tenant, owner: Actor, percents: tuple[float, ...] = (100,), kind: str = "grid", free: int = 2,
    most: int = 3, is_started: bool = True, **fields: Any,
) -> tuple[Played, Lottery]:  # fmt: skip
    """A campaign with a lottery over its prizes in their order, running unless told otherwise."""
    played = make_campaign(tenant=tenant, actor=owner, is_started=False, **{"prizes": PEN, **fields})
    odds = {
        prize.pk: int(share * WHOLE / 100)
        for prize, share in zip(played.prizes, percents, strict=True)
        if share
    }
    wish = LotteryWish(kind=kind, free_draws=free, draws_most=most, odds=odds)
    made = lottery_set(tenant=tenant, campaign_id=played.campaign.pk, wish=wish, actor=owner)
    if is_started:
        campaign_start(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
    return played, Lottery.objects.select_related("campaign").get(pk=made.pk)


def draw(tenant: Tenant, lottery: Lottery, person_id: int, key: str) -> Draw:
    """One draw by what the campaign is now."""
    fresh = Lottery.objects.select_related("campaign").get(pk=lottery.pk)
    return draw_make(tenant=tenant, lottery=fresh, person_id=person_id, key=key)
