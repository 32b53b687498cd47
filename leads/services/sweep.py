"""What moves without an event: suggestions lapse, deadlines pass, windows end, settings change."""

from collections.abc import Iterable

from django.core.cache import cache
from django.db import transaction
from django.db.models import F, Q

from leads.enums import LeadEventKind, LeadState
from leads.models import Lead, LeadEvent, Window, WindowMember
from leads.selectors.rules import rule_version_list
from leads.services.recompute import leads_recompute
from leads.services.rules import rules_current
from outbox.dispatch import enqueue
from tenants import clock

BATCH = 1000
SETTINGS_CHECK_S = 60


def tenants_with_due() -> list[int]:
    """Tenants whose leads may have moved. Runs unscoped. Three queries."""
    now = clock.now()
    checks = WindowMember.objects.filter(check_at__lte=now).values_list("tenant_id", flat=True)
    passed = _passed().filter(sla_due_at__lte=now).values_list("tenant_id", flat=True)
    windows = Window.objects.filter(ended_at=None).values_list("tenant_id", "ends_at")
    found = {*checks.distinct().order_by(), *passed.distinct().order_by()}
    for tenant_id, ends_at in windows.distinct().order_by():
        if ends_at <= now or cache.add(f"leads:settings:{tenant_id}", 1, SETTINGS_CHECK_S):
            found.add(tenant_id)
    return sorted(found)


def _passed():  # type: ignore[no-untyped-def]
    """Open leads whose deadline was not noted as missed."""
    return Lead.objects.filter(state=LeadState.OPEN, sla_due_at__isnull=False).filter(
        Q(sla_noted_at=None) | ~Q(sla_noted_at=F("sla_due_at"))
    )


def sweep(*, tenant_id: int) -> None:
    """Bring a tenant's leads up to now. Safe to repeat and to run twice at once."""
    _renew_rule(tenant_id)
    _end_windows(tenant_id)
    _recheck(tenant_id)
    _note_passed(tenant_id)


def _renew_rule(tenant_id: int) -> None:
    """Changed settings become a new rule version, which every running window is derived by."""
    before = rule_version_list(tenant_id=tenant_id)
    after = rules_current(tenant_id=tenant_id)
    if before and before[-1].number != after[-1][1].number:
        _enqueue_rebuild(Window.objects.filter(tenant_id=tenant_id, ended_at=None))


def _end_windows(tenant_id: int) -> None:
    with transaction.atomic():
        over = list(
            Window.objects.select_for_update(skip_locked=True).filter(
                tenant_id=tenant_id, ended_at=None, ends_at__lte=clock.now()
            )
        )
        for window in over:
            window.ended_at = clock.now()
        Window.objects.bulk_update(over, ["ended_at"])
        _enqueue_rebuild(over)


def _enqueue_rebuild(windows: Iterable[Window]) -> None:
    for window in windows:
        enqueue("leads.rebuild_window", tenant_id=window.tenant_id, window_id=window.pk)


def _recheck(tenant_id: int) -> None:
    due = WindowMember.objects.filter(tenant_id=tenant_id, check_at__lte=clock.now()).order_by("customer_id")
    leads_recompute(tenant_id=tenant_id, customer_ids=list(due.values_list("customer_id", flat=True)[:BATCH]))


def _note_passed(tenant_id: int) -> None:
    """A missed deadline goes into the history once."""
    now = clock.now()
    with transaction.atomic():
        late = list(
            _passed()
            .filter(tenant_id=tenant_id, sla_due_at__lte=now)
            .select_for_update(skip_locked=True)[:BATCH]
        )
        for lead in late:
            lead.sla_noted_at = lead.sla_due_at
        Lead.objects.bulk_update(late, ["sla_noted_at"])
        LeadEvent.objects.bulk_create(
            LeadEvent(
                tenant_id=tenant_id, lead=lead, at=lead.sla_due_at, recorded_at=now,
                kind=LeadEventKind.SLA_MISSED, data={"tier": lead.column},
            )
            for lead in late
        )  # fmt: skip
