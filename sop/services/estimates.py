"""Whom a step would reach if it went out today. Reads only: it asks the gate without counting anything."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from contacts.selectors import follow_staff_ids
from contacts.services.touch import Decision, TouchRequest, gate_peek
from groups.enums import State
from groups.selectors import groups_open, members_current
from sop.enums import (
    CIRCLES_OF,
    GROUP_CHANNELS,
    INTERNAL_CHANNELS,
    MASS_CHANNELS,
    PULL_CHANNELS,
    Anchor,
    Audience,
    Channel,
    Rule,
    RunState,
)
from sop.models import RunGroup
from sop.selectors.audience import audience_in_runs, circle_seats
from tenants import clock

if TYPE_CHECKING:
    from groups.models import Group
    from sop.models import Run, Step, Version
    from tenants.models import Tenant

GROUPS_OFFERED = 60  # groups to choose from, and at most asked about
_OF_A_RUN = frozenset({Audience.INTERACTED, Audience.UNINTERACTED, Audience.UNDECIDED, Audience.BUYERS})


@dataclass(frozen=True)
class Held:
    """People whom one rule keeps from a step, or, in a group, would if it were told to each alone."""

    code: str
    people: int


@dataclass(frozen=True)
class Estimate:
    """At `at`: `people` are distinct persons meant in `groups`, `reached` those of them the gate lets pass.

    `held` explains the rest, `noted` names members of groups who get it although a rule names them. `is_upper`: nobody
    can tell before a run who belongs to the audience, so everybody was taken.
    `is_each`: it goes to whoever joins. `is_inside`: it is done among colleagues.
    """

    at: datetime
    groups: int
    people: int
    reached: int
    held: tuple[Held, ...] = ()
    noted: tuple[Held, ...] = ()
    # Names of the groups whose members nobody knows yet: their people are not counted.
    unknown: tuple[str, ...] = ()
    is_upper: bool = False
    is_each: bool = False
    is_inside: bool = False


def groups_for(*, tenant: "Tenant", version: "Version") -> list["Group"]:
    """Live groups a step of this version may be thought into: those of its template's type, those in a run first."""
    rows = groups_open(tenant_id=tenant.pk).filter(state=State.ACTIVE)
    if version.template.group_kind:
        rows = rows.filter(kind=version.template.group_kind)
    running = set(running_in(tenant=tenant, version=version))
    return sorted(rows[:GROUPS_OFFERED], key=lambda one: one.pk not in running)


def running_in(*, tenant: "Tenant", version: "Version") -> dict[int, "Run"]:
    """Group id -> its running run of any version of the template."""
    rows = RunGroup.objects.filter(
        tenant=tenant,
        removed_at=None,
        run__state=RunState.RUNNING,
        run__version__template=version.template_id,
    ).select_related("run")
    return {row.group_id: row.run for row in rows.order_by("pk")}


def step_estimate(
    *, tenant: "Tenant", version: "Version", step: "Step", groups: Sequence["Group"]
) -> Estimate:
    """Whom a step, saved or not, would reach today at its time in these groups. Some fifteen queries for any number."""
    now = clock.now()
    at = _moment(tenant, step, now)
    if step.channel in INTERNAL_CHANNELS:
        return Estimate(at, len(groups), 0, 0, is_inside=True)
    if step.anchor == Anchor.MEMBER_JOIN or step.audience == Audience.JOINED:
        return Estimate(at, len(groups), 0, 0, is_each=True)
    runs = running_in(tenant=tenant, version=version)
    members = members_current(tenant_id=tenant.pk, group_ids=[one.pk for one in groups])
    is_group = step.channel in GROUP_CHANNELS
    meant = members if is_group else _narrowed(tenant, step, groups, runs, members)
    asked, strangers = _without_strangers(tenant, step, groups, meant)
    requests = [_request(tenant, step, one, asked.get(one.pk, []), runs.get(one.pk)) for one in groups]
    requests = [one for one in requests if one.customer_ids]
    decisions = gate_peek(tenant_id=tenant.pk, requests=requests, now=at)
    people = {one for group in groups for one in meant.get(group.pk, ())}
    reached = {one for decision in decisions if decision.allowed for one in decision.customer_ids}
    is_upper = not is_group and step.audience in _OF_A_RUN and any(one.pk not in runs for one in groups)
    return Estimate(
        at=at,
        groups=len(groups),
        people=len(people),
        reached=len(reached),
        held=_held(requests, decisions, people - reached, strangers),
        noted=_counted(rule for one in decisions if one.allowed for rule in one.noted.values()),
        unknown=tuple(str(one) for one in groups if not one.knows_members),
        is_upper=is_upper,
    )


