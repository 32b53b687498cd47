"""What people do with a lead: confirm, follow up, plan, note doubts, assign, close (R70).

Each writes the history, then derives the lead anew, in one transaction with the audit trail.
"""

from datetime import datetime

from django.db import transaction

from leads.enums import (
    CLOSED_STATES,
    RETRY_HOURS,
    TALK_HOURS,
    CloseReason,
    DoubtState,
    FollowResult,
    LeadEventKind,
    LeadState,
)
from leads.errors import (
    DoubtEmpty,
    LeadClosed,
    NextActionMissing,
    NextActionPast,
    ReasonMissing,
)
from leads.models import Doubt, FollowUp, Lead
from leads.policies.follow import next_after
from leads.services.hand import deadlines_note, lead_in_hand, lead_note
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def _plan(lead: Lead, action: str, at: datetime | None) -> None:
    if not action.strip() or at is None:
        raise NextActionMissing
    now = clock.now()
    if at < now:
        raise NextActionPast
    lead.next_action, lead.next_action_at, lead.next_set_at = action.strip()[:120], at, now


def lead_confirm_s(*, tenant: Tenant, lead_id: int, actor: Actor) -> Lead:
    """A suggested S is one. Safe to repeat."""
    with lead_in_hand(tenant, lead_id, actor) as lead:
        if lead.suggestion is not None:
            lead_note(
                lead,
                LeadEventKind.S_CONFIRMED,
                actor,
                behaviour=lead.suggestion["id"],
                word=lead.suggestion["word"],
            )
            audit.record(tenant=tenant, actor=actor, verb="leads.lead.s_confirmed", target=lead)
    return lead


