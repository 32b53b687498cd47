"""Who is left out of due touches before the gate is asked: people and groups that have left the run, and people whose
boost has done its work."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sop.enums import GROUP_CHANNELS, RecipientState, Rule
from sop.models import Run, RunGroup, Touch
from sop.selectors.audience import interacted_in_runs
from sop.selectors.boosts import boosted_rows
from sop.services.exits import exits_judge
from sop.services.recipients import Recipient

if TYPE_CHECKING:
    from tenants.models import Tenant

People = dict[int, list[int]]


def exited_leave(
    *, tenant: "Tenant", touches: Sequence[Touch], people: People
) -> tuple[list[tuple[Touch, str]], list[Recipient]]:
    """([touches whose group is out, with the rule], [rows of people who are out]); `people` loses those people.

    Two queries for runs without exit rules. In the caller's transaction; the judgement is written down.
    """
    gone: list[tuple[Touch, str]] = []
    rows: list[Recipient] = []
    seats = _seats(tenant, touches)
    by_run: dict[int, list[Touch]] = defaultdict(list)
    for touch in touches:
        if (touch.run_id, touch.group_id) in seats:
            by_run[touch.run_id].append(touch)
        elif touch.group_id is not None:
            gone.append((touch, Rule.GROUP_LEFT))
    for some in by_run.values():
        if some[0].run.version.exits:
            out_groups, out_people = _out(tenant, some[0].run, some, people)
            gone += [
                (touch, out_groups[touch.group_id or 0]) for touch in some if touch.group_id in out_groups
            ]
            rows += _without(some, people, out_people)
    return gone, rows


def _seats(tenant: "Tenant", touches: Sequence[Touch]) -> set[tuple[int, int]]:
    """(run, group) pairs that stand now: a group taken out of a run gets nothing more of it."""
    rows = RunGroup.objects.filter(
        tenant=tenant, run__in={touch.run_id for touch in touches}, removed_at=None
    )
    return set(rows.values_list("run_id", "group_id"))


def _out(
    tenant: "Tenant", run: Run, touches: list[Touch], people: People
) -> tuple[dict[int, str], dict[int, str]]:
    """({group: rule}, {customer: rule}) of these touches."""
    private = [touch for touch in touches if touch.channel not in GROUP_CHANNELS]
    out_people, out_groups = exits_judge(
        tenant=tenant,
        run=run,
        customer_ids=sorted({one for touch in private for one in people.get(touch.pk, ())}),
        group_ids=sorted({touch.group_id for touch in touches if touch.group_id}),
    )
    return out_groups, out_people


def _without(touches: list[Touch], people: People, out: dict[int, str]) -> list[Recipient]:
    rows: list[Recipient] = []
    for touch in touches:
        if touch.channel in GROUP_CHANNELS:
            continue
        asked = people.get(touch.pk, [])
        rows += [(touch.pk, one, RecipientState.BLOCKED, out[one]) for one in asked if one in out]
        people[touch.pk] = [one for one in asked if one not in out]
    return rows


def interacted_note(*, tenant: "Tenant", touches: Sequence[Touch], people: People) -> list[Recipient]:
    """Rows of people whom an earlier boost of the run reached, who have interacted since, and whom this one leaves
    out for that (R53). Two queries, none without a boost among the touches."""
    boosts = [touch for touch in touches if touch.step.is_boost and touch.run.key_interaction]
    if not boosts:
        return []
    runs = {touch.run_id: touch.run for touch in boosts}
    before = _boosted_before(tenant, runs, {touch.group_id for touch in boosts if touch.group_id})
    reached: dict[int, set[int]] = {run_id: set() for run_id in runs}
    for (run_id, _group), some in before.items():
        reached[run_id] |= some
    done = interacted_in_runs(tenant_id=tenant.pk, zone=tenant.timezone, runs=runs, people=reached)
    return [
        (touch.pk, one, RecipientState.BLOCKED, Rule.INTERACTED)
        for touch in boosts
        for one in sorted(
            (before[touch.run_id, touch.group_id] & done[touch.run_id]) - set(people.get(touch.pk, ()))
        )
    ]


def _boosted_before(
    tenant: "Tenant", run_ids: Iterable[int], group_ids: Iterable[int]
) -> dict[tuple[int, int | None], set[int]]:
    """{(run, group): whom a boost reached there}."""
    found: dict[tuple[int, int | None], set[int]] = defaultdict(set)
    rows = boosted_rows(tenant_id=tenant.pk, run_ids=run_ids).filter(touch__group__in=list(group_ids))
    for run_id, group_id, one in rows.values_list("touch__run_id", "touch__group_id", "customer_id"):
        found[run_id, group_id].add(one)
    return found
