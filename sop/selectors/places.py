"""Whether a touch may stand at another time, by the gate's own rules and what is planned beside it; and where it could.

Asked are: frozen and ended groups, quiet hours, the group's messages of a day, WeCom's quota, the messages of each
person it reaches on the day and in the week. Staff minutes do not refuse a person's own decision.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from contacts.enums import Rule as GateRule
from contacts.policies.touch import week_start
from contacts.services.touch import gate_limits
from groups.selectors import customer_groups, members_current
from sop.enums import Anchor, TouchState
from sop.enums.calendar import CLASH_MINUTES, FIELDS
from sop.models import Touch
from sop.policies.clashes import Mark, clash_of
from sop.policies.replan import times_for
from sop.policies.schedule import Place
from sop.selectors.planner import Slot, WeekBuilder, week_builder
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant

_STAFF = "LOAD-01"
# Rules that another time can satisfy; the rest only a person can change.
BY_TIME = frozenset(
    {
        GateRule.QUIET, GateRule.GROUP_LIMIT, GateRule.QUOTA, GateRule.DAY_CAP, GateRule.WEEK_CAP, GateRule.KEPT,
        GateRule.VALUE_FIRST,
        GateRule.FREEZE,
    }
)  # fmt: skip


@dataclass(frozen=True)
class Proposal:
    """A blocked touch and the next time that suits; `at` None: none does, `rule` says what keeps it."""

    touch: Touch
    at: datetime | None
    rule: str = ""


class Places:
    """What is planned for some groups, and for those who share people with them; weeks are read when asked for."""

    def __init__(self, *, tenant: "Tenant", touches: Sequence[Touch]) -> None:
        self.tenant, self.touches, self.now = tenant, {one.pk: one for one in touches}, clock.now()
        self.group_ids = self._concerned({one.group_id for one in touches if one.group_id})
        self.limits = gate_limits(tenant_id=tenant.pk, zone=tenant.timezone)
        self._weeks: dict[date, WeekBuilder] = {}
        self._taken: dict[date, dict[Place, int]] = {}
        self._given: dict[int, datetime] = {}

    def _concerned(self, group_ids: set[int]) -> list[int]:
        """These groups and every other one that a member of them sits in. Two queries."""
        people = members_current(tenant_id=self.tenant.pk, group_ids=group_ids)
        seats = customer_groups(
            tenant_id=self.tenant.pk, customer_ids={one for some in people.values() for one in some}
        )
        return sorted(group_ids | {group.pk for some in seats.values() for group in some})

    def _week(self, at: datetime) -> WeekBuilder:
        monday = week_start(clock.local_date(at, self.tenant.timezone))
        if monday not in self._weeks:
            made = week_builder(
                tenant=self.tenant, starts_on=monday, group_ids=self.group_ids, also=list(self.touches)
            )
            taken: dict[Place, int] = defaultdict(int)
            for touch in made.week.touches.values():
                if touch.pk not in self.touches:
                    _add(taken, made, touch, touch.due_at)
            for pk, given in self._given.items():
                if week_start(clock.local_date(given, self.tenant.timezone)) == monday:
                    _add(taken, made, made.week.touches[pk], given)
            self._weeks[monday], self._taken[monday] = made, taken
        return self._weeks[monday]

    def refusal(self, touch_id: int, at: datetime) -> str:
        """The rule that keeps a touch from standing at `at` (aware UTC); "" when none does."""
        made = self._week(at)
        touch = made.week.touches.get(touch_id)
        if touch is None:  # more is planned than is looked at: the gate itself decides when it is due
            return ""
        if touch.group is not None and touch.group.dismissed_at:
            return str(GateRule.ENDED)
        if touch.group is not None and touch.group.frozen_at:
            return str(GateRule.FREEZE)
        if made.is_quiet(touch, at):
            return str(GateRule.QUIET)
        held = self._held(made, touch)
        taken = self._taken[week_start(clock.local_date(at, self.tenant.timezone))]
        for place, count in made.uses(touch, Slot(at, touch.channel)):
            is_free = place in held or place.rule == _STAFF or place not in made.week.room
            if not is_free and taken[place] + count > made.week.room[place]:
                return place.rule
        return ""

    def _held(self, made: WeekBuilder, touch: Touch) -> set[Place]:
        """Places that a planned touch has already: to stay in them asks for nothing new."""
        if touch.state != TouchState.PLANNED:
            return set()
        return {place for place, _count in made.uses(touch, Slot(touch.due_at, touch.channel))}

    def collides(self, touch_id: int, at: datetime) -> bool:
        """Whether it would stand within an hour of a message of the same group, as the calendar judges it."""
        made = self._week(at)
        touch = made.week.touches.get(touch_id)
        if touch is None:
            return False
        mine = _mark(touch, at)
        near = timedelta(minutes=CLASH_MINUTES)
        for other in made.week.touches.values():
            when = self._given.get(other.pk, None if other.pk in self.touches else other.due_at)
            is_near = when is not None and other.pk != touch_id and abs(when - at) < near
            if is_near and other.group_id == touch.group_id and when is not None:
                first, second = sorted((mine, _mark(other, when)), key=lambda one: one.at)
                if clash_of(first, second):
                    return True
        return False

    def give(self, touch_id: int, at: datetime) -> None:
        """Count a place as taken, so that the next one asked does not get it as well."""
        made = self._week(at)
        monday = week_start(clock.local_date(at, self.tenant.timezone))
        _add(self._taken[monday], made, made.week.touches[touch_id], at)
        self._given[touch_id] = at


def _add(taken: dict[Place, int], made: WeekBuilder, touch: Touch, at: datetime) -> None:
    for place, count in made.uses(touch, Slot(at, touch.channel)):
        taken[place] += count


def _mark(touch: Touch, at: datetime) -> Mark:
    return Mark(
        f"t{touch.pk}", touch.group_id or 0, at, f"run:{touch.run_id}", str(FIELDS.get(touch.channel, "")),
        touch.step.is_marketing,
    )  # fmt: skip


def proposals_for(*, tenant: "Tenant", touches: Iterable[Touch]) -> list[Proposal]:
    """The next place of each blocked touch, the most important first. Each week looked at needs some fifteen queries.

    The earliest day of the next seven that the gate and the quota allow, nearest to its own time of day and clear of
    the messages beside it. What a rule stopped that time does not change keeps its rule.
    """
    wanted = sorted(touches, key=lambda one: (one.step.priority, one.planned_at, one.pk))
    places = Places(tenant=tenant, touches=[one for one in wanted if one.rule_code in BY_TIME])
    found = []
    for touch in wanted:
        if touch.rule_code not in BY_TIME:
            found.append(Proposal(touch, None, touch.rule_code))
            continue
        at, rule = _next(places, touch)
        if at is not None:
            places.give(touch.pk, at)
        found.append(Proposal(touch, at, rule))
    return sorted(found, key=lambda one: (one.at is None, one.touch.planned_at, one.touch.pk))


def _next(places: Places, touch: Touch) -> tuple[datetime | None, str]:
    until = touch.run.offer_ends_at if touch.step.anchor == Anchor.OFFER_END else None
    limits = places.limits
    first_rule = ""
    for at in times_for(
        planned_at=touch.planned_at,
        now=places.now,
        limits=limits,
        is_service=touch.step.is_service,
        until=until,
    ):
        rule = places.refusal(touch.pk, at)
        first_rule = first_rule or rule
        if not rule and not places.collides(touch.pk, at):
            return at, ""
    return None, first_rule or touch.rule_code
