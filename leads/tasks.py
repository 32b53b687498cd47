"""Celery entry points of leads."""

from celery import shared_task

from leads.services import rule_reports
from leads.services import sweep as sweeping
from leads.services.windows import REBUILD_TASK, window_rebuild
from outbox.dispatch import enqueue
from tenants.scoping import unscoped
from tenants.tasking import TenantTask


@shared_task(name="leads.sweep", time_limit=60)
def sweep() -> None:
    with unscoped("the tick looks for tenants whose leads may have moved"):
        waiting = sweeping.tenants_with_due()
    for tenant_id in waiting:
        enqueue("leads.sweep_tenant", tenant_id=tenant_id)


@shared_task(name="leads.sweep_tenant", base=TenantTask, time_limit=300)
def sweep_tenant(*, tenant_id: int) -> None:
    sweeping.sweep(tenant_id=tenant_id)


@shared_task(name=rule_reports.TASK, base=TenantTask, time_limit=rule_reports.REPORT_LIMIT_S)
def report_rules(*, tenant_id: int) -> None:
    rule_reports.rule_report_make(tenant_id=tenant_id)


@shared_task(name=REBUILD_TASK, base=TenantTask, time_limit=300)
def rebuild_window(*, tenant_id: int, window_id: int) -> None:
    window_rebuild(tenant_id=tenant_id, window_id=window_id)
