"""What people report or decide about single touches: sent, confirmed, skipped, moved, taken up again."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from contacts.services.touch import gate_release
from sop.enums import BLOCKED_REF, INTERNAL_CHANNELS, PAST_CAPS, REF, Evidence, Rule, TouchState
from sop.errors import OwnProof, ReasonMissing, TouchFixed, WecomTells
from sop.models import Touch
from sop.services.parked import parked_put
from sop.services.proofs import is_own, post_locked, touch_said, touch_unsaid
from sop.services.results import bundles_close, touches_confirmed
from sop.services.state import touch_move, touches_store
from team.services import work_items_close
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require
from wecom.services import quota_return

if TYPE_CHECKING:
    from tenants.models import Tenant


def touch_locked(tenant: "Tenant", touch_id: int) -> Touch:
    """A touch with what decides about it, held until the transaction ends. Raises Touch.DoesNotExist."""
    return (
        Touch.objects.select_for_update(of=("self",))
        .select_related("step", "run", "group", "staff")
        .get(tenant=tenant, pk=touch_id)
    )


def touch_submit(*, tenant: "Tenant", touch_id: int, actor: Actor, note: str = "") -> Touch:
    """The staff member says it is sent. That is their word, with or without a note: the touch is submitted and waits
    for proof. Only a step that asks for no more than the person's own record, or work among colleagues with a note of
    what came of it, is confirmed by it. A post on Moments is one word for all groups that it was planned for.

    Safe to repeat; a note given later is kept. Raises TouchFixed when its window has passed, NotPermitted.
    """
    require(actor, Permission.WORK)
    now, note = clock.now(), note.strip()[:500]
    with transaction.atomic():
        touch, others = post_locked(tenant, touch_id)
        if touch.state == TouchState.CONFIRMED or (touch.state == TouchState.SUBMITTED and not note):
            return touch
        if touch.state not in {TouchState.HANDED, TouchState.SUBMITTED} or touch.send_id:
            raise TouchFixed
        said = [touch, *(one for one in others if one.state == TouchState.HANDED)]
        for one in said:
            _say(one, actor=actor, note=note)
        touches_store(said)
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="sop.touch.submitted",
            target=touch,
            changes={"state": [None, touch.state]},
        )
        if touch.state == TouchState.CONFIRMED:
            touches_confirmed(tenant_id=tenant.pk, touches=said, now=now)
        else:
            bundles_close(tenant_id=tenant.pk, touches=said, state="done")
    return touch


def _say(touch: Touch, *, actor: Actor, note: str) -> None:
    """The word that it is sent, in memory."""
    if touch.state == TouchState.HANDED:
        touch_said(touch, actor)
    if touch.step.evidence == Evidence.RECORD or (note and touch.channel in INTERNAL_CHANNELS):
        _confirm(touch, kind="note" if note else "record", actor=actor, note=note)
    elif note:
        touch.evidence = {**touch.evidence, "note": note}


def bundle_submit(*, tenant: "Tenant", bundle: int, actor: Actor) -> int:
    """The staff member says a whole task is done: `touch_submit` for each touch of it that still waits.

    Returns how many. Safe to repeat. Raises WecomTells for a mass send, NotPermitted. All or nothing.
    """
    with transaction.atomic():
        waiting = Touch.objects.filter(tenant=tenant, bundle=bundle, state=TouchState.HANDED).order_by("pk")
        rows = list(waiting)
        if any(one.send_id for one in rows):
            raise WecomTells
        for one in rows:
            touch_submit(tenant=tenant, touch_id=one.pk, actor=actor)
    return len(rows)


def bundle_take_back(*, tenant: "Tenant", bundle: int, actor: Actor) -> int:
    """The staff member takes the word back: submitted touches of the task wait again while their windows are open.

    Returns how many. Raises TouchFixed when one is confirmed or its window has passed, NotPermitted.
    """
    require(actor, Permission.WORK)
    now = clock.now()
    with transaction.atomic():
        rows = list(
            Touch.objects.select_for_update(of=("self",)).filter(tenant=tenant, bundle=bundle).order_by("pk")
        )
        said = [one for one in rows if one.state == TouchState.SUBMITTED]
        if any(one.state == TouchState.CONFIRMED or one.window_ends_at <= now for one in rows):
            raise TouchFixed
        for touch in said:
            touch_unsaid(touch)
            audit.record(tenant=tenant, actor=actor, verb="sop.touch.taken_back", target=touch)
        touches_store(said)
    return len(said)


def _confirm(touch: Touch, *, kind: str, actor: Actor, note: str = "") -> None:
    evidence = {**touch.evidence, "kind": kind, "confirmed_by": actor.name, "note": note[:500]}
    touch_move(touch, TouchState.CONFIRMED, evidence=evidence)


def touch_review(*, tenant: "Tenant", touch_id: int, actor: Actor, note: str = "") -> Touch:
    """A colleague has seen in the group what a staff member submitted. Safe to repeat.

    Raises OwnProof for one's own touch, TouchFixed, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        touch, others = post_locked(tenant, touch_id)
        if touch.state == TouchState.CONFIRMED:
            return touch
        if touch.state != TouchState.SUBMITTED:
            raise TouchFixed
        if is_own(touch, actor):
            raise OwnProof
        seen = [touch, *(one for one in others if one.state == TouchState.SUBMITTED)]
        for one in seen:
            _confirm(one, kind="review", actor=actor, note=note)
        touches_store(seen)
        audit.record(tenant=tenant, actor=actor, verb="sop.touch.reviewed", target=touch, reason=note)
        touches_confirmed(tenant_id=tenant.pk, touches=seen, now=clock.now())
    return touch


