"""What a run will ask of people, worked out before it starts: rows, minutes, messages, quota."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from groups.policies.checks import Finding as Broken
from groups.selectors import people_total
from sop.enums import GROUP_CHANNELS, MASS_CHANNELS, Anchor, TemplateKind
from sop.models import Step, Version
from sop.policies import calendar, plan
from sop.policies.hands import Work, minutes_by_hand
from sop.policies.weekdays import first_weekday, weekday_told
from sop.selectors.constitution import judged
from sop.selectors.hands import LinkHands, carries, link_hands, staff_by_role
from sop.selectors.templates import limits_for
from team.selectors import staff_list
from tenants import clock

if TYPE_CHECKING:
    from groups.models import Group
    from tenants.models import Tenant


@dataclass(frozen=True)
class StaffLoad:
    """The most that one staff member's day asks."""

    name: str
    groups: int
    minutes: int
    day: int


@dataclass(frozen=True)
class RunPreview:
    """`messages` by camp day is for the member who gets most; `peak_day` is that day. `people` counts those of the
    groups whose members are known; `unknown` names the others, and where all are unknown `people` is None."""

    touches: int
    already_over: int
    group_touches: int
    private_touches: int
    by_hand: int
    mass_a_group: int
    people: int | None
    unknown: list[str]
    last_day: date
    messages: dict[int, int]
    peak_messages: int
    peak_day: int
    staff: list[StaffLoad]
    hands: list[LinkHands]  # of a camp of links: who carries them out, and whom their kind suggests (R120)
    findings: list[plan.Finding]
    broken: list[Broken]  # what the constitution says for the types of these groups
    minutes_limit: int
    messages_limit: int


def run_preview(
    *,
    tenant: "Tenant",
    version: Version,
    groups: list["Group"],
    starts_on: date,
    offer_ends_at: datetime | None,
) -> RunPreview:
    """Work out a run that does not exist yet. Writes nothing."""
    steps = list(Step.objects.filter(tenant=tenant, version=version))
    planned = steps_in_run(tenant, version, steps, starts_on, offer_ends_at)
    loads = plan.load_by_day(planned.values())
    limits = limits_for(tenant.pk)
    last_day = version.days + version.after_days
    ahead, over = _split(tenant, steps, planned, starts_on)
    staff = _staff_loads(tenant, groups, [(step, planned[step.pk].day or 0) for step in ahead])
    known = [one for one in groups if one.knows_members]
    peak = max(loads.items(), key=lambda pair: pair[1].messages, default=(0, plan.DayLoad(0, 0, 0)))
    return RunPreview(
        touches=len(ahead) * len(groups),
        already_over=len(over),
        group_touches=sum(1 for one in ahead if one.channel in GROUP_CHANNELS),
        private_touches=sum(1 for one in ahead if one.channel not in GROUP_CHANNELS),
        by_hand=sum(1 for one in ahead if one.channel not in MASS_CHANNELS),
        mass_a_group=sum(1 for one in ahead if one.channel == "group_mass"),
        people=people_total(tenant_id=tenant.pk, group_ids=[one.pk for one in known])[1] if known else None,
        unknown=[str(one) for one in groups if not one.knows_members],
        last_day=calendar.day_date(starts_on, last_day),
        messages={day: load.messages for day, load in loads.items()},
        peak_messages=peak[1].messages,
        peak_day=peak[0],
        staff=staff,
        hands=link_hands(tenant=tenant, steps=steps, groups=groups),
        findings=[
            *plan.promise_untold(planned.values(), groups_without_promise(groups)),
            *_other_weekday(steps, starts_on),
            *(one for one in _plan_findings(version, planned, limits) if one.code != "LOAD-01"),
            *_over_minutes(staff, limits.staff_minutes_a_day),
        ],
        broken=judged(
            tenant=tenant, version=version, steps=planned.values(), kinds=[group.kind for group in groups]
        ),
        minutes_limit=limits.staff_minutes_a_day,
        messages_limit=limits.messages_a_day,
    )


def groups_without_promise(groups: Iterable["Group"]) -> list[str]:
    """Names of the groups that say nobody in one sentence what they are for (R5)."""
    return [str(one) for one in groups if not one.value_proposition.strip()]


