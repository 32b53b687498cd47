"""The welcome of a new customer: once, within 20 seconds of the event, or not at all (PROTOCOL 3.7)."""

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from django.db import transaction

from tenants import clock, preferences
from wecom import envelope, outbound
from wecom.enums import WELCOME_TEXT, SendKind, SendState
from wecom.models import App, InboundEvent, OutboundSend
from wecom.services import send_queue

if TYPE_CHECKING:
    from datetime import datetime

log = structlog.get_logger(__name__)

BUDGET_S = 20.0


def welcome_text(app: App) -> str:
    """The app's own greeting, else the tenant's. Empty: no welcome is sent."""
    return (app.greeting or str(preferences.value(app.tenant_id, WELCOME_TEXT))).strip()


def send(*, tenant_id: int, inbound_id: int) -> OutboundSend | None:
    """Send the welcome of one stored event now. Returns its send, or None when none is due.

    Safe to repeat: the code is the send's key, and WeCom takes a code once.
    """
    event = InboundEvent.objects.select_related("app").get(tenant_id=tenant_id, pk=inbound_id)
    code = envelope.parse_inner(event.body).fields.get("WelcomeCode")
    text = welcome_text(event.app) if event.app else ""
    if not code or not text or not isinstance(code, str):
        return None
    began: datetime = event.occurred_at or event.received_at
    if clock.now() - began > timedelta(seconds=BUDGET_S):
        log.info("welcome_too_late", tenant_id=tenant_id, inbound=inbound_id)
        return None
    with transaction.atomic():
        row = send_queue(
            tenant=tenant_id,
            kind=SendKind.WELCOME,
            key=f"welcome:{hashlib.sha256(code.encode()).hexdigest()}",
            payload={"welcome_code": code, "text": text},
            ref_kind="wecom.inbound",
            ref_id=inbound_id,
            app_id=event.app_id,
        )
    claimed = outbound.claim_next(tenant_id=tenant_id, send_id=row.pk)
    if claimed:
        outbound.deliver(claimed)
        row.refresh_from_db()
        if row.state == SendState.DONE:
            _note_latency(row, (clock.now() - began).total_seconds())
    return row


def _note_latency(row: OutboundSend, latency_s: float) -> None:
    row.answer = {**row.answer, "latency_s": round(latency_s, 3)}
    row.save(update_fields=["answer"])
    log.info("welcome_sent", tenant_id=row.tenant_id, send=row.pk, latency_s=round(latency_s, 3))


def is_begun(*, tenant_id: int, inbound_id: int) -> bool:
    """Whether a welcome was queued for this event."""
    return OutboundSend.objects.filter(
        tenant_id=tenant_id, ref_kind="wecom.inbound", ref_id=inbound_id
    ).exists()
