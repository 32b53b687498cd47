"""What moves without an event: suggestions lapse, deadlines pass, windows end."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from leads.enums import LeadState
from leads.models import Lead, RuleReport, Window, WindowMember
from leads.services.hand import deadlines_note
from leads.services.recompute import leads_recompute
from leads.services.rule_reports import REPORT_LIMIT_S, rule_report_ask
from leads.services.windows import REBUILD_TASK
from outbox.dispatch import enqueue
from tenants import clock

BATCH = 1000


def tenants_with_due() -> list[int]:
    """Tenants whose leads may have moved. Runs unscoped. Four queries."""
    now = clock.now()
    checks = WindowMember.objects.filter(check_at__lte=now).values_list("tenant_id", flat=True)
    passed = _passed().filter(sla_due_at__lte=now).values_list("tenant_id", flat=True)
    over = Window.objects.filter(ended_at=None, ends_at__lte=now).values_list("tenant_id", flat=True)
    lost = _lost_reports().values_list("tenant_id", flat=True)
    found = {*checks.distinct().order_by(), *passed.distinct().order_by(), *over.distinct().order_by(), *lost}
    return sorted(found)


def _passed():  # type: ignore[no-untyped-def]
    """Open leads whose deadline was not noted as missed."""
    return Lead.objects.filter(state=LeadState.OPEN, sla_due_at__isnull=False).filter(
        Q(sla_noted_at=None) | ~Q(sla_noted_at=F("sla_due_at"))
    )


def _lost_reports() -> QuerySet[RuleReport]:
    """Counts of a rule that nobody finished within the longest time their task may take."""
    return RuleReport.objects.filter(
        made_at=None, asked_at__lte=clock.now() - timedelta(seconds=REPORT_LIMIT_S)
    )


def sweep(*, tenant_id: int) -> None:
    """Bring a tenant's leads up to now. Safe to repeat and to run twice at once."""
    _end_windows(tenant_id)
    _recheck(tenant_id)
    _note_passed(tenant_id)
    if _lost_reports().filter(tenant_id=tenant_id).exists():
        rule_report_ask(tenant_id=tenant_id)


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
    if over:
        rule_report_ask(tenant_id=tenant_id)


def _enqueue_rebuild(windows: Iterable[Window]) -> None:
    for window in windows:
        enqueue(REBUILD_TASK, tenant_id=window.tenant_id, window_id=window.pk)


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
        Lead.objects.bulk_update(deadlines_note(late, now), ["sla_noted_at"])