def _moment(tenant: "Tenant", step: "Step", now: datetime) -> datetime:
    """Today at the step's own time: quiet hours are judged by that, not by when somebody edits."""
    if step.at is None:
        return now
    return clock.at_local(clock.local_date(now, tenant.timezone), step.at, tenant.timezone)


def _narrowed(
    tenant: "Tenant",
    step: "Step",
    groups: Sequence["Group"],
    runs: dict[int, "Run"],
    members: dict[int, list[int]],
) -> dict[int, list[int]]:
    """Members of the step's audience; nobody twice, for a private message reaches a person once."""
    people: dict[tuple[int, str], set[int]] = defaultdict(set)
    for group in groups:
        if group.pk in runs:
            people[runs[group.pk].pk, step.audience].update(members.get(group.pk, ()))
    keep = audience_in_runs(
        tenant_id=tenant.pk, zone=tenant.timezone, runs={one.pk: one for one in runs.values()}, people=people
    )
    found, seen = {}, set[int]()
    inside = _inside(tenant, step, groups)
    for group in groups:
        mine = runs.get(group.pk)
        some = [
            one
            for one in members.get(group.pk, ())
            if one not in seen
            and (mine is None or one in keep[mine.pk, step.audience])
            and (inside is None or one in inside[group.pk])
        ]
        seen.update(some)
        found[group.pk] = some
    return found


def _inside(tenant: "Tenant", step: "Step", groups: Sequence["Group"]) -> dict[int, set[int]] | None:
    """Where the audience is a circle: who stands in it, group by group."""
    if step.audience not in CIRCLES_OF:
        return None
    return circle_seats(tenant_id=tenant.pk, audience=step.audience, group_ids=[group.pk for group in groups])


def _without_strangers(
    tenant: "Tenant", step: "Step", groups: Sequence["Group"], meant: dict[int, list[int]]
) -> tuple[dict[int, list[int]], set[int]]:
    """WeCom carries a private mass send only to the sender's friends."""
    if step.channel != Channel.PRIVATE_MASS:
        return meant, set()
    ties = follow_staff_ids(
        tenant_id=tenant.pk, customer_ids={one for some in meant.values() for one in some}
    )
    friends = {
        group.pk: [one for one in meant.get(group.pk, ()) if group.owner_id in ties.get(one, ())]
        for group in groups
    }
    left = {one for some in friends.values() for one in some}
    return friends, {one for some in meant.values() for one in some} - left


def _request(
    tenant: "Tenant", step: "Step", group: "Group", people: list[int], run: "Run | None"
) -> TouchRequest:
    is_group = step.channel in GROUP_CHANNELS
    return TouchRequest(
        key=f"estimate:{group.pk}",
        channel=step.channel,
        customer_ids=tuple(people),
        group_id=group.pk if is_group else None,
        chat_id=group.chat_id,
        is_marketing=step.is_marketing,
        is_service=step.is_service or step.channel in PULL_CHANNELS,
        excludes_buyers=step.is_marketing or step.audience == Audience.UNDECIDED,
        buyers_since=clock.day_bounds(run.starts_on, tenant.timezone)[0] if run is not None else None,
        wecom_quota=step.channel in MASS_CHANNELS,
        group_frozen=group.frozen_at is not None,
        sells=step.sells,
        gives_value=step.gives_value,
    )


def _held(
    requests: Sequence[TouchRequest], decisions: Sequence[Decision], missed: set[int], strangers: set[int]
) -> tuple[Held, ...]:
    """Each person who is not reached, under the first rule that names them or their group."""
    rule_of: dict[int, str] = dict.fromkeys(missed & strangers, str(Rule.NOT_FRIEND))
    for request, decision in zip(requests, decisions, strict=True):
        for one in request.customer_ids:
            if one in missed and one not in rule_of:
                rule = decision.rule_code or decision.blocked.get(one, "")
                rule_of[one] = str(decision.blocked.get(one, "") or rule)
    return _counted(rule for rule in rule_of.values() if rule)


def _counted(rules: Iterable[str]) -> tuple[Held, ...]:
    return tuple(Held(str(rule), count) for rule, count in Counter(rules).most_common())
