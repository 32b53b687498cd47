"""Who a touch is for at this moment: present members, narrowed by what they did, bought or decided."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import connection

from contacts.selectors.latest import last_acts, last_bought
from groups.selectors import members_current
from groups.selectors.circles import circle_members
from leads.selectors import undecided_by_source
from sop.enums import CIRCLES_OF, GROUP_CHANNELS, Audience, RecipientState
from sop.models import TouchRecipient
from sop.selectors.value_events import signed_up_for_runs
from tenants import clock
from tenants.arrays import array_literal

if TYPE_CHECKING:
    from sop.models import Run, Touch

RUN_SOURCE = "sop.run"
Need = tuple[int, str]  # (run, audience)
# From the people, of whom each has a few rows, to their touches: the other way it would read the whole run a batch.
_REACHED = """
with had as materialized (
    select touch_id, customer_id from sop_touchrecipient
    where tenant_id = %(tenant)s and customer_id = any(%(people)s::bigint[]) and state <> 'blocked'
)
select t.id, t.run_id, s.key, had.customer_id from had
join sop_touch t on t.tenant_id = %(tenant)s and t.id = had.touch_id and t.run_id = any(%(runs)s) and not t.is_talk
join sop_step s on s.tenant_id = t.tenant_id and s.id = t.step_id and s.key = any(%(keys)s)
"""


def audience_resolve(*, tenant_id: int, zone: str, touches: Iterable["Touch"]) -> dict[int, list[int]]:
    """Touch id -> customer ids, for touches with `run` and `step` loaded.

    A group message reaches every present member, whatever the step's audience. A private one keeps those of the
    audience, without people this step has reached through another group of the run. A constant number of queries: a
    few for each kind of audience that is there, whatever the number of touches and runs.
    """
    wanted = list(touches)
    members = members_current(
        tenant_id=tenant_id, group_ids=sorted({touch.group_id for touch in wanted if touch.group_id})
    )
    private = [touch for touch in wanted if touch.channel not in GROUP_CHANNELS]
    found = {
        touch.pk: list(members.get(touch.group_id or 0, ()))
        for touch in wanted
        if touch.channel in GROUP_CHANNELS
    }
    found |= _narrowed(tenant_id, zone, private, _seats(tenant_id, private, members))
    return _without_reached(tenant_id, private, found)


def _seats(tenant_id: int, touches: list["Touch"], members: dict[int, list[int]]) -> dict[int, list[int]]:
    """{private touch: the people it was planned for by name, or all who sit in its group}. One query at most."""
    personal = [
        one for one in touches if one.step.audience == Audience.JOINED or one.is_talk or one.step.is_personal
    ]
    named: dict[int, list[int]] = {one.pk: [] for one in personal}
    named |= _joined(tenant_id, personal, members) if personal else {}
    return {one.pk: named.get(one.pk, members.get(one.group_id or 0, [])) for one in touches}


def _narrowed(
    tenant_id: int, zone: str, touches: list["Touch"], seats: dict[int, list[int]]
) -> dict[int, list[int]]:
    """{touch: those of its seats who belong to its audience}."""
    circled: dict[str, set[int]] = defaultdict(set)
    people: dict[Need, set[int]] = defaultdict(set)
    for one in touches:
        if one.step.audience in CIRCLES_OF:
            circled[one.step.audience].add(one.group_id or 0)
        else:
            people[one.run_id, one.step.audience].update(seats[one.pk])
    inside = {
        audience: circle_seats(tenant_id=tenant_id, audience=audience, group_ids=group_ids)
        for audience, group_ids in circled.items()
    }
    keep = audience_in_runs(
        tenant_id=tenant_id, zone=zone, runs={one.run_id: one.run for one in touches}, people=people
    )
    found = {}
    for one in touches:
        audience = one.step.audience
        kept = inside[audience][one.group_id or 0] if audience in inside else keep[one.run_id, audience]
        found[one.pk] = [who for who in seats[one.pk] if who in kept]
    return found


def circle_seats(
    *, tenant_id: int, audience: str, group_ids: Iterable[int], day: date | None = None
) -> dict[int, set[int]]:
    """{group: those who stand in the circles of this audience there}, now or on a day (R21). One query."""
    return circle_members(tenant_id=tenant_id, group_ids=group_ids, circles=CIRCLES_OF[audience], day=day)


def audience_in_runs(
    *, tenant_id: int, zone: str, runs: Mapping[int, "Run"], people: Mapping[Need, Collection[int]]
) -> dict[Need, Set[int]]:
    """{(run, audience): those of these people who belong to it there at present}; circles are of a group, so
    circle_seats tells those. A few queries for each kind of audience, whatever the number of runs."""
    by_audience: dict[str, dict[int, Collection[int]]] = defaultdict(dict)
    for (run_id, audience), some in people.items():
        by_audience[audience][run_id] = some
    return {
        (run_id, audience): some
        for audience, asked in by_audience.items()
        for run_id, some in _of_audience(tenant_id, zone, audience, runs, asked).items()
    }


def _of_audience(
    tenant_id: int, zone: str, audience: str, runs: Mapping[int, "Run"], asked: dict[int, Collection[int]]
) -> dict[int, set[int]]:
    """{run: those of the people asked about}."""
    if audience == Audience.UNDECIDED:
        return undecided_by_source(tenant_id=tenant_id, source_kind=RUN_SOURCE, people=asked)
    if audience == Audience.SIGNED_UP:
        return signed_up_for_runs(tenant_id=tenant_id, people=asked)
    if audience == Audience.BUYERS:
        bought = last_bought(tenant_id=tenant_id, customer_ids=set().union(*asked.values()))
        begun = {run_id: _begun(runs[run_id], zone) for run_id in asked}
        return {
            run_id: {one for one in some if one in bought and bought[one] >= begun[run_id]}
            for run_id, some in asked.items()
        }
    everyone = {run_id: set(some) for run_id, some in asked.items()}
    if audience not in (Audience.INTERACTED, Audience.UNINTERACTED):
        return everyone
    told = {run_id: some for run_id, some in everyone.items() if runs[run_id].key_interaction}
    done = interacted_in_runs(tenant_id=tenant_id, zone=zone, runs=runs, people=told)
    return everyone | {
        run_id: done[run_id] if audience == Audience.INTERACTED else some - done[run_id]
        for run_id, some in told.items()
    }


def _begun(run: "Run", zone: str) -> datetime:
    return clock.day_bounds(run.starts_on, zone)[0]


def interacted_in_runs(
    *, tenant_id: int, zone: str, runs: Mapping[int, "Run"], people: Mapping[int, Collection[int]]
) -> dict[int, set[int]]:
    """{run: those of these people who did its key interaction since its first day} (R45, R53). One query."""
    if not people:
        return {}
    begun = {run_id: _begun(runs[run_id], zone) for run_id in people}
    acts = last_acts(
        tenant_id=tenant_id,
        customer_ids=set().union(*people.values()),
        kinds={runs[run_id].key_interaction for run_id in people},
        objects={runs[run_id].key_interaction_object for run_id in people} - {""},
        since=min(begun.values()),
    )
    by_kind: dict[str, list[tuple[int, str, datetime]]] = defaultdict(list)
    for (one, kind, what), at in acts.items():
        by_kind[kind].append((one, what, at))
    return {
        run_id: {
            one
            for one, what, at in by_kind[runs[run_id].key_interaction]
            if at >= begun[run_id] and runs[run_id].key_interaction_object in ("", what)
        }.intersection(some)
        for run_id, some in people.items()
    }


def _joined(tenant_id: int, touches: list["Touch"], members: dict[int, list[int]]) -> dict[int, list[int]]:
    """A touch that fires for single people was planned with them; those who left the group since are dropped."""
    found: dict[int, list[int]] = defaultdict(list)
    rows = TouchRecipient.objects.filter(
        tenant_id=tenant_id, touch__in=[touch.pk for touch in touches], state=RecipientState.PLANNED
    )
    group_of = {touch.pk: touch.group_id or 0 for touch in touches}
    present = {group_id: frozenset(members.get(group_id, ())) for group_id in set(group_of.values())}
    for touch_id, customer_id in rows.values_list("touch_id", "customer_id").order_by("customer_id"):
        if customer_id in present[group_of[touch_id]]:
            found[touch_id].append(customer_id)
    return found


def _without_reached(
    tenant_id: int, touches: list["Touch"], found: dict[int, list[int]]
) -> dict[int, list[int]]:
    private = [one for one in touches if not one.step.repeats and not one.is_talk]
    if not private:
        return found
    reached: dict[tuple[int, str], set[int]] = defaultdict(set)
    asked = {touch.pk for touch in private}
    with connection.cursor() as cursor:
        cursor.execute(
            _REACHED,
            {
                "tenant": tenant_id,
                "people": array_literal(set().union(*(found.get(touch.pk, ()) for touch in private))),
                "runs": sorted({touch.run_id for touch in private}),
                "keys": sorted({touch.step.key for touch in private}),
            },
        )
        for touch_id, run_id, key, customer_id in cursor.fetchall():
            if touch_id not in asked:
                reached[run_id, key].add(customer_id)
    for touch in sorted(private, key=lambda one: one.pk):
        seen = reached[touch.run_id, touch.step.key]
        found[touch.pk] = [one for one in found.get(touch.pk, ()) if one not in seen]
        seen.update(found[touch.pk])
    return found
