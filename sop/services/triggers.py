"""Steps that wait for something to happen: planned when it has, each time at most once (R41, R49).

What happened is always read anew from what is on record, never from the event that told of it: the same event twice,
late or out of order plans the same rows, and the tick finds what no event told of. What is found late is planned all
the same; the dispatcher then ends it as the step's catch-up policy says.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from sop.enums import TRIGGER_ANCHORS, Anchor, RecipientState, Rule, RunState, TouchState
from sop.errors import ReasonMissing, RunOver
from sop.models import Run, RunGroup, Step, Touch, TouchRecipient
from sop.policies import calendar
from sop.selectors.hands import carries, staff_by_role
from sop.selectors.happened import Happened, happened
from sop.services.exits import exits_judge
from sop.services.state import touch_move, touches_store
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

_TAKEN_BACK = (Rule.REPLANNED, Rule.GROUP_LEFT)


@dataclass(frozen=True)
class _Fire:
    """One touch that a trigger asks for."""

    step: Step
    row: RunGroup
    occurrence: str
    at: datetime
    people: tuple[int, ...]


def triggers_plan(
    *,
    tenant: "Tenant",
    run_ids: Collection[int] | None = None,
    group_ids: Collection[int] | None = None,
    anchors: Collection[str] = TRIGGER_ANCHORS,
) -> int:
    """Plan what the trigger steps of running runs ask for by now and is not planned yet. Returns how many touches.

    In the caller's transaction. `run_ids`, `group_ids`, `anchors` narrow what is looked at. Safe to repeat and in
    parallel: each run is locked.
    """
    steps = Step.objects.filter(tenant=tenant, anchor__in=anchors)
    runs = Run.objects.filter(tenant=tenant, state=RunState.RUNNING, version__in=steps.values("version_id"))
    if run_ids is not None:
        runs = runs.filter(pk__in=run_ids)
    if group_ids is not None:
        runs = runs.filter(run_groups__group__in=group_ids, run_groups__removed_at=None).distinct()
    ids = sorted(runs.values_list("pk", flat=True))
    locked = Run.objects.select_for_update(no_key=True, of=("self",)).filter(tenant=tenant, pk__in=ids)
    planned = 0
    for run in locked.order_by("pk"):
        if run.state == RunState.RUNNING:
            planned += _plan_run(tenant, run, list(steps.filter(version_id=run.version_id)), group_ids)
    return planned


def _plan_run(tenant: "Tenant", run: Run, steps: list[Step], group_ids: Collection[int] | None) -> int:
    rows = RunGroup.objects.filter(tenant=tenant, run=run, removed_at=None).select_related("group__owner")
    if group_ids is not None:
        rows = rows.filter(group__in=group_ids)
    every = list(rows.order_by("pk"))
    out = exits_judge(tenant=tenant, run=run, group_ids=[row.group_id for row in every])[1]
    here = [row for row in every if row.group_id not in out]
    if not here or not steps:
        return 0
    until = clock.day_bounds(calendar.day_date(run.starts_on, run.days + run.after_days), tenant.timezone)[1]
    fires: list[_Fire] = []
    for step in steps:
        for row, found in happened(run=run, step=step, rows=here, zone=tenant.timezone):
            kept = [one for one in found if one.at < until]
            fires += _person_fires(step, row, kept) if step.is_personal else _group_fires(step, row, kept)
    people = {one for fire in fires for one in fire.people}
    gone = exits_judge(tenant=tenant, run=run, customer_ids=sorted(people))[0]
    return _put(tenant, run, [_without(fire, gone) for fire in fires])


def _without(fire: _Fire, gone: Collection[int]) -> _Fire:
    return replace(fire, people=tuple(one for one in fire.people if one not in gone))


def _group_fires(step: Step, row: RunGroup, found: list[Happened]) -> list[_Fire]:
    """The first time, or every time, told apart by when."""
    every = found if step.repeats else found[:1]
    return [
        _Fire(step, row, _name(step, one.at) if step.repeats else step.anchor, one.at, ()) for one in every
    ]


def _person_fires(step: Step, row: RunGroup, found: list[Happened]) -> list[_Fire]:
    """One touch for those of a group to whom it happened within one minute: one task, not one a person."""
    first: set[int] = set()
    by_minute: dict[datetime, list[Happened]] = defaultdict(list)
    for one in sorted(found, key=lambda each: (each.at, each.customer_id or 0)):
        if step.repeats or one.customer_id not in first:
            first.add(one.customer_id or 0)
            is_join = (
                step.anchor == Anchor.MEMBER_JOIN
            )  # told in whole seconds, and named by them: see joins_plan
            by_minute[one.at if is_join else one.at.replace(second=0, microsecond=0)].append(one)
    return [
        _Fire(
            step,
            row,
            _name(step, minute),
            max(one.at for one in some),
            tuple(sorted({one.customer_id for one in some if one.customer_id})),
        )
        for minute, some in by_minute.items()
    ]


def _name(step: Step, at: datetime) -> str:
    kind = "join" if step.anchor == Anchor.MEMBER_JOIN else step.anchor
    return f"{kind}:{int(at.timestamp())}"


def _put(tenant: "Tenant", run: Run, fires: Iterable[_Fire]) -> int:
    """Write what is not there yet. What a person or a group has had under the step's key is never given again."""
    wanted = list(fires)
    if not wanted:
        return 0
    had_groups, had_people = _had(run, {fire.step.key for fire in wanted})
    revived = _taken_back(run)
    staff = staff_by_role(tenant_id=tenant.pk, groups=[fire.row.group for fire in wanted])
    touches: list[Touch] = []
    places: list[tuple[Touch, int]] = []
    back: list[Touch] = []
    for fire in wanted:
        people = _new_people(fire, had_people)
        if fire.step.is_personal and not people:
            continue
        if not fire.step.is_personal and (fire.step.key, fire.row.group_id, fire.occurrence) in had_groups:
            continue
        name = f"{fire.occurrence}:{people[0]}" if people else fire.occurrence
        known = revived.get((fire.step.pk, fire.row.group_id, name))
        if known is not None:
            back.append(_again(known, fire))
            continue
        touch = _touch(run, fire, name, carries(staff[fire.row.group_id], fire.step))
        touches.append(touch)
        places += [(touch, one) for one in people]
    Touch.objects.bulk_create(touches)
    TouchRecipient.objects.bulk_create(
        TouchRecipient(tenant_id=run.tenant_id, touch=touch, customer_id=one, state=RecipientState.PLANNED)
        for touch, one in places
    )
    touches_store(back)
    return len(touches) + len(back)


