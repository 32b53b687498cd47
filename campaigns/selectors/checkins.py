"""Reads of check-ins: terms, the days of a person, who came, and how it goes."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet, Sum

from campaigns.enums import Missing, PlayKind
from campaigns.enums.checkins import RewardKind
from campaigns.models import Campaign, CheckIn, CheckInMember, CheckInPlan, CheckInReward
from campaigns.policies.checkins import Mark, Terms
from campaigns.selectors.frame import group_ids_of, people_in
from campaigns.selectors.lottery import lottery_of
from campaigns.selectors.pages import page_token
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant

DAYS_SHOWN = 14
STREAKS = ((0, 0), (1, 2), (3, 6), (7, 13), (14, None))


def plans_in(campaign: Any) -> QuerySet[CheckInPlan]:
    """That of a campaign, to ask within a query of campaigns."""
    return CheckInPlan.objects.filter(campaign=campaign)


def plan_of_campaign(*, campaign: Campaign) -> CheckInPlan | None:
    """The check-in of a campaign, with its gift. One query."""
    rows = CheckInPlan.objects.filter(tenant_id=campaign.tenant_id, campaign=campaign)
    return rows.select_related("gift", "campaign").first()


def plan_get(*, tenant_id: int, plan_id: int) -> CheckInPlan | None:
    """With its campaign and gift; None where it is gone."""
    rows = CheckInPlan.objects.filter(tenant_id=tenant_id, pk=plan_id)
    return rows.select_related("gift", "campaign").first()


def checkin_token(campaign: Campaign) -> str:
    """The token of the page of a campaign's check-in, or ""."""
    plan = plan_of_campaign(campaign=campaign)
    return page_token(campaign=campaign, kind=PlayKind.CHECK_IN, row_id=plan.pk) if plan else ""


def days_of(campaign: Campaign, zone: str) -> tuple[date, date] | None:
    """The first and the last day of a campaign on the company's wall; None without dates."""
    if campaign.starts_at is None or campaign.ends_at is None:
        return None
    last = clock.local_date(campaign.ends_at - timedelta(microseconds=1), zone)
    return clock.local_date(campaign.starts_at, zone), last


def terms_of(plan: CheckInPlan, zone: str) -> Terms:
    """What was announced, as the policy takes it. The campaign is loaded and has its dates."""
    days = days_of(plan.campaign, zone)
    assert days is not None  # a campaign without dates has no page
    return Terms(
        first=days[0], last=days[1], period=plan.period, goal_days=plan.goal_days, day_points=plan.day_points,
        streak_days=plan.streak_days, streak_points=plan.streak_points, goal_points=plan.goal_points,
        goal_draws=plan.goal_draws, has_gift=plan.gift_id is not None, cards_start=plan.cards_start,
        card_days=plan.card_days, reach_days=plan.reach_days,
    )  # fmt: skip


def marks_of(*, plan: CheckInPlan, person_id: int) -> list[Mark]:
    """The days of a person that count, in order. One query."""
    rows = CheckIn.objects.filter(
        tenant_id=plan.tenant_id, plan=plan, customer_id=person_id, rejected_at=None
    )
    return [Mark(day, kind == "made") for day, kind in rows.order_by("day").values_list("day", "kind")]


def checkin_on(*, plan: CheckInPlan, person_id: int, day: date) -> CheckIn | None:
    """What a person handed in on a day, rejected or not."""
    rows = CheckIn.objects.filter(tenant_id=plan.tenant_id, plan=plan, customer_id=person_id, day=day)
    return rows.first()


def checkin_get(*, tenant_id: int, campaign_id: int, checkin_id: int) -> CheckIn:
    """Raises CheckIn.DoesNotExist, also for another campaign's or tenant's id."""
    rows = CheckIn.objects.filter(tenant_id=tenant_id, plan__campaign_id=campaign_id)
    return rows.select_related("plan__campaign", "plan__gift", "customer").get(pk=checkin_id)


def checkin_list(*, tenant_id: int, campaign_id: int) -> QuerySet[CheckIn]:
    """Every day of every person, the newest first."""
    rows = CheckIn.objects.filter(tenant_id=tenant_id, plan__campaign_id=campaign_id)
    return rows.select_related("customer", "plan").order_by("-pk")


