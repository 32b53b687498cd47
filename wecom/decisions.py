"""What a person decides about entries that cannot go on by themselves: events and sends."""

from django.db import transaction

from outbox import relay
from outbox.dispatch import enqueue
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from wecom.adapters import ADAPTERS, Sent
from wecom.enums import Choice, InboundState, SendKind, SendState
from wecom.errors import ChoiceMissing, NothingToDecide, ReasonMissing, WecomError
from wecom.inbox import ingest, wake
from wecom.models import InboundEvent, OutboundSend
from wecom.sending import outbound, parked

VERBS = {Choice.DONE: "found_sent", Choice.AGAIN: "sent_again", Choice.DROP: "dropped"}


def inbound_replay(*, tenant: Tenant, inbound_id: int, actor: Actor) -> None:
    """Process a stored event again with a full set of tries; one that could not be read is read again.

    Raises NotPermitted, InboundEvent.DoesNotExist. Safe to repeat: handlers are.
    """
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        row = InboundEvent.objects.select_for_update().get(tenant=tenant, pk=inbound_id)
        before = row.state
        row.state, row.attempts, row.next_at = InboundState.PENDING, 0, clock.now()
        row.leased_until, row.done_at = None, None
        ingest.describe(row)
        row.save()
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="wecom.inbound.replayed",
            target=row,
            changes={"state": [before, row.state]},
        )
        enqueue("wecom.process_inbound", tenant_id=tenant.pk)


def inbound_discard(*, tenant: Tenant, inbound_id: int, reason: str, actor: Actor) -> None:
    """Close a stored event without processing it; the row stays. Raises ReasonMissing, NothingToDecide."""
    require(actor, Permission.MANAGE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        row = InboundEvent.objects.select_for_update().get(tenant=tenant, pk=inbound_id)
        if row.state in (InboundState.DONE, InboundState.DISCARDED):
            raise NothingToDecide
        before, row.state = row.state, InboundState.DISCARDED
        row.save(update_fields=["state"])
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="wecom.inbound.discarded",
            target=row,
            changes={"state": [before, row.state]},
            reason=reason.strip(),
        )


def send_decide(
    *, tenant: Tenant, send_id: int, choice: str, reason: str, actor: Actor, vendor_id: str = ""
) -> OutboundSend:
    """A person decides a parked or failed send, by what they have found out.

    done: WeCom has it; for a mass send `vendor_id` is which one, so that its result can be read. again: it goes
    out as if new. drop: it is over, and what it had used is given back by who asked for it. Raises ReasonMissing,
    ChoiceMissing, NothingToDecide, NotPermitted.
    """
    require(actor, Permission.MANAGE)
    if not reason.strip():
        raise ReasonMissing
    if choice not in Choice.values:
        raise ChoiceMissing
    with transaction.atomic():
        row = OutboundSend.objects.select_for_update().get(tenant=tenant, pk=send_id)
        if row.state not in (SendState.UNKNOWN, SendState.FAILED):
            raise NothingToDecide
        before = row.state
        if choice == Choice.DONE:
            _is_done(row, vendor_id.strip())
        elif choice == Choice.DROP:
            outbound.finish(row, SendState.CANCELLED, error=WecomError(reason.strip()))
        else:
            _again(row)
        audit.record(
            tenant=tenant,
            actor=actor,
            verb=f"wecom.send.{VERBS[Choice(choice)]}",
            target=row,
            changes={"state": [before, row.state]},
            reason=reason.strip(),
        )
    return row


def _is_done(row: OutboundSend, vendor_id: str) -> None:
    if row.kind == SendKind.MASS_SEND and (not vendor_id or parked.is_taken(row, vendor_id)):
        raise ChoiceMissing
    sent = Sent(vendor_id, [], {"decided": True}) if vendor_id else None
    outbound.finish(row, SendState.DONE, sent=sent)


def _again(row: OutboundSend) -> None:
    row.state, row.attempts, row.claim, row.next_at = SendState.QUEUED, 0, "", clock.now()
    row.finished_at, row.error, row.error_code = None, "", 0
    row.expires_at = clock.now() + ADAPTERS[row.kind].lasts
    row.save()
    wake.outbound(tenant_id=row.tenant_id)


def deliveries_retry(*, tenant: Tenant, actor: Actor) -> int:
    """Give every reaction that failed for good another full set of tries. Returns how many. Safe to repeat."""
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        count = relay.deliveries_retry(tenant_id=tenant.pk)
        if count:
            audit.record(
                tenant=tenant, actor=actor, verb="outbox.deliveries.retried", changes={"count": [None, count]}
            )
    return count
