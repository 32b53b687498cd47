"""What a person decides about entries that cannot go on by themselves: events and sends."""

from django.db import transaction

from outbox import relay
from outbox.dispatch import enqueue
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from wecom import ingest, outbound, wake
from wecom.enums import InboundState, SendState
from wecom.errors import NothingToDecide, ReasonMissing
from wecom.models import InboundEvent, OutboundSend


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


def send_decide(*, tenant: Tenant, send_id: int, is_done: bool, reason: str, actor: Actor) -> OutboundSend:
    """A person decides a parked or failed send: it was done, or it is to be sent again.

    Sending again is only for sends whose outcome the person has looked up at WeCom. Raises ReasonMissing,
    NothingToDecide, NotPermitted.
    """
    require(actor, Permission.MANAGE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        row = OutboundSend.objects.select_for_update().get(tenant=tenant, pk=send_id)
        if row.state not in (SendState.UNKNOWN, SendState.FAILED):
            raise NothingToDecide
        before = row.state
        if is_done:
            outbound.finish(row, SendState.DONE)
        else:
            row.state, row.attempts, row.claim, row.next_at = SendState.QUEUED, 0, "", clock.now()
            row.finished_at, row.error, row.error_code = None, "", 0
            row.save()
            wake.outbound(tenant_id=tenant.pk)
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="wecom.send.decided",
            target=row,
            changes={"state": [before, row.state]},
            reason=reason.strip(),
        )
    return row


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
