"""What the days of a person give: whatever the policy says that they give now is given, and no more than that."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from campaigns.enums import AwardSource, EntryReason, GrantReason
from campaigns.enums.checkins import RewardKind
from campaigns.errors import AwardPaid, AwardSettled, BudgetSpent, StockOut
from campaigns.models import CheckInPlan, CheckInReward
from campaigns.policies.checkins import Mark, Reward, rewards_of
from campaigns.selectors.checkins import terms_of
from campaigns.selectors.lottery import lottery_of
from campaigns.services.awards import award_make, award_take_back
from campaigns.services.lottery import draws_grant, entrant_open
from campaigns.services.points import points_move, points_take_back
from tenants import clock
from tenants.audit import Actor

if TYPE_CHECKING:
    from tenants.models import Tenant


@dataclass(frozen=True)
class Settled:
    """What one change of days took back: `points` of them, while `kept` were spent already."""

    points: int = 0
    kept: int = 0


def rewards_settle(
    *, tenant: "Tenant", plan: CheckInPlan, person_id: int, marks: list[Mark], actor: Actor
) -> Settled:
    """Give what these days give and was not given yet; take back what they no longer give. Safe to repeat.

    In the caller's transaction, with the person's row held. Draws come before gifts: whoever draws holds a row of the
    lottery and then the campaign's, so nobody waits in a circle. Points come last: everybody who checks in moves the
    campaign's side of them, and nobody holds that for longer than the commit. A gift of which nothing is left is
    given once there is a piece again, at the next change.
    """
    wanted = {one.key: one for one in rewards_of(terms_of(plan, tenant.timezone), marks)}
    rows = CheckInReward.objects.filter(tenant=tenant, plan=plan, customer_id=person_id)
    known = {one.key: one for one in rows}
    fresh = [one for key, one in wanted.items() if key not in known or not known[key].is_held]
    stale = [one for key, one in known.items() if one.is_held and key not in wanted]
    points, gone = [], []
    for kind in (RewardKind.DRAWS, RewardKind.GIFT, RewardKind.POINTS):
        points += [
            _give(tenant, plan, person_id, one, known.get(one.key), actor)
            for one in fresh
            if one.kind == kind
        ]
        gone += [_take_back(tenant, plan, one, actor) for one in stale if one.kind == kind]
    for held, due in filter(None, points):
        points_move(
            tenant=tenant, campaign_id=plan.campaign_id, person_id=person_id, amount=due,
            reason=EntryReason.EARNED, key=_key(held), actor=actor,
        )  # fmt: skip
    return _points_back(tenant, plan, [one for one in gone if one is not None], actor)


def _key(row: CheckInReward) -> str:
    suffix = f":{row.turn}" if row.turn else ""
    return f"checkin:{row.plan_id}:{row.customer_id}:{row.key}{suffix}"


def _give(
    tenant: "Tenant",
    plan: CheckInPlan,
    person_id: int,
    reward: Reward,
    known: CheckInReward | None,
    actor: Actor,
) -> tuple[CheckInReward, int] | None:
    """Give draws or a gift. Points are only noted: returns their row and how many are due."""
    row = known or CheckInReward(
        tenant=tenant, plan=plan, customer_id=person_id, key=reward.key, kind=reward.kind
    )
    row.turn = known.turn + 1 if known else 0
    # What was used before it could be taken back is not given a second time.
    due = reward.amount - row.kept
    row.amount, row.at, row.is_held, row.kept = reward.amount, clock.now(), True, 0
    match reward.kind:
        case RewardKind.DRAWS:
            if not _draws_move(plan, row, due, _key(row), actor):
                return None
        case RewardKind.GIFT:
            award_id = _gift(tenant, plan, person_id, _key(row), actor)
            if award_id is None:
                return None
            row.award_id = award_id
    row.save()
    return (row, due) if reward.kind == RewardKind.POINTS else None


def _draws_move(plan: CheckInPlan, row: CheckInReward, amount: int, key: str, actor: Actor) -> int:
    """How many draws came, or went (below zero): what was drawn stays drawn. 0 without a lottery."""
    lottery = lottery_of(campaign=plan.campaign)
    if lottery is None or not amount:
        return 0
    before = entrant_open(lottery=lottery, person_id=row.customer_id).granted
    after = draws_grant(
        lottery=lottery, person_id=row.customer_id, amount=amount, reason=GrantReason.CHECK_IN, key=key[:64],
        actor=actor,
    ).granted  # fmt: skip
    return after - before


def _gift(tenant: "Tenant", plan: CheckInPlan, person_id: int, key: str, actor: Actor) -> int | None:
    """The piece that was set aside, or None where none or no money is left."""
    assert plan.gift_id is not None  # the policy gives no gift where there is none
    try:
        return award_make(
            tenant=tenant, campaign_id=plan.campaign_id, prize_id=plan.gift_id, customer_id=person_id,
            source=AwardSource.CHECK_IN, key=key[:64], note="", actor=actor,
        ).pk  # fmt: skip
    except (StockOut, BudgetSpent):
        return None


def _take_back(tenant: "Tenant", plan: CheckInPlan, row: CheckInReward, actor: Actor) -> CheckInReward | None:
    """Take draws or a gift back; a gift that is in the person's hands stays there. Points are only noted: their row."""
    key = f"{_key(row)}:back"
    if row.kind == RewardKind.GIFT and not _gift_back(tenant, row, actor):
        return None
    if row.kind == RewardKind.DRAWS:
        row.kept = row.amount + _draws_move(plan, row, -row.amount, key, actor)
    if row.kind == RewardKind.POINTS:
        return row
    row.is_held = False
    row.save(update_fields=["is_held", "kept"])
    return None


def _points_back(tenant: "Tenant", plan: CheckInPlan, rows: list[CheckInReward], actor: Actor) -> Settled:
    taken = kept = 0
    for row in rows:
        back = points_take_back(
            tenant=tenant, campaign_id=plan.campaign_id, person_id=row.customer_id, amount=row.amount,
            key=f"{_key(row)}:back", actor=actor,
        )  # fmt: skip
        row.is_held, row.kept = False, row.amount - back
        row.save(update_fields=["is_held", "kept"])
        taken, kept = taken + back, kept + row.kept
    return Settled(taken, kept)


def _gift_back(tenant: "Tenant", row: CheckInReward, actor: Actor) -> bool:
    if row.award_id is None:
        return True
    try:
        reason = _("A check-in was rejected, the goal is not reached.")
        award_take_back(tenant=tenant, award_id=row.award_id, reason=reason, actor=actor)
    except (AwardSettled, AwardPaid):
        return False
    return True
