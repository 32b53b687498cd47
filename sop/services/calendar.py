"""What people move on the calendar: one touch by hand, or all that rules stopped. The gate's rules are asked first."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from contacts.enums import Rule as GateRule
from sop.enums import Anchor, RunState, TouchState
from sop.errors import MoveOfferOver, MovePast, MoveRefused, PlanChanged, TouchFixed
from sop.models import Touch, WeekPlan
from sop.selectors.places import Places, Proposal
from sop.selectors.replans import replan_of
from sop.services.handover import blocked_put
from sop.services.staff import touch_retime
from sop.services.state import touch_move, touches_store
from tenants import audit, clock
from tenants.enums import Permission
from tenants.locking import one_at_a_time
from tenants.services import require

if TYPE_CHECKING:
    from tenants.audit import Actor
    from tenants.models import Tenant

MOVABLE = frozenset({TouchState.PLANNED, TouchState.BLOCKED, TouchState.PARKED})


@dataclass(frozen=True)
class Moved:
    """A touch as it stood before a move; times in ISO form. Enough to put it back."""

    touch_id: int
    before: str
    after: str
    state: str
    rule: str
    reason: str
    window: str

    @property
    def may_go_back(self) -> bool:
        """What waited for a decision was given back to the people's counts: that decision stands."""
        return self.state != TouchState.PARKED

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def calendar_move(*, tenant: "Tenant", touch_id: int, due_at: datetime, actor: "Actor") -> Moved:
    """Move one touch to another time (aware UTC) when the gate's rules leave a place there.

    Raises MovePast, MoveOfferOver, MoveRefused (with the rule), TouchFixed, NotPermitted, Touch.DoesNotExist.
    """
    require(actor, Permission.OPERATE)
    touch = Touch.objects.select_related("step", "run", "group").get(tenant=tenant, pk=touch_id)
    _require_movable(touch, due_at)
    rule = Places(tenant=tenant, touches=[touch]).refusal(touch.pk, due_at)
    if rule:
        raise MoveRefused(rule=rule, why=GateRule(rule).label)
    moved = _moved(touch, due_at)
    touch_retime(tenant=tenant, touch_id=touch_id, due_at=due_at, actor=actor)
    return moved


def _require_movable(touch: Touch, due_at: datetime) -> None:
    if touch.state not in MOVABLE or touch.run.state != RunState.RUNNING:
        raise TouchFixed
    if due_at < clock.now():
        raise MovePast
    ends_at = touch.run.offer_ends_at if touch.step.anchor == Anchor.OFFER_END else None
    if ends_at is not None and due_at >= ends_at:
        raise MoveOfferOver


def _moved(touch: Touch, due_at: datetime) -> Moved:
    return Moved(
        touch.pk, touch.due_at.isoformat(), due_at.isoformat(), touch.state, touch.rule_code, touch.__dict__["reason"],
        touch.window_ends_at.isoformat(),
    )  # fmt: skip


def calendar_back(*, tenant: "Tenant", moved: Moved, actor: "Actor") -> bool:
    """Put a moved touch back as it stood, while it still waits where it was moved to. Safe to repeat.

    What was blocked is blocked again with its rule. Returns whether it went back. Raises NotPermitted.
    """
    require(actor, Permission.OPERATE)
    before, now = datetime.fromisoformat(moved.before), clock.now()
    with transaction.atomic():
        rows = Touch.objects.select_for_update(of=("self",)).select_related("step", "run", "group", "staff")
        touch = rows.filter(tenant=tenant, pk=moved.touch_id).first()
        is_there = touch is not None and touch.state == TouchState.PLANNED
        if touch is None or not is_there or touch.due_at != datetime.fromisoformat(moved.after):
            return False
        if moved.state == TouchState.PLANNED:
            if before < now:
                return False
            touch_retime(tenant=tenant, touch_id=touch.pk, due_at=before, actor=actor)
            return True
        touch_move(touch, TouchState.BLOCKED, rule=moved.rule, reason=moved.reason, at=now)
        touch.planned_at = touch.due_at = before
        touch.window_ends_at = datetime.fromisoformat(moved.window)
        touches_store([touch])
        blocked_put(tenant=tenant, touches=[touch], now=now)
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="sop.touch.retimed",
            target=touch,
            changes={"due_at": [moved.after, moved.before]},
        )
    return True


def plans_wait(tenant: "Tenant") -> None:
    """Let nobody else put a plan of this company in force until the transaction ends. Two who press at once do not
    record one plan twice: the second finds the week changed."""
    one_at_a_time("sop_week_plan", tenant_id=tenant.pk)


def replan_apply(
    *, tenant: "Tenant", starts_on: date, group_ids: Iterable[int], mark: str, actor: "Actor"
) -> WeekPlan:
    """Give each blocked touch of the week its proposed place, as it was shown.

    `planner_undo` takes it back. Raises PlanChanged when the proposals are not what was shown, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        plans_wait(tenant)
        plan = replan_of(tenant=tenant, starts_on=starts_on, group_ids=group_ids)
        if plan.mark != mark:
            raise PlanChanged
        moves = [_carry_out(tenant, one, actor) for one in plan.proposals if one.at is not None]
        row = WeekPlan.objects.create(
            tenant=tenant, starts_on=starts_on, made_at=clock.now(), made_by=actor.name[:128], moves=moves
        )
        audit.record(
            tenant=tenant, actor=actor, verb="sop.week_plan.applied", target=row,
            changes={"moved": [None, len(moves)], "left_out": [None, 0]},
        )  # fmt: skip
    return row


def _carry_out(tenant: "Tenant", one: Proposal, actor: "Actor") -> list[Any]:
    assert one.at is not None
    moved = _moved(one.touch, one.at)
    touch_retime(tenant=tenant, touch_id=one.touch.pk, due_at=one.at, actor=actor)
    return [moved.touch_id, moved.before, moved.after, moved.as_json()]


def due_of(
    *, touch: Touch, zone: str, day: date | None = None, shift_minutes: int = 0, shift_days: int = 0
) -> datetime:
    """The time a drag or a key asks for: another day at the same time of day, or so many minutes or days on."""
    at = clock.local(touch.planned_at, zone)
    wanted = (day or at.date()) + timedelta(days=shift_days)
    return clock.at_local(wanted, at.time(), zone) + timedelta(minutes=shift_minutes)