def steps_in_run(
    tenant: "Tenant", version: Version, steps: list[Step], starts_on: date, offer_ends_at: datetime | None
) -> dict[int, plan.PlanStep]:
    """{step id: the step as a run from that day carries it out}: the countdown stands where the offer ends."""
    day, at = version.offer_day, version.offer_at
    if offer_ends_at is not None:
        wall = clock.local(offer_ends_at, tenant.timezone)
        day, at = calendar.camp_day(starts_on, wall.date()), wall.time().replace(second=0, microsecond=0)
    return {step.pk: step.to_plan(offer_day=day, offer_at=at) for step in steps}


def _split(
    tenant: "Tenant", steps: list[Step], planned: dict[int, plan.PlanStep], starts_on: date
) -> tuple[list[Step], list[Step]]:
    """(steps still to come, steps whose window is over already): a run may start in the middle of a day."""
    ahead: list[Step] = []
    over: list[Step] = []
    now = clock.now()
    for step in steps:
        place = planned[step.pk]
        if step.anchor == Anchor.MEMBER_JOIN or place.day is None or place.at is None:
            continue
        due = calendar.due_at(starts_on=starts_on, day=place.day, at=place.at, zone=tenant.timezone)
        (ahead if calendar.window_end(due, step.window_minutes) > now else over).append(step)
    return ahead, over


def _plan_findings(
    version: Version, planned: dict[int, plan.PlanStep], limits: plan.Limits
) -> list[plan.Finding]:
    return plan.check(
        list(planned.values()),
        last_day=version.days + version.after_days,
        limits=limits,
        is_camp=version.template.kind == TemplateKind.CAMP,
    )


def weekday_to_start(steps: Iterable[Step]) -> int | None:
    """The day of the week that day 1 has to be, Monday 0; None where the steps are named after none."""
    return first_weekday((step.day, step.title) for step in steps if step.day is not None)


def _other_weekday(steps: list[Step], starts_on: date) -> list[plan.Finding]:
    """Steps named after a day of the week would fall on another one: the first of them says so for all."""
    wanted = weekday_to_start(steps)
    if wanted is None or wanted == starts_on.weekday():
        return []
    named = next(one for one in steps if one.day is not None and weekday_told(one.title) is not None)
    falls = calendar.day_date(starts_on, named.day or 1).weekday()
    values = {"title": named.title, "weekday": falls, "wanted": wanted}
    return [plan.Finding("WEEK-01", plan.Severity.WARN, values, (named.key,))]


def _over_minutes(staff: Iterable[StaffLoad], limit: int) -> list[plan.Finding]:
    """Who has more to do on their fullest day than a day holds: known by name here, so no rule of thumb is needed."""
    return [
        plan.Finding(
            "LOAD-02",
            plan.Severity.WARN,
            {"who": one.name, "day": one.day, "count": one.minutes, "limit": limit},
        )
        for one in staff
        if one.minutes > limit
    ]


def _staff_loads(tenant: "Tenant", groups: list["Group"], places: list[tuple[Step, int]]) -> list[StaffLoad]:
    """The fullest day of everybody who carries out any of these (step, camp day), as the plan gives them out."""
    roles = staff_by_role(tenant_id=tenant.pk, groups=groups)
    works: list[Work] = []
    seats: dict[object, set[int]] = defaultdict(set)
    for step, day in places:
        for group in groups:
            who = carries(roles[group.pk], step)
            seats[who].add(group.pk)
            works.append(Work(who, day, step.key, step.channel, step.cost_minutes))
    names = {one.pk: str(one) for one in staff_list(tenant_id=tenant.pk)} if works else {}
    loads = []
    for hand, days in minutes_by_hand(works).items():
        day, minutes = max(days.items(), key=lambda pair: (pair[1], -pair[0]))
        name = names.get(hand, "") if isinstance(hand, int) else ""
        loads.append(StaffLoad(name=name, groups=len(seats[hand]), minutes=minutes, day=day))
    return sorted(loads, key=lambda one: (-one.minutes, one.name))
