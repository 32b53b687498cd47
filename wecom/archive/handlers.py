"""The archive's reactions to WeCom's events."""

from django.db import transaction

from outbox.dispatch import enqueue
from wecom.archive import fetch
from wecom.archive.consent import Answer, consent_set_many
from wecom.archive.enums import ConsentSource
from wecom.archive.models import ArchiveCursor
from wecom.inbox.ingest import Inbound

APPROVED = "msg_audit_approved"


def on_notify(event: Inbound) -> None:
    """msgaudit_notify: there are new messages. Sent at most every 15 s; the tick looks too. Safe to repeat."""
    apps = ArchiveCursor.objects.filter(tenant_id=event.tenant_id).values_list("app_id", flat=True)
    woken = [fetch.wake(tenant_id=event.tenant_id, app_id=one) for one in apps]
    if any(woken):
        enqueue("wecom.fetch_archive", tenant_id=event.tenant_id)


def on_external_contact(event: Inbound) -> None:
    """msg_audit_approved: a customer agreed before the first message came through the archive. Safe to repeat."""
    person = event.fields.get("ExternalUserID", "")
    if event.change_type != APPROVED or not person or event.app_id is None:
        return
    with transaction.atomic():
        answer = Answer(person, True, event.occurred_at, ConsentSource.CALLBACK.value)
        consent_set_many(tenant_id=event.tenant_id, app_id=event.app_id, answers=[answer])
