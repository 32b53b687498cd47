"""One decision for many: what missed its window while nothing could be sent, and whose steps ask."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from sop.enums import Anchor, Rule, TouchState
from sop.errors import ReasonMissing, RunOver
from sop.models import Run, Touch
from sop.services.parked import parked_put
from sop.services.state import touch_move, touches_store
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant


@dataclass(frozen=True)
class Decided:
    """How many go out now, were left out, and came too late for their offer."""

    sent: int = 0
    left_out: int = 0
    too_late: int = 0


def parked_decide(
    *,
    tenant: "Tenant",
    run_id: int,
    send: bool,
    actor: Actor,
    step_id: int | None = None,
    reason: str = "",
) -> Decided:
    """Send what waits for a decision in a run (or of one of its steps), or leave it out, with a reason.

    What goes out has its whole window from now and passes the gate like everything else; a reminder whose offer has
    ended is never sent. Safe to repeat: nothing waits then. Raises ReasonMissing, RunOver, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if not send and not reason.strip():
        raise ReasonMissing
    now = clock.now()
    with transaction.atomic():
        run = Run.objects.select_for_update().get(tenant=tenant, pk=run_id)
        if run.state != "running":
            raise RunOver
        rows = Touch.objects.select_for_update(of=("self",)).filter(
            tenant=tenant, run=run, state=TouchState.PARKED, rule_code=Rule.ASK
        )
        if step_id is not None:
            rows = rows.filter(step=step_id)
        waiting = list(rows.select_related("step").order_by("pk"))
        why = f"{actor.name}: {reason.strip()}"
        for touch in waiting:
            _decide(touch, run, send=send, why=why, now=now)
        touches_store(waiting)
        parked_put(tenant=tenant, run_ids=[run.pk])
        decided = Decided(
            sent=sum(one.state == TouchState.PLANNED for one in waiting),
            left_out=sum(one.state == TouchState.SKIPPED for one in waiting),
            too_late=sum(one.state == TouchState.CANCELLED for one in waiting),
        )
        if waiting:
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="sop.run.late_decided",
                target=run,
                changes={name: [None, count] for name, count in vars(decided).items() if count},
                reason=reason,
            )
    return decided


def _decide(touch: Touch, run: Run, *, send: bool, why: str, now: datetime) -> None:
    end = now + timedelta(minutes=touch.step.window_minutes)
    if touch.step.anchor == Anchor.OFFER_END and run.offer_ends_at is not None:
        if run.offer_ends_at <= now:
            touch_move(
                touch, TouchState.CANCELLED, rule=Rule.OFFER_ENDED, reason=str(Rule.OFFER_ENDED.label), at=now
            )
            return
        end = min(end, run.offer_ends_at)
    if send:
        touch_move(touch, TouchState.PLANNED, done_at=None, due_at=now, window_ends_at=end)
    else:
        touch_move(touch, TouchState.SKIPPED, rule=Rule.BY_HAND, reason=why, at=now)