def touch_skip(*, tenant: "Tenant", touch_id: int, reason: str, actor: Actor) -> Touch:
    """Leave one planned or waiting touch out, with a reason. Safe to repeat. Raises ReasonMissing, TouchFixed."""
    require(actor, Permission.OPERATE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        touch = touch_locked(tenant, touch_id)
        if touch.state == TouchState.SKIPPED:
            return touch
        if touch.state not in {TouchState.PLANNED, TouchState.PARKED}:
            raise TouchFixed
        _uncount(tenant, touch)
        touch_move(
            touch,
            TouchState.SKIPPED,
            rule=Rule.BY_HAND,
            reason=f"{actor.name}: {reason.strip()}",
            at=clock.now(),
        )
        touches_store([touch])
        parked_close(tenant, touch)
        audit.record(tenant=tenant, actor=actor, verb="sop.touch.skipped", target=touch, reason=reason)
    return touch


def touch_restore(*, tenant: "Tenant", touch_id: int, actor: Actor) -> Touch:
    """Take up a skipped touch again while its window is open. Raises TouchFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        touch = touch_locked(tenant, touch_id)
        if touch.state != TouchState.SKIPPED or touch.window_ends_at <= clock.now():
            raise TouchFixed
        touch_move(touch, TouchState.PLANNED, done_at=None)
        touches_store([touch])
        audit.record(tenant=tenant, actor=actor, verb="sop.touch.restored", target=touch)
    return touch


def touch_retime(*, tenant: "Tenant", touch_id: int, due_at: datetime, actor: Actor) -> Touch:
    """Move a planned, blocked or parked touch to another time still to come; its window moves along.

    `due_at` is aware UTC. A countdown touch never moves past the end of its offer. A leader's leave to go past the caps
    was for its old time and ends. Raises TouchFixed, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        touch = touch_locked(tenant, touch_id)
        movable = {TouchState.PLANNED, TouchState.BLOCKED, TouchState.PARKED}
        end = due_at + timedelta(minutes=touch.step.window_minutes)
        if touch.step.anchor == "offer_end" and touch.run.offer_ends_at is not None:
            end = min(end, touch.run.offer_ends_at)
        if (
            touch.state not in movable
            or due_at < clock.now()
            or end <= due_at
            or touch.run.state != "running"
        ):
            raise TouchFixed
        before = touch.due_at
        _uncount(tenant, touch)
        if touch.state != TouchState.PLANNED:
            touch_move(touch, TouchState.PLANNED, done_at=None)
            parked_close(tenant, touch)
        touch.evidence = {name: value for name, value in touch.evidence.items() if name != PAST_CAPS}
        touch.planned_at = touch.due_at = due_at
        touch.window_ends_at = end
        touches_store([touch])
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="sop.touch.retimed",
            target=touch,
            changes={"due_at": [before.isoformat(), due_at.isoformat()]},
        )
    return touch


def _uncount(tenant: "Tenant", touch: Touch) -> None:
    """Somebody decided that a message of which nobody knew has not gone out: it counts when it does, on that day."""
    if touch.state == TouchState.PARKED and touch.handed_at is not None:
        keys = [f"{REF}:{touch.pk}"]
        gate_release(tenant_id=tenant.pk, keys=keys, now=clock.now())
        quota_return(tenant_id=tenant.pk, vendor_msgids=keys)


def parked_close(tenant: "Tenant", touch: Touch) -> None:
    """What asked a person about this touch leaves Today. In the caller's transaction."""
    parked_put(tenant=tenant, run_ids=[touch.run_id])
    work_items_close(tenant_id=tenant.pk, source_kind=BLOCKED_REF, source_ids=[touch.pk], state="cancelled")
