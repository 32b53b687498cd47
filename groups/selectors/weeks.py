"""The week ahead of a group: its plan day by day, morning, noon and evening, and what the constitution says of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from groups.enums import PLAN_DAYS, ContentKind, Context, Question, Slot
from groups.models import Group
from groups.policies import answers
from groups.policies.checks import Finding, evaluate
from groups.policies.plan import GroupPlan
from groups.selectors.facts import group_facts_many
from groups.selectors.panels import PlannedItem, plans_of
from tenants import clock
from tenants.models import Tenant

NOON_FROM, EVENING_FROM = time(11), time(17)
_SLOT_AT = {Slot.MORNING: time(8), Slot.NOON: time(12), Slot.EVENING: time(20)}


@dataclass(frozen=True)
class PlannedDay:
    """One day of the tenant's zone. `is_after`: the group has ended by then and nothing is owed."""

    day: date
    items: tuple[PlannedItem, ...]
    is_after: bool = False

    @property
    def slots(self) -> list[tuple[PlannedItem, ...]]:
        """Morning, noon, evening."""
        return [tuple(one for one in self.items if _slot(one.at.time()) == slot) for slot in Slot]


@dataclass(frozen=True)
class GroupWeek:
    """Days in a row of one group, as the checks see them."""

    group: Group
    days: tuple[PlannedDay, ...]
    plan: GroupPlan

    @property
    def findings(self) -> list[Finding]:
        """What the week breaks, worst first."""
        return evaluate(self.plan, Context.WEEK)

    @property
    def item_count(self) -> int:
        return sum(len(day.items) for day in self.days)


def _slot(at: time) -> Slot:
    if at < NOON_FROM:
        return Slot.MORNING
    return Slot.NOON if at < EVENING_FROM else Slot.EVENING


def week_of_group(*, tenant: Tenant, group: Group, facts: GroupPlan | None = None) -> GroupWeek:
    """The next seven days of one group, today the first. `facts`: what `group_facts` gave, if at hand."""
    known = None if facts is None else {group.pk: facts}
    return weeks_of_groups(tenant=tenant, groups=[group], known=known)[group.pk]


def weeks_of_groups(
    *,
    tenant: Tenant,
    groups: Iterable[Group],
    first: date | None = None,
    length: int = PLAN_DAYS,
    known: Mapping[int, GroupPlan] | None = None,
) -> dict[int, GroupWeek]:
    """{group id: its days from `first` (today) on}, in a constant number of queries. `known`: the groups' facts.

    What the first week of the readiness gate says holds for days on which nothing else is planned.
    """
    rows = list(groups)
    facts = known if known is not None else group_facts_many(tenant=tenant, groups=rows)
    begin = first or clock.local_date(clock.now(), tenant.timezone)
    planned = plans_of(
        tenant_id=tenant.pk,
        group_ids=[row.pk for row in rows],
        since=clock.day_bounds(begin, tenant.timezone)[0],
        until=clock.day_bounds(begin + timedelta(days=length - 1), tenant.timezone)[1],
    )
    found = {}
    for row in rows:
        by_day = _by_day(planned.get(row.pk, []), tenant.timezone)
        days = tuple(
            _day(row, facts[row.pk], begin + timedelta(days=number), by_day, tenant.timezone)
            for number in range(length)
        )
        found[row.pk] = GroupWeek(row, days, _as_plan(facts[row.pk], days))
    return found


def _by_day(items: Iterable[PlannedItem], zone: str) -> dict[date, list[PlannedItem]]:
    found: dict[date, list[PlannedItem]] = {}
    for one in items:
        wall = clock.local(one.at, zone)
        found.setdefault(wall.date(), []).append(replace(one, at=wall))
    return found


def _day(
    group: Group, facts: GroupPlan, day: date, planned: Mapping[date, list[PlannedItem]], zone: str
) -> PlannedDay:
    items = planned.get(day) or _from_answers(group, facts, day, zone)
    is_after = facts.ends_at is not None and day > facts.ends_at.date()
    return PlannedDay(day, tuple(items), is_after)


def _from_answers(group: Group, facts: GroupPlan, day: date, zone: str) -> list[PlannedItem]:
    started = group.starts_on or (clock.local_date(group.goes_live_at, zone) if group.goes_live_at else None)
    if started is None or not 0 <= (day - started).days < PLAN_DAYS:
        return []
    week = answers.week_of(facts.answer(Question.OPERATION))
    names = dict(ContentKind.choices)
    return [
        PlannedItem(
            at=clock.local(clock.at_local(day, _SLOT_AT[slot], zone), zone),
            title="",
            kind=kind,
            label=names[kind],
        )
        for slot in Slot
        if (kind := week[slot.value][(day - started).days])
    ]


def _as_plan(facts: GroupPlan, days: Iterable[PlannedDay]) -> GroupPlan:
    owed = [one for one in days if not one.is_after]
    return replace(
        facts,
        days=tuple(tuple(item.kind for item in one.items) for one in owed),
        posts=tuple(sum(item.is_post for item in one.items) for one in owed),
        week_ahead=sum(len(one.items) for one in owed) if owed else None,
    )
