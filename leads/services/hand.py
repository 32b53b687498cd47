"""A lead in somebody's hand: locked for one act, derived anew and told to people's lists afterwards."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from leads.enums import CLOSED_STATES, LeadEventKind
from leads.errors import LeadClosed
from leads.models import Lead, LeadEvent, WindowMember
from leads.services.recompute import leads_recompute
from leads.services.work import work_items_sync
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


@contextmanager
def lead_in_hand(tenant: Tenant, lead_id: int, actor: Actor, *, open_only: bool = True) -> Iterator[Lead]:
    """The lead, locked, inside a transaction; derived anew on the way out.

    Raises Lead.DoesNotExist for a foreign id, NotPermitted, LeadClosed.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        found = Lead.objects.values("window_id", "customer_id").get(tenant=tenant, pk=lead_id)
        WindowMember.objects.select_for_update().get(tenant=tenant, **found)
        lead = (
            Lead.objects.select_for_update(of=("self",))
            .select_related("customer", "window")
            .get(tenant=tenant, pk=lead_id)
        )
        if open_only and lead.state in CLOSED_STATES:
            raise LeadClosed
        yield lead
        lead.save()
        leads_recompute(tenant_id=tenant.pk, customer_ids=[lead.customer_id], window_id=lead.window_id)
        lead.refresh_from_db()
        work_items_sync(tenant_id=tenant.pk, leads=[lead], now=clock.now())


def lead_note(lead: Lead, kind: str, actor: Actor, **data: object) -> LeadEvent:
    """One row of the lead's history, now."""
    return LeadEvent.objects.create(
        tenant_id=lead.tenant_id, lead=lead, at=clock.now(), kind=kind, data=data, actor_name=actor.name[:128]
    )


def deadlines_note(leads: Iterable[Lead], now: datetime) -> list[Lead]:
    """Write into the history of locked leads which deadline passed, once each, with who had the lead; returns those.

    `sla_noted_at` of each is set and left to the caller to save.
    """
    late = [
        one
        for one in leads
        if one.sla_due_at and one.sla_due_at <= now and one.sla_noted_at != one.sla_due_at
    ]
    for lead in late:
        lead.sla_noted_at = lead.sla_due_at
    LeadEvent.objects.bulk_create(
        LeadEvent(
            tenant_id=lead.tenant_id, lead=lead, at=lead.sla_due_at, recorded_at=now,
            kind=LeadEventKind.SLA_MISSED, data={"tier": lead.column, "staff": lead.owner_id},
        )
        for lead in late
        if lead.sla_due_at
    )  # fmt: skip
    return late
