"""Giving leads to colleagues: one, many, each to somebody else; one act, taken back by one tap."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from uuid import uuid4

from django.db import transaction

from leads.enums import LeadEventKind, LeadState
from leads.errors import OwnerUnknown, ShareStale
from leads.models import Lead, LeadEvent
from leads.services.work import work_items_sync
from team.selectors import staff_by_id
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

MOST = 200  # leads of one act
UNDO_HOURS = 24


def lead_assign(*, tenant: Tenant, lead_ids: Iterable[int], staff_id: int, actor: Actor) -> int:
    """Give open leads to one colleague. Returns how many changed hands. Raises OwnerUnknown. Safe to repeat."""
    return leads_give(tenant=tenant, wanted=dict.fromkeys(lead_ids, staff_id), actor=actor)[0]


def leads_give(*, tenant: Tenant, wanted: Mapping[int, int], actor: Actor) -> tuple[int, str]:
    """Give each open lead to its colleague: {lead: staff}. Returns how many changed hands, and the act's name by which
    `leads_take_back` undoes it ("" where nothing changed).

    Closed and foreign leads are left out. The same number of statements for any number of leads.
    Raises OwnerUnknown for a colleague who is gone or foreign, ShareStale for more than MOST. Safe to repeat.
    """
    require(actor, Permission.WORK)
    if len(wanted) > MOST:
        raise ShareStale
    staff = staff_by_id(tenant_id=tenant.pk, staff_ids=set(wanted.values()))
    if any(pk not in staff or not staff[pk].is_active for pk in wanted.values()):
        raise OwnerUnknown
    act = uuid4().hex
    with transaction.atomic():
        leads = [one for one in _locked(tenant, wanted) if one.owner_id != wanted[one.pk]]
        _move(tenant, leads, {one.pk: staff[wanted[one.pk]] for one in leads}, actor, act)
    return len(leads), act if leads else ""


def leads_take_back(*, tenant: Tenant, act: str, actor: Actor) -> int:
    """Undo one act of giving: each lead that is still with whom it was given to goes back to whom it had. Returns how
    many; what somebody gave on since, or what is closed, stays. Within UNDO_HOURS. Safe to repeat."""
    require(actor, Permission.WORK)
    with transaction.atomic():
        rows = LeadEvent.objects.filter(
            tenant=tenant, kind=LeadEventKind.ASSIGNED, at__gte=clock.now() - timedelta(hours=UNDO_HOURS),
            data__act=act,
        )  # fmt: skip
        told = {row.lead_id: row.data for row in rows}
        leads = [one for one in _locked(tenant, told) if one.owner_id == told[one.pk]["staff"]]
        before = {one.pk: told[one.pk]["before"] for one in leads}
        staff = staff_by_id(tenant_id=tenant.pk, staff_ids={pk for pk in before.values() if pk})
        _move(tenant, leads, {pk: staff.get(one) if one else None for pk, one in before.items()}, actor, "")
    return len(leads)


def _locked(tenant: Tenant, lead_ids: Iterable[int]) -> list[Lead]:
    return list(
        Lead.objects.select_for_update(of=("self",))
        .filter(tenant=tenant, pk__in=list(lead_ids), state=LeadState.OPEN)
        .select_related("customer", "owner")
        .order_by("pk")
    )


def _move(tenant: Tenant, leads: list[Lead], owners: Mapping[int, object], actor: Actor, act: str) -> None:
    """Write the new owners, the history, the audit trail and people's lists. In a transaction."""
    now = clock.now()
    changes, events = {}, []
    for lead in leads:
        owner = owners[lead.pk]
        changes[lead.pk] = {"owner": [_name(lead.owner), _name(owner)]}
        told = {"staff": getattr(owner, "pk", None), "before": lead.owner_id, "act": act}
        lead.owner = owner  # type: ignore[assignment]
        events.append(
            LeadEvent(
                tenant=tenant, lead=lead, at=now, kind=LeadEventKind.ASSIGNED, data=told,
                actor_name=actor.name[:128],
            )
        )  # fmt: skip
    LeadEvent.objects.bulk_create(events)
    audit.record_many(tenant=tenant, actor=actor, verb="leads.lead.assigned", targets=leads, changes=changes)
    Lead.objects.bulk_update(leads, ["owner"])
    work_items_sync(tenant_id=tenant.pk, leads=leads, now=now)


def _name(staff: object) -> str | None:
    return str(staff) if staff else None
