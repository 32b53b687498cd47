"""Campaigns with groups, people and prizes. Each needs its tenant's scope open."""

import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from campaigns.enums import GoalKind, PrizeKind, Theme
from campaigns.enums.coupons import OfferKind
from campaigns.models import Campaign, Prize
from campaigns.services.coupons import OfferWish, offer_save
from campaigns.services.frame import (
    Costs,
    Idea,
    PrizeWish,
    campaign_create,
    campaign_set_costs,
    campaign_set_place,
    campaign_set_rules,
    prize_save,
)
from campaigns.services.life import campaign_start
from contacts.models import Customer
from groups.models import Group
from team.models import Staff
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant
from tests.factories.contacts import make_customer, make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff

_numbers = itertools.count(1)
RULES = "群成员均可参加，11 月 26 日 20:00 截止，奖品由老师寄出。不需要转发朋友圈。有疑问在群里找林晓老师。"


@dataclass(frozen=True)
class Played:
    """A campaign, its prizes, and who may win them."""

    campaign: Campaign
    prizes: list[Prize]
    people: list[Customer]
    group: Group
    staff: Staff


def make_campaign(
    *,
    tenant: Tenant,
    actor: Actor,
    prizes: list[tuple[str, str, int, int]] | None = None,
    budget_fen: int = 600_000,
    people: int = 3,
    is_started: bool = True,
    coupons: list[OfferWish] | None = None,
    **fields: Any,
) -> Played:
    """A whole campaign, running unless told otherwise. `prizes`: (name, kind, fen a piece, pieces)."""
    number = next(_numbers)
    staff = make_staff(tenant=tenant, name="林晓")
    group = make_group(tenant=tenant)
    first = make_customer(tenant=tenant, name="豆豆妈妈")
    crowd = [first, *make_customers(tenant=tenant, count=people - 1)]
    fill_group(group=group, customers=crowd, staff=[staff])
    idea = {
        "name": f"邀好友抽绘本{number}", "about": "家长邀好友进群，送绘本", "theme": Theme.FAN_TREAT,
        "goal_kind": GoalKind.PEOPLE, "goal_target": 10, **fields,
    }  # fmt: skip
    row = campaign_create(tenant=tenant, idea=Idea(**idea), actor=actor)
    who: dict[str, Any] = {"tenant": tenant, "campaign_id": row.pk, "actor": actor}
    now = clock.now()
    campaign_set_place(
        **who, group_ids=[group.pk], starts_at=now - timedelta(hours=1), ends_at=now + timedelta(days=7)
    )
    campaign_set_costs(**who, costs=Costs(budget_fen=budget_fen, media_fen=0, labour_minutes=0))
    wanted = prizes if prizes is not None else [("点读笔", PrizeKind.GOODS, 9_600, 5)]
    made = [
        prize_save(**who, wish=PrizeWish(name=name, kind=kind, unit_fen=fen, stock=stock))
        for name, kind, fen, stock in wanted
    ]
    made += [offer_save(**who, wish=one).prize for one in coupons or []]
    campaign_set_rules(**who, rules_text=RULES, owner_id=staff.pk)
    if is_started:
        campaign_start(**who)
    return Played(Campaign.objects.get(pk=row.pk), made, crowd, group, staff)


def coupon_wish(**fields: Any) -> OfferWish:
    """¥100 off an order of ¥1,980 and more, three days, twenty pieces."""
    values: dict[str, Any] = {
        "name": "年课券", "stock": 20, "cost_fen": 0, "kind": OfferKind.AMOUNT, "off_fen": 10_000,
        "threshold_fen": 198_000, "valid_days": 3,
    }  # fmt: skip
    return OfferWish(**{**values, **fields})
