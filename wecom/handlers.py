"""The door's own reactions to what comes in."""

from datetime import timedelta

from outbox.dispatch import enqueue
from tenants import clock
from wecom.inbox.ingest import Inbound
from wecom.welcomes import welcome


def on_external_contact(event: Inbound) -> None:
    """The welcome's second chance: the callback wakes it directly, but a broker may have been down."""
    if event.change_type not in welcome.WELCOME_CHANGES or not event.fields.get("WelcomeCode"):
        return
    is_in_time = clock.now() - event.occurred_at <= timedelta(seconds=welcome.BUDGET_S)
    if is_in_time and not welcome.is_begun(tenant_id=event.tenant_id, inbound_id=event.inbound_id):
        enqueue("wecom.send_welcome", tenant_id=event.tenant_id, inbound_id=event.inbound_id)
