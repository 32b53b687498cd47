"""The welcome of a new customer: once, within 20 seconds of the event, or not at all (PROTOCOL 3.7).

Everything that takes time is done before: files are uploaded ahead, names are ours where we know them, so that the
fast path makes one call. Who comes too late is counted, not hidden; another app's welcome is no fault.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from tenants import clock, preferences
from tenants.errors import DomainError
from wecom.enums import WELCOME_TEXT, SendKind, SendState
from wecom.errors import WecomError
from wecom.gateway.client import client_for
from wecom.inbox import envelope
from wecom.inbox.filing import file_landed
from wecom.keeping import assets
from wecom.models import App, InboundEvent, OutboundSend
from wecom.operations.tally import tally
from wecom.sending import outbound
from wecom.services import send_queue
from wecom.welcomes import greetings
from wecom.welcomes.greetings import Greeting
from wecom.welcomes.sayable import welcome_checked

log = structlog.get_logger(__name__)

BUDGET_S = 20.0
ASK_NAME_UNTIL_S = 10.0  # later than this an unknown name is left out rather than asked for
REF_KIND = "wecom.inbound"
WELCOME_CHANGES = ("add_external_contact", "add_half_external_contact")
MISS_LATE, MISS_WORDS = "late", "words"


@dataclass(frozen=True)
class Known:
    """What the apps above know of one meeting. `greeting` None: the app's own; an empty one: none at all."""

    greeting: Greeting | None = None
    customer: str = ""
    staff: str = ""


Knower = Callable[..., Known]
_knowers: list[Knower] = []


def register_knower(knower: Knower) -> None:
    """`knower(tenant_id=, app_id=, userid=, external_userid=, state=) -> Known`; the last one registered is asked."""
    _knowers[:] = [knower]


def default_greeting(app: App) -> Greeting:
    """The app's own greeting, else the tenant's text."""
    if app.greeting.strip() or app.greeting_parts:
        return Greeting(app.greeting.strip(), list(app.greeting_parts))
    return Greeting(str(preferences.value(app.tenant_id, WELCOME_TEXT)).strip())


def _event(tenant_id: int, inbound_id: int) -> InboundEvent | None:
    """The event; it may still lie where it landed. None: it came twice, and the first has the welcome."""
    rows = InboundEvent.objects.select_related("app").filter(
        tenant_id=tenant_id, pk=inbound_id, change_type__in=WELCOME_CHANGES
    )
    found = rows.first()
    while found is None and file_landed(tenant_id=tenant_id).taken:
        found = rows.first()
    return found


def send(*, tenant_id: int, inbound_id: int) -> OutboundSend | None:
    """Send the welcome of one stored event now. Returns its send, or None when none is due or it is too late.

    Safe to repeat: the code is the send's key, and WeCom takes a code once.
    """
    event = _event(tenant_id, inbound_id)
    if event is None:
        return None
    fields = envelope.parse_inner(event.body).fields
    code = fields.get("WelcomeCode")
    if not code or not isinstance(code, str) or event.app is None:
        return None
    known = _known(event.app, fields)
    greeting = default_greeting(event.app) if known.greeting is None else known.greeting
    if greeting.is_empty:
        return None
    began: datetime = event.occurred_at or event.received_at
    if clock.now() - began > timedelta(seconds=BUDGET_S):
        _note_miss(event, code, MISS_LATE)
        return None
    try:
        welcome_checked(tenant=event.tenant, text=greeting.text, parts=greeting.parts)
    except DomainError as error:  # kept before these words were forbidden
        log.info("welcome_refused", tenant_id=tenant_id, inbound=inbound_id, code=error.code)
        _note_miss(event, code, MISS_WORDS)
        return None
    payload = {
        "welcome_code": code,
        "text": _words(event.app, fields, greeting, known, began),
        "attachments": greetings.attachments(greeting.parts),
    }
    with transaction.atomic():
        row = send_queue(
            tenant=tenant_id,
            kind=SendKind.WELCOME,
            key=_key(code),
            payload=payload,
            ref_kind=REF_KIND,
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


def _key(code: str) -> str:
    return f"welcome:{hashlib.sha256(code.encode()).hexdigest()}"


def _known(app: App, fields: dict) -> Known:
    if not _knowers:
        return Known()
    return _knowers[0](
        tenant_id=app.tenant_id,
        app_id=app.pk,
        userid=str(fields.get("UserID") or ""),
        external_userid=str(fields.get("ExternalUserID") or ""),
        state=str(fields.get("State") or ""),
    )


def _words(app: App, fields: dict, greeting: Greeting, known: Known, began: datetime) -> str:
    """The words with their names; a customer's name that nobody knows is asked for while there is time."""
    customer = known.customer
    is_early = clock.now() - began < timedelta(seconds=ASK_NAME_UNTIL_S)
    if not customer and is_early and "customer" in greetings.variables_in(greeting.text):
        customer = _ask_name(app, str(fields.get("ExternalUserID") or ""))
    return greetings.rendered(greeting.text, customer=customer, staff=known.staff)


def _ask_name(app: App, external_userid: str) -> str:
    try:
        found = client_for(app.tenant_id, app.pk).customers.get(external_userid=external_userid)
    except WecomError as error:
        log.info("welcome_without_name", tenant_id=app.tenant_id, error=str(error))
        return ""
    return found["external_contact"].get("name") or ""


def _note_miss(event: InboundEvent, code: str, miss: str) -> None:
    """A welcome that was not sent is kept as one, so that the page can count it."""
    now = clock.now()
    OutboundSend.objects.get_or_create(
        tenant_id=event.tenant_id,
        key=_key(code),
        defaults={
            "kind": SendKind.WELCOME,
            "payload": {"welcome_code": code},
            "state": SendState.CANCELLED,
            "finished_at": now,
            "answer": {"miss": miss},
            "ref_kind": REF_KIND,
            "ref_id": event.pk,
            "app_id": event.app_id,
        },
    )
    log.info("welcome_missed", tenant_id=event.tenant_id, inbound=event.pk, miss=miss)


def _note_latency(row: OutboundSend, latency_s: float) -> None:
    row.answer = {**row.answer, "latency_s": round(latency_s, 3)}
    row.save(update_fields=["answer"])
    tally.took("welcome", latency_s)
    log.info("welcome_sent", tenant_id=row.tenant_id, send=row.pk, latency_s=round(latency_s, 3))


def is_begun(*, tenant_id: int, inbound_id: int) -> bool:
    """Whether a welcome was queued for this event."""
    return OutboundSend.objects.filter(tenant_id=tenant_id, ref_kind=REF_KIND, ref_id=inbound_id).exists()


def _greeting_assets(*, tenant_id: int) -> list[int]:
    rows = App.objects.filter(tenant_id=tenant_id).values_list("greeting_parts", flat=True)
    return [one for parts in rows for one in assets.asset_ids_in(parts)]


assets.register_user(_greeting_assets)