def lead_set_s(*, tenant: Tenant, lead_id: int, actor: Actor, reason: str) -> Lead:
    """Set to S by hand, with a reason, as after a telephone call. Raises ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    with lead_in_hand(tenant, lead_id, actor) as lead:
        lead_note(lead, LeadEventKind.S_SET, actor, reason=reason[:200])
        audit.record(tenant=tenant, actor=actor, verb="leads.lead.s_set", target=lead, reason=reason)
    return lead


def lead_deny_s(*, tenant: Tenant, lead_id: int, actor: Actor) -> Lead:
    """Not S: back to the tier that behaviours give. A later question is suggested again. Safe to repeat."""
    with lead_in_hand(tenant, lead_id, actor) as lead:
        if lead.suggestion is not None or lead.tier == "S":
            lead_note(lead, LeadEventKind.S_DENIED, actor, behaviour=(lead.suggestion or {}).get("id"))
            audit.record(tenant=tenant, actor=actor, verb="leads.lead.s_denied", target=lead)
    return lead


def lead_set_next_action(
    *, tenant: Tenant, lead_id: int, action: str, at: datetime, actor: Actor, reason: str = ""
) -> Lead:
    """Plan the next step. Moving an overdue date needs a reason. Raises NextActionMissing, NextActionPast,
    ReasonMissing. Safe to repeat.
    """
    with lead_in_hand(tenant, lead_id, actor) as lead:
        overdue = lead.next_action_at is not None and lead.next_action_at < clock.now()
        if overdue and not reason.strip():
            raise ReasonMissing
        before = [lead.next_action, lead.next_action_at and lead.next_action_at.isoformat()]
        _plan(lead, action, at)
        kind = LeadEventKind.SNOOZED if reason else LeadEventKind.NEXT_SET
        lead_note(lead, kind, actor, action=lead.next_action, at=at.isoformat(), reason=reason[:200])
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="leads.lead.next_set",
            target=lead,
            changes={
                "next_action": [before[0], lead.next_action],
                "next_action_at": [before[1], at.isoformat()],
            },
            reason=reason,
        )
    return lead


def lead_snooze(*, tenant: Tenant, lead_id: int, until: datetime, reason: str, actor: Actor) -> Lead:
    """Put the same next action off, with a reason. Raises ReasonMissing, NextActionPast."""
    if not reason.strip():
        raise ReasonMissing
    action = Lead.objects.values_list("next_action", flat=True).get(tenant=tenant, pk=lead_id)
    return lead_set_next_action(
        tenant=tenant, lead_id=lead_id, action=action, at=until, actor=actor, reason=reason
    )


def lead_follow_up(
    *,
    tenant: Tenant,
    lead_id: int,
    result: str,
    actor: Actor,
    key: str,
    note: str = "",
    minutes: int | None = None,
    doubt: str = "",
    next_action: str = "",
    next_action_at: datetime | None = None,
    close_reason: str = "",
) -> FollowUp:
    """Log one contact. `key` names the form: the same one twice is one follow-up.

    Without a next action the usual one for the result is planned. "paid" closes as won, "not buying" closes and
    needs `close_reason`. A new doubt needs its words. Raises LeadClosed, ReasonMissing, DoubtEmpty, NextActionPast.
    """
    if result == FollowResult.NEW_DOUBT and not doubt.strip():
        raise DoubtEmpty
    with lead_in_hand(tenant, lead_id, actor, open_only=False) as lead:
        # Asked under the lock: of two taps at once the second finds what the first wrote.
        known = FollowUp.objects.filter(tenant=tenant, lead=lead, key=key).first()
        if known is not None:
            return known
        if lead.state in CLOSED_STATES:
            raise LeadClosed
        now = clock.now()
        deadlines_note([lead], now)
        row = FollowUp.objects.create(
            tenant=tenant, lead=lead, at=now, result=FollowResult(result), note=note[:500], minutes=minutes,
            due_at=lead.sla_due_at, tier=lead.column, staff_id=lead.owner_id, actor_name=actor.name[:128], key=key,
        )  # fmt: skip
        lead.first_followed_at = lead.first_followed_at or now
        lead.followed_at, lead.follow_count = now, lead.follow_count + 1
        lead_note(lead, LeadEventKind.FOLLOWED, actor, result=result, note=note[:200])
        if doubt.strip():
            _doubt_put(lead, doubt, actor)
        if result == FollowResult.PAID:
            _close(lead, LeadEventKind.CLOSED_WON, actor, "", note)
        elif result == FollowResult.NOT_BUYING:
            _close(lead, LeadEventKind.CLOSED_NOT_BUYING, actor, close_reason, note)
        else:
            _plan_after(lead, result, next_action, next_action_at)
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="leads.lead.followed",
            target=lead,
            changes={"result": [None, result]},
        )
    return row


def _plan_after(lead: Lead, result: str, action: str, at: datetime | None) -> None:
    own = preferences.values(lead.tenant_id, RETRY_HOURS, TALK_HOURS)
    usual = next_after(
        result,
        now=clock.now(),
        retry_hours=own[RETRY_HOURS.key],
        talk_hours=own[TALK_HOURS.key],
        doubt_open=Doubt.objects.filter(tenant_id=lead.tenant_id, lead=lead, state=DoubtState.OPEN).exists(),
    )
    if usual is not None:
        _plan(lead, action or str(usual[0]), at or usual[1])


def _close(lead: Lead, kind: str, actor: Actor, reason: str, note: str) -> None:
    if kind == LeadEventKind.CLOSED_NOT_BUYING and reason not in CloseReason.values:
        raise ReasonMissing
    lead_note(lead, kind, actor, reason=reason, note=note[:200])


def lead_close(
    *, tenant: Tenant, lead_id: int, state: str, actor: Actor, reason: str = "", note: str = ""
) -> Lead:
    """End a lead as won or as not buying with a CloseReason; nothing else ends it but an order or opt-out.

    Raises ReasonMissing, LeadClosed, ValueError for any other state.
    """
    kinds: dict[str, str] = {
        LeadState.WON: LeadEventKind.CLOSED_WON,
        LeadState.NOT_BUYING: LeadEventKind.CLOSED_NOT_BUYING,
    }
    if state not in kinds:
        raise ValueError(state)
    with lead_in_hand(tenant, lead_id, actor) as lead:
        _close(lead, kinds[state], actor, reason, note)
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="leads.lead.closed",
            target=lead,
            changes={"state": [lead.state, state]},
            reason=f"{reason} {note}".strip(),
        )
    return lead


def lead_reopen(*, tenant: Tenant, lead_id: int, actor: Actor, reason: str = "") -> Lead:
    """Take a close by hand back, or follow up again after a refund. Opted-out leads stay closed. Safe to repeat."""
    with lead_in_hand(tenant, lead_id, actor, open_only=False) as lead:
        if lead.state in (LeadState.WON, LeadState.NOT_BUYING):
            lead_note(lead, LeadEventKind.REOPENED, actor, reason=reason[:200])
            audit.record(
                tenant=tenant, actor=actor, verb="leads.lead.reopened", target=lead,
                changes={"state": [lead.state, LeadState.OPEN.value]}, reason=reason,
            )  # fmt: skip
    return lead


def _doubt_put(lead: Lead, text: str, actor: Actor) -> Doubt:
    doubt, created = Doubt.objects.get_or_create(
        tenant_id=lead.tenant_id,
        lead=lead,
        text=text.strip()[:120],
        defaults={"raised_at": clock.now(), "raised_by": actor.name[:128]},
    )
    if created:
        lead_note(lead, LeadEventKind.DOUBT, actor, text=doubt.text)
    return doubt


def doubt_raise(*, tenant: Tenant, lead_id: int, text: str, actor: Actor) -> Doubt:
    """Note what holds the customer back. The same words on one lead are one doubt. Raises DoubtEmpty."""
    if not text.strip():
        raise DoubtEmpty
    with lead_in_hand(tenant, lead_id, actor, open_only=False) as lead:
        return _doubt_put(lead, text, actor)


def doubt_answer(*, tenant: Tenant, doubt_id: int, answer: str, actor: Actor) -> Doubt:
    """Note that a doubt was answered, and how. Raises Doubt.DoesNotExist. Safe to repeat: the first answer stays."""
    require(actor, Permission.WORK)
    with transaction.atomic():
        doubt = Doubt.objects.select_for_update().select_related("lead").get(tenant=tenant, pk=doubt_id)
        if doubt.state == DoubtState.OPEN:
            doubt.state, doubt.answer = DoubtState.ANSWERED, answer.strip()[:500]
            doubt.answered_at, doubt.answered_by = clock.now(), actor.name[:128]
            doubt.save()
            lead_note(doubt.lead, LeadEventKind.DOUBT_ANSWERED, actor, text=doubt.text)
    return doubt