def _had(run: Run, keys: set[str]) -> tuple[set[tuple[str, int | None, str]], set[tuple[str, int, str]]]:
    """({(step key, group, occurrence)}, {(step key, customer, occurrence without the person)}) that stand."""
    stands = Touch.objects.filter(tenant_id=run.tenant_id, run=run, step__key__in=keys).exclude(
        state=TouchState.CANCELLED, rule_code__in=_TAKEN_BACK
    )
    groups = set(stands.values_list("step__key", "group_id", "occurrence"))
    people = TouchRecipient.objects.filter(tenant_id=run.tenant_id, touch__in=stands.values("pk"))
    rows = people.values_list("touch__step__key", "customer_id", "touch__occurrence")
    return groups, {(key, one, name.rpartition(":")[0]) for key, one, name in rows}


def _new_people(fire: _Fire, had: set[tuple[str, int, str]]) -> list[int]:
    """Those who have not had the step: not at all, or not this time when it fires each time. Notes them as had."""
    key = fire.step.key
    if fire.step.repeats:
        new = [one for one in fire.people if (key, one, fire.occurrence) not in had]
    else:
        known = {one for other, one, _name in had if other == key}
        new = [one for one in fire.people if one not in known]
    had.update((key, one, fire.occurrence) for one in new)
    return new


def _taken_back(run: Run) -> dict[tuple[int, int | None, str], Touch]:
    rows = Touch.objects.select_for_update(of=("self",)).filter(
        tenant_id=run.tenant_id, run=run, state=TouchState.CANCELLED, rule_code__in=_TAKEN_BACK
    )
    return {(row.step_id, row.group_id, row.occurrence): row for row in rows.exclude(occurrence="")}


def _again(touch: Touch, fire: _Fire) -> Touch:
    due = calendar.due_after_join(fire.at, fire.step.offset_minutes)
    return touch_move(
        touch, TouchState.PLANNED, done_at=None, planned_at=due, due_at=due,
        window_ends_at=calendar.window_end(due, fire.step.window_minutes),
    )  # fmt: skip


def _touch(run: Run, fire: _Fire, occurrence: str, staff_id: int | None) -> Touch:
    due = calendar.due_after_join(fire.at, fire.step.offset_minutes)
    return Touch(
        tenant_id=run.tenant_id,
        run=run,
        step=fire.step,
        group_id=fire.row.group_id,
        staff_id=staff_id,
        occurrence=occurrence,
        channel=fire.step.channel,
        planned_at=due,
        due_at=due,
        window_ends_at=calendar.window_end(due, fire.step.window_minutes),
    )


def chain_release(
    *, tenant: "Tenant", run_id: int, step_id: int, group_id: int, reason: str, actor: Actor
) -> bool:
    """Go on with a chain in one group although the answers it waits for have not come. Returns whether it did.

    Safe to repeat: what was planned is not planned again. Raises ReasonMissing, RunOver, NotPermitted, and
    Step.DoesNotExist or RunGroup.DoesNotExist for what is not of the run.
    """
    require(actor, Permission.OPERATE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        run = Run.objects.select_for_update(no_key=True).get(tenant=tenant, pk=run_id)
        if run.state != RunState.RUNNING:
            raise RunOver
        step = Step.objects.get(tenant=tenant, pk=step_id, version_id=run.version_id, anchor=Anchor.ANSWERS)
        row = RunGroup.objects.select_related("group__owner").get(
            tenant=tenant, run=run, group=group_id, removed_at=None
        )
        at = clock.now() - timedelta(minutes=max(step.offset_minutes, 0))  # due now, whatever pause was meant
        planned = _put(tenant, run, [_Fire(step, row, str(step.anchor), at, ())])
        if planned:
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="sop.run.chain_released",
                target=run,
                changes={"step": [None, step.title], "group": [None, str(row.group)]},
                reason=reason,
            )
    return bool(planned)
