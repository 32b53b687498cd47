"""The next step of many leads at once: one act, the history and the trail of each (R70)."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from leads.enums import LeadEventKind, LeadState
from leads.errors import NextActionMissing, NextActionPast, ReasonMissing, ShareStale
from leads.models import Lead, LeadEvent, WindowMember
from leads.services.recompute import leads_recompute
from leads.services.share import MOST
from leads.services.work import work_items_sync
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def leads_plan(
    *, tenant: Tenant, lead_ids: Collection[int], action: str, at: datetime, actor: Actor, reason: str = ""
) -> int:
    """Plan the same next step for open leads; closed and foreign ones are left out. Returns how many.

    A constant number of statements for each camp among them. Moving one that is overdue needs a reason, then none is
    moved. Raises NotPermitted, NextActionMissing, NextActionPast, ReasonMissing, ShareStale for more than MOST. Safe to
    repeat.
    """
    require(actor, Permission.WORK)
    now = clock.now()
    if not action.strip():
        raise NextActionMissing
    if at < now:
        raise NextActionPast
    if len(lead_ids) > MOST:
        raise ShareStale
    with transaction.atomic():
        leads = _held(tenant, lead_ids)
        is_late = any(one.next_action_at is not None and one.next_action_at < now for one in leads)
        if is_late and not reason.strip():
            raise ReasonMissing
        _write(tenant, leads, action.strip()[:120], at, reason.strip()[:200], actor)
        for window_id in sorted({one.window_id for one in leads}):
            people = [one.customer_id for one in leads if one.window_id == window_id]
            leads_recompute(tenant_id=tenant.pk, customer_ids=people, window_id=window_id)
        fresh = Lead.objects.filter(tenant=tenant, pk__in=[one.pk for one in leads])
        work_items_sync(tenant_id=tenant.pk, leads=fresh.select_related("customer"), now=now)
    return len(leads)


def _held(tenant: Tenant, lead_ids: Collection[int]) -> list[Lead]:
    """The open ones, locked; their window members first, as deriving does."""
    asked = Lead.objects.filter(tenant=tenant, pk__in=list(lead_ids), state=LeadState.OPEN)
    pairs = list(asked.values_list("window_id", "customer_id"))
    members = WindowMember.objects.select_for_update().filter(
        tenant=tenant,
        window_id__in={window for window, _customer in pairs},
        customer_id__in={customer for _window, customer in pairs},
    )
    list(members.order_by("pk").values_list("pk"))
    return list(asked.select_for_update(of=("self",)).select_related("customer").order_by("pk"))


def _write(tenant: Tenant, leads: list[Lead], action: str, at: datetime, reason: str, actor: Actor) -> None:
    now, changes, events = clock.now(), {}, []
    kind = LeadEventKind.SNOOZED if reason else LeadEventKind.NEXT_SET
    for lead in leads:
        before = lead.next_action_at and lead.next_action_at.isoformat()
        changes[lead.pk] = {
            "next_action": [lead.next_action, action], "next_action_at": [before, at.isoformat()],
        }  # fmt: skip
        lead.next_action, lead.next_action_at, lead.next_set_at = action, at, now
        events.append(
            LeadEvent(
                tenant=tenant, lead=lead, at=now, kind=kind, actor_name=actor.name[:128],
                data={"action": action, "at": at.isoformat(), "reason": reason},
            )
        )  # fmt: skip
    LeadEvent.objects.bulk_create(events)
    audit.record_many(
        tenant=tenant, actor=actor, verb="leads.lead.next_set", targets=leads, changes=changes, reason=reason
    )
    Lead.objects.bulk_update(leads, ["next_action", "next_action_at", "next_set_at"])
