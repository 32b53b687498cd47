"""The figures of one campaign: people, prizes, goal and ROI."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from campaigns.enums import ATTRIBUTION_DAYS, LABOUR_YUAN_AN_HOUR, AwardState, GoalKind
from campaigns.models import Award, Campaign
from campaigns.policies.roi import Bought, Roi, labour_fen, roi
from campaigns.selectors.ledger import spent_fen_of
from contacts.enums import OrderState
from contacts.selectors import orders_for
from contacts.selectors.identity import records_under
from tenants import clock, preferences


@dataclass(frozen=True)
class Figures:
    """`people`: who got a prize that was not taken back. `window_days` stands beside the ROI."""

    people: int
    awards: int
    given: int
    open_count: int
    roi: Roi
    window_days: int
    goal_now: int


def since_of(*, tenant_id: int, campaign_id: int) -> dict[int, datetime]:
    """{customer: when they first got a prize of this campaign}; prizes taken back do not count."""
    rows = Award.objects.filter(tenant_id=tenant_id, campaign_id=campaign_id)
    rows = rows.exclude(state=AwardState.RETURNED).order_by()
    return dict(rows.values_list("customer_id").annotate(first=Min("made_at")))


def roi_of(*, campaign: Campaign) -> tuple[Roi, int]:
    """(the ROI, its window in days). Five queries."""
    tenant_id = campaign.tenant_id
    set_to = preferences.values(tenant_id, ATTRIBUTION_DAYS, LABOUR_YUAN_AN_HOUR)
    days = set_to[ATTRIBUTION_DAYS.key]
    since = since_of(tenant_id=tenant_id, campaign_id=campaign.pk)
    made = roi(
        _bought(tenant_id, since),
        since=since,
        window=timedelta(days=days),
        now=clock.now(),
        prizes_fen=spent_fen_of(tenant_id=tenant_id, campaign_id=campaign.pk),
        media_fen=campaign.media_fen,
        labour_fen=labour_fen(campaign.labour_minutes, set_to[LABOUR_YUAN_AN_HOUR.key]),
    )
    return made, days


def _bought(tenant_id: int, since: dict[int, datetime]) -> list[Bought]:
    """Every order of these people from the first moment on, by whatever record of theirs. Two queries."""
    if not since:
        return []
    person_of = records_under(tenant_id=tenant_id, person_ids=since)
    orders = orders_for(
        tenant_id=tenant_id, customer_ids={*since, *person_of}, since=min(since.values())
    ).filter(customer__isnull=False)
    return [
        Bought(one.pk, person_of.get(one.customer_id or 0, one.customer_id or 0), one.ordered_at,
               one.amount_fen or 0, _refund_fen(one))
        for one in orders
        if one.ordered_at is not None
    ]  # fmt: skip


def _refund_fen(order: object) -> int:
    """What went back of an order; a refund without a sum took all."""
    told = getattr(order, "refund_fen", None)
    if told is not None:
        return int(told)
    is_back = getattr(order, "state", "") == OrderState.REFUNDED
    return int(getattr(order, "amount_fen", None) or 0) if is_back else 0


def figures_of(*, campaign: Campaign) -> Figures:
    """Everything that the head of a campaign's page shows. Six queries."""
    rows = Award.objects.filter(tenant_id=campaign.tenant_id, campaign_id=campaign.pk)
    states = list(rows.values_list("state", "customer_id"))
    kept = [(state, person) for state, person in states if state != AwardState.RETURNED]
    people = len({person for _state, person in kept})
    given = sum(1 for state, _person in kept if state == AwardState.GIVEN)
    made, days = roi_of(campaign=campaign)
    goals = {
        GoalKind.PEOPLE: people,
        GoalKind.ORDERS: made.orders,
        GoalKind.REVENUE: made.net_fen // 100,
    }
    return Figures(
        people=people,
        awards=len(kept),
        given=given,
        open_count=len(kept) - given,
        roi=made,
        window_days=days,
        goal_now=goals[GoalKind(campaign.goal_kind)],
    )