def member_list(*, tenant_id: int, campaign_id: int) -> QuerySet[CheckInMember]:
    """Who takes part, the most days first."""
    rows = CheckInMember.objects.filter(tenant_id=tenant_id, plan__campaign_id=campaign_id)
    return rows.select_related("customer", "plan").order_by("-day_count", "-streak", "pk")


def rewards_held(*, plan: CheckInPlan, person_id: int) -> list[CheckInReward]:
    """What a person's days gave and still give."""
    rows = CheckInReward.objects.filter(tenant_id=plan.tenant_id, plan=plan, customer_id=person_id)
    return list(rows.filter(is_held=True).order_by("pk"))


@dataclass(frozen=True)
class DayRate:
    """How many checked in for a day, by hand on it or made up, of how many in the groups now."""

    day: date
    count: int
    inside: int

    @property
    def share(self) -> float:
        return self.count / self.inside if self.inside else 0.0


@dataclass(frozen=True)
class CheckInFigures:
    """How a check-in goes. `streaks`: [(from, to or None, people)] by the row of days that runs now."""

    inside: int
    people: int
    today: int
    goals: int
    points: int
    rejected: int
    days: list[DayRate]
    streaks: list[tuple[int, int | None, int]]


def figures_of_checkin(*, plan: CheckInPlan, tenant: "Tenant") -> CheckInFigures:
    """Live figures on the company's days. Seven queries."""
    terms, today = terms_of(plan, tenant.timezone), clock.local_date(clock.now(), tenant.timezone)
    inside = len(
        people_in(
            tenant_id=tenant.pk, group_ids=group_ids_of(tenant_id=tenant.pk, campaign_id=plan.campaign_id)
        )
    )
    until = min(today, terms.last)
    since = max(terms.first, until - timedelta(days=DAYS_SHOWN - 1))
    rows = CheckIn.objects.filter(tenant=tenant, plan=plan)
    good = rows.filter(rejected_at=None).order_by()
    by_day = dict(good.filter(day__gte=since).values_list("day").annotate(found=Count("pk")))
    shown = [since + timedelta(days=number) for number in range(max((until - since).days + 1, 0))]
    rewards = CheckInReward.objects.filter(tenant=tenant, plan=plan, is_held=True)
    points = rewards.filter(kind=RewardKind.POINTS).aggregate(found=Sum("amount"))["found"]
    goals = rewards.filter(key__startswith="goal:").order_by()
    return CheckInFigures(
        inside=inside,
        people=CheckInMember.objects.filter(tenant=tenant, plan=plan, day_count__gt=0).count(),
        today=by_day.get(today, 0),
        goals=goals.values("customer_id").distinct().count(),
        points=int(points or 0),
        rejected=rows.exclude(rejected_at=None).count(),
        days=[DayRate(day, by_day.get(day, 0), inside) for day in shown],
        streaks=_streaks(plan, today),
    )


def _streaks(plan: CheckInPlan, today: date) -> list[tuple[int, int | None, int]]:
    """People by the row of days that runs now; one that broke before yesterday is none. One query."""
    rows = CheckInMember.objects.filter(tenant_id=plan.tenant_id, plan=plan, day_count__gt=0)
    runs = Q(last_day__gte=today - timedelta(days=1))

    def within(low: int, high: int | None) -> Q:
        if low == 0:
            return ~runs
        return runs & Q(streak__gte=low) & (Q() if high is None else Q(streak__lte=high))

    told = rows.aggregate(**{f"from_{low}": Count("pk", filter=within(low, high)) for low, high in STREAKS})
    return [(low, high, told[f"from_{low}"]) for low, high in STREAKS]


def checkin_lacks(campaign: Campaign) -> list[Missing]:
    """What keeps a check-in from its start."""
    plan = plan_of_campaign(campaign=campaign)
    if plan is None:
        return []
    days = days_of(campaign, campaign.tenant.timezone)
    found = {
        Missing.GOAL_TOO_FAR: days is not None and (days[1] - days[0]).days + 1 < plan.goal_days,
        Missing.NO_LOTTERY: plan.goal_draws > 0 and lottery_of(campaign=campaign) is None,
    }
    return [one for one, lacks in found.items() if lacks]
