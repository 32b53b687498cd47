"""Who followed the plan of a run, beside what their groups did (R59). A constant number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contacts.selectors import behaviours_for, buyers_in
from groups.selectors import members_current
from sop.enums.reviews import FLOOR_PEOPLE, FLOOR_PERCENT, FLOOR_TOUCHES, Quadrant
from sop.models import Run, RunGroup
from sop.policies.quadrants import Bars, quadrant
from sop.selectors.execution import Execution, execution_rate
from tenants import clock, preferences

if TYPE_CHECKING:
    from groups.models import Group
    from tenants.models import Tenant

INTERACTION, ORDERS = "interaction", "orders"


@dataclass(frozen=True)
class Operator:
    """One operator: what was theirs to do, and what the people of the groups they own did.

    `succeeded`: distinct people with the key interaction, or with a paid order; None where the run names no key
    interaction. A person in two of their groups counts once.
    """

    staff_id: int
    name: str
    execution: Execution
    groups: list["Group"]
    people: int
    succeeded: int | None
    quadrant: Quadrant | None

    @property
    def rate(self) -> float | None:
        return self.succeeded / self.people if self.people and self.succeeded is not None else None


@dataclass(frozen=True)
class Quadrants:
    """The operators by quadrant, those with too little to judge under None; and the bars they are measured by."""

    by: str
    operators: list[Operator]
    bars: Bars

    def of(self, wanted: Quadrant | None) -> list[Operator]:
        return [one for one in self.operators if one.quadrant == wanted]


def run_quadrants(
    *,
    tenant: "Tenant",
    run: Run,
    by: str,
    rates: Iterable[Execution] | None = None,
    payments: Collection[str] = (),
) -> Quadrants:
    """`by`: "interaction" or "orders". The result's bar is that of all these groups of the run together. `payments`:
    groups paid for in one of these ways only. `rates`: the execution by staff in the same groups, if at hand."""
    seats = RunGroup.objects.filter(tenant=tenant, run=run, removed_at=None).select_related("group__owner")
    if payments:
        seats = seats.filter(group__payment_basis__in=payments)
    owned: dict[int, list[Group]] = defaultdict(list)
    names = {}
    for seat in seats.order_by("group__name", "pk"):
        if seat.group.owner is not None:
            owned[seat.group.owner.pk].append(seat.group)
            names[seat.group.owner.pk] = str(seat.group.owner)
    members = members_current(
        tenant_id=tenant.pk, group_ids=[one.pk for groups in owned.values() for one in groups]
    )
    everyone = {one for people in members.values() for one in people}
    won = _won(tenant, run, everyone, by)
    own = preferences.values(tenant.pk, FLOOR_PERCENT, FLOOR_TOUCHES, FLOOR_PEOPLE)
    bars = Bars(
        follows=own[FLOOR_PERCENT.key] / 100,
        works=len(won) / len(everyone) if won else None,
        touches=own[FLOOR_TOUCHES.key],
        people=own[FLOOR_PEOPLE.key],
    )
    if rates is None:
        rates = execution_rate(tenant_id=tenant.pk, by="staff", run_ids=[run.pk], payments=payments)
    done = {one.key: one for one in rates if one.key}
    operators = []
    for staff_id, groups in owned.items():
        people = {one for group in groups for one in members[group.pk]}
        part = done.get(staff_id) or Execution(staff_id, 0, 0, 0, 0, 0, 0, 0, name=names[staff_id])
        succeeded = len(people & won) if won is not None else None
        operators.append(
            Operator(
                staff_id=staff_id,
                name=names[staff_id],
                execution=part,
                groups=groups,
                people=len(people),
                succeeded=succeeded,
                quadrant=quadrant(
                    in_window=part.in_window, due=part.due, succeeded=succeeded, people=len(people), bars=bars
                ),
            )
        )
    operators.sort(key=lambda one: (-(one.execution.rate or 0), one.name))
    return Quadrants(by, operators, bars)


def _won(tenant: "Tenant", run: Run, everyone: set[int], by: str) -> set[int] | None:
    """Those of these people who ordered, or did the key interaction, during the run; None without one."""
    since = clock.day_bounds(run.starts_on, tenant.timezone)[0]
    until = run.ended_at or clock.now()
    if by == ORDERS:
        return buyers_in(tenant_id=tenant.pk, customer_ids=everyone, since=since, until=until)
    if not run.key_interaction:
        return None
    rows = behaviours_for(
        tenant_id=tenant.pk, customer_ids=everyone, since=since, kinds=[run.key_interaction]
    ).order_by()
    if run.key_interaction_object:
        rows = rows.filter(object_id=run.key_interaction_object)
    return set(rows.filter(occurred_at__lt=until).values_list("customer_id", flat=True).distinct())
