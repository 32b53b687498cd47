"""Campaigns with a check-in."""

from datetime import date, timedelta
from typing import Any

from campaigns.models import CheckIn, CheckInPlan
from campaigns.selectors.checkins import plan_of_campaign
from campaigns.services.checkins import CheckInWish, checkin_make, checkin_set
from campaigns.services.life import campaign_start
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant
from tests.factories.campaigns import Played, make_campaign

WISH: dict[str, Any] = {
    "tasks": "跟读第 1 页\n跟读第 2 页\n跟读第 3 页", "hint": "约 4 分钟", "proof": "tap", "period": "week",
    "goal_days": 5, "day_points": 5, "streak_days": 3, "streak_points": 10, "goal_points": 30,
    "goal_draws": 0, "gift_id": None, "cards_start": 1, "card_days": 0, "reach_days": 7,
}  # fmt: skip


def make_checkin(
    *, tenant: Tenant, owner: Actor, has_gift: bool = False, is_started: bool = True,
    wish: dict[str, Any] | None = None, **fields: Any,
) -> tuple[Played, CheckInPlan]:  # fmt: skip
    """A campaign of seven days with a check-in, running unless told otherwise; the gift is its first prize."""
    played = make_campaign(tenant=tenant, actor=owner, is_started=False, **fields)
    gift = {"gift_id": played.prizes[0].pk} if has_gift else {}
    checkin_set(
        tenant=tenant, campaign_id=played.campaign.pk, actor=owner,
        wish=CheckInWish(**{**WISH, **gift, **(wish or {})}),
    )  # fmt: skip
    if is_started:
        campaign_start(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
    return played, fresh(played)


def fresh(played: Played) -> CheckInPlan:
    """The check-in by what the campaign is now."""
    plan = plan_of_campaign(campaign=type(played.campaign).objects.get(pk=played.campaign.pk))
    assert plan is not None
    return plan


def today_of(tenant: Tenant) -> date:
    """The day on the company's wall."""
    return clock.local_date(clock.now(), tenant.timezone)


def check_in(
    tenant: Tenant, played: Played, person_id: int, *, days_ago: int = 0, proof: str = ""
) -> CheckIn:
    """One check-in for today, or as a late form would ask for it."""
    day = today_of(tenant) - timedelta(days=days_ago)
    return checkin_make(tenant=tenant, plan=fresh(played), person_id=person_id, day=day, proof=proof)
