"""A plan of a week put in force: messages move or are left out, as shown; and everything goes back at one press."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from sop.enums import TouchState
from sop.errors import PlanChanged, TouchFixed
from sop.models import Touch, WeekPlan
from sop.selectors.planned import planner_plan
from sop.services.calendar import Moved, calendar_back, plans_wait
from sop.services.staff import touch_restore, touch_retime, touch_skip
from tenants import audit, clock
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.audit import Actor
    from tenants.models import Tenant


def planner_apply(
    *,
    tenant: "Tenant",
    starts_on: date,
    group_ids: Iterable[int] | None,
    moves: int,
    mark: str,
    actor: "Actor",
) -> WeekPlan:
    """Put a plan in force as it was shown: moved messages get their new time, those without a place are left out with
    the rule. Raises PlanChanged when the week is not what it was, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        plans_wait(tenant)
        planned = planner_plan(tenant=tenant, starts_on=starts_on, group_ids=group_ids, moves=moves)
        if planned.mark != mark:
            raise PlanChanged
        moved, dropped = [], []
        for touch in planned.week.touches.values():
            slot = planned.slot(planned.best, touch.pk)
            if slot is None:
                rule = planned.best.binding[touch.pk].rule
                reason = _("No place in the plan of the week: %(rule)s") % {"rule": rule}
                touch_skip(tenant=tenant, touch_id=touch.pk, reason=reason, actor=actor)
                dropped.append(touch.pk)
            elif slot.at != touch.due_at:
                touch_retime(tenant=tenant, touch_id=touch.pk, due_at=slot.at, actor=actor)
                moved.append([touch.pk, touch.due_at.isoformat(), slot.at.isoformat()])
        row = WeekPlan.objects.create(
            tenant=tenant, starts_on=starts_on, made_at=clock.now(), made_by=actor.name[:128], moves=moved,
            dropped=dropped,
        )  # fmt: skip
        changes = {"moved": [None, len(moved)], "left_out": [None, len(dropped)]}
        audit.record(tenant=tenant, actor=actor, verb="sop.week_plan.applied", target=row, changes=changes)
    return row


def planner_undo(*, tenant: "Tenant", plan_id: int, actor: "Actor") -> int:
    """Take a plan back: what still waits goes to its former time, what was left out is planned again.

    What went out, ended or was moved since stays. Returns how many messages went back. Safe to repeat.
    Raises WeekPlan.DoesNotExist, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    back = 0
    with transaction.atomic():
        row = WeekPlan.objects.select_for_update().get(tenant=tenant, pk=plan_id)
        if row.undone_at is not None:
            return 0
        for touch_id, before, after, *stood in row.moves:
            if stood:  # it was blocked and had been given another place
                back += calendar_back(tenant=tenant, moved=Moved(**stood[0]), actor=actor)
                continue
            back += _move_back(
                tenant, touch_id, datetime.fromisoformat(before), datetime.fromisoformat(after), actor
            )
        for touch_id in row.dropped:
            back += _plan_again(tenant, touch_id, actor)
        row.undone_at = clock.now()
        row.save(update_fields=["undone_at"])
        audit.record(tenant=tenant, actor=actor, verb="sop.week_plan.undone", target=row)
    return back


def _move_back(tenant: "Tenant", touch_id: int, before: datetime, after: datetime, actor: "Actor") -> bool:
    touch = Touch.objects.filter(tenant=tenant, pk=touch_id).first()
    if touch is None or touch.state != TouchState.PLANNED or touch.due_at != after or before < clock.now():
        return False
    touch_retime(tenant=tenant, touch_id=touch_id, due_at=before, actor=actor)
    return True


def _plan_again(tenant: "Tenant", touch_id: int, actor: "Actor") -> bool:
    try:
        touch_restore(tenant=tenant, touch_id=touch_id, actor=actor)
    except TouchFixed:
        return False
    return True
