"""Late joiners: steps counted from a member's join, planned when the person comes (R41)."""

from datetime import datetime

from sop.enums import Anchor, Audience, RecipientState, RunState
from sop.models import Run, RunGroup, Step, Touch, TouchRecipient
from sop.policies import calendar
from sop.selectors.hands import carries, staff_by_role
from tenants import clock


def joins_plan(*, tenant_id: int, group_id: int, customer_ids: list[int], joined_at: datetime) -> int:
    """Plan the join steps of the running runs of a group for people who just came. Returns how many rows.

    Nobody gets a join step of a run twice, whether the event is told again or the person comes back or joins
    another group of the run; a step that repeats fires for each join, once. In the caller's transaction; each run is
    locked. Safe to repeat.
    """
    if not customer_ids:
        return 0
    planned = 0
    rows = RunGroup.objects.filter(
        tenant_id=tenant_id, group_id=group_id, removed_at=None, run__state=RunState.RUNNING
    )
    locked = Run.objects.select_for_update(no_key=True).filter(
        tenant_id=tenant_id, pk__in=sorted(rows.values_list("run_id", flat=True))
    )
    list(locked.order_by("pk"))
    # Read once more under the lock: meanwhile a run may have ended, or gone on by another version.
    for row in rows.select_related("run", "group").order_by("run"):
        steps = Step.objects.filter(
            tenant_id=tenant_id, version_id=row.run.version_id, anchor=Anchor.MEMBER_JOIN
        )
        for step in steps:
            planned += _plan_step(row, step, customer_ids, joined_at)
    return planned


def _plan_step(row: RunGroup, step: Step, customer_ids: list[int], joined_at: datetime) -> int:
    due = calendar.due_after_join(joined_at, step.offset_minutes)
    end = calendar.window_end(due, step.window_minutes)
    if end <= clock.now() and joined_at < row.added_at:
        return 0  # before the run began; later joins that are told of late end as the step's catch-up says
    occurrence = f"join:{int(joined_at.timestamp())}"
    known = TouchRecipient.objects.filter(
        tenant_id=row.tenant_id, touch__run=row.run, touch__step__key=step.key, customer__in=customer_ids
    )
    if step.repeats:
        known = known.filter(touch__occurrence__startswith=f"{occurrence}:")
    new = sorted(set(customer_ids) - set(known.values_list("customer_id", flat=True)))
    if not new:
        return 0
    touch, made = Touch.objects.get_or_create(
        tenant_id=row.tenant_id,
        run=row.run,
        step=step,
        group=row.group,
        occurrence=f"{occurrence}:{new[0]}",
        defaults={
            "staff_id": lambda: _hands(row, step),
            "channel": step.channel,
            "planned_at": due,
            "due_at": due,
            "window_ends_at": end,
        },
    )
    if made and (step.is_personal or step.audience == Audience.JOINED):
        TouchRecipient.objects.bulk_create(
            TouchRecipient(
                tenant_id=row.tenant_id, touch=touch, customer_id=customer_id, state=RecipientState.PLANNED
            )
            for customer_id in new
        )
    return int(made)


def _hands(row: RunGroup, step: Step) -> int | None:
    """Whose task it is: whoever holds the step's role in the group."""
    return carries(staff_by_role(tenant_id=row.tenant_id, groups=[row.group])[row.group_id], step)
