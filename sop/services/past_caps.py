"""One message past our own caps (R128): asked where the gate refused it, granted by a leader, counted all the same.

What may be passed are the company's own numbers: messages of a group's day, of a person's day and week, and a place
kept for something more important. WeCom's limit, quiet hours, a no of the person, buyers and freezes stand: nobody
here can let a message past them.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.urls import reverse

from contacts.enums import Rule as GateRule
from sop.enums import PAST_CAPS, Anchor, RunState, TouchState
from sop.errors import NoCapHolds, ReasonMissing
from sop.models import Touch
from sop.services.staff import parked_close, touch_locked
from sop.services.state import touch_move, touches_store
from team.selectors import approval_of
from team.services import approval_ask
from tenants import audit, clock
from tenants.enums import Permission
from tenants.services import require
from tenants.words import say

if TYPE_CHECKING:
    from team.models import Approval
    from tenants.audit import Actor
    from tenants.models import Tenant

KIND = "sop.cap"
OURS = frozenset({GateRule.GROUP_LIMIT, GateRule.DAY_CAP, GateRule.WEEK_CAP, GateRule.KEPT})


def is_held_by_cap(touch: Touch) -> bool:
    """Whether one of our own caps, and nothing else, keeps a touch back, and its offer still stands."""
    offer_ends_at = touch.run.offer_ends_at if touch.step.anchor == Anchor.OFFER_END else None
    return (
        touch.state in {TouchState.PLANNED, TouchState.BLOCKED}
        and touch.rule_code in OURS
        and touch.run.state == RunState.RUNNING
        and (offer_ends_at is None or clock.now() < offer_ends_at)
    )


def past_caps_asked(*, tenant: "Tenant", touch_id: int) -> "Approval | None":
    """The request that waits for one touch. One query."""
    return approval_of(tenant_id=tenant.pk, kind=KIND, target=_target(touch_id))


def touch_ask_past_caps(*, tenant: "Tenant", touch_id: int, reason: str, actor: "Actor") -> None:
    """Ask a leader to let one message past the cap that holds it. Safe to repeat.

    Raises NotPermitted, ReasonMissing, NoCapHolds, ApprovalWaits, Touch.DoesNotExist.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        touch = _held(tenant, touch_id)
        words = {
            "step": touch.step.title, "where": str(touch.group or touch.get_channel_display()),
            "rule": GateRule(touch.rule_code).label, "code": touch.rule_code,
        }  # fmt: skip
        approval_ask(
            tenant=tenant, kind=KIND, target=_target(touch.pk), label=str(touch), reason=reason, actor=actor,
            said=say("Send “%(step)s” to %(where)s at once although: %(rule)s (%(code)s)") % words,
            wish={"touch_id": touch.pk, "rule": touch.rule_code},
            url=_page(tenant, touch),
        )  # fmt: skip


def touch_let_past_caps(*, tenant: "Tenant", touch_id: int, reason: str, actor: "Actor") -> Touch:
    """Let one message past the cap that holds it: it is due at once, with a window of its own.

    Not safe to repeat: the second time no cap holds it. Raises NotPermitted, ReasonMissing, NoCapHolds,
    Touch.DoesNotExist.
    """
    require(actor, Permission.APPROVE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        touch = _held(tenant, touch_id)
        rule, before, now = touch.rule_code, touch.due_at, clock.now()
        touch_move(touch, TouchState.PLANNED, done_at=None)
        parked_close(tenant, touch)
        touch.evidence = {
            **touch.evidence,
            PAST_CAPS: {"by": actor.name, "rule": rule, "reason": reason.strip()[:200]},
        }
        touch.planned_at = touch.due_at = now
        touch.window_ends_at = now + timedelta(minutes=touch.step.window_minutes)
        if touch.step.anchor == Anchor.OFFER_END and touch.run.offer_ends_at is not None:
            touch.window_ends_at = min(touch.window_ends_at, touch.run.offer_ends_at)
        touches_store([touch])
        audit.record(
            tenant=tenant, actor=actor, verb="sop.touch.past_caps", target=touch, reason=reason,
            changes={"rule": [rule, ""], "due_at": [before.isoformat(), now.isoformat()]},
        )  # fmt: skip
    return touch


def past_caps_granted(*, tenant: "Tenant", wish: Mapping[str, Any], reason: str, actor: "Actor") -> None:
    """A leader granted it: the message is due at once."""
    touch_let_past_caps(tenant=tenant, touch_id=wish["touch_id"], reason=reason, actor=actor)


def _held(tenant: "Tenant", touch_id: int) -> Touch:
    touch = touch_locked(tenant, touch_id)
    if not is_held_by_cap(touch):
        raise NoCapHolds
    return touch


def _page(tenant: "Tenant", touch: Touch) -> str:
    rows = reverse("sop:touches", args=[tenant.slug])
    return f"{rows}?run={touch.run_id}&step={touch.step.key}&group={touch.group_id or ''}"


def _target(touch_id: int) -> str:
    return f"touch:{touch_id}"
