"""Celery entry points of team."""

from celery import shared_task

from outbox.dispatch import enqueue
from team.selectors import tenants_with_expired, tenants_with_sweepable
from team.services import approvals_expire, work_items_sweep
from tenants.models import Tenant
from tenants.scoping import unscoped
from tenants.tasking import TenantTask


@shared_task(name="team.sweep_items", base=TenantTask, time_limit=60)
def sweep_items(*, tenant_id: int) -> None:
    work_items_sweep(tenant_id=tenant_id)


@shared_task(name="team.sweep", time_limit=60)
def sweep() -> None:
    with unscoped("the tick looks for tenants with snoozed or expired work items"):
        waiting, expired = tenants_with_sweepable(), tenants_with_expired()
    for tenant_id in expired:
        enqueue("team.expire_approvals", tenant_id=tenant_id)
    for tenant_id in waiting:
        enqueue("team.sweep_items", tenant_id=tenant_id)


@shared_task(name="team.expire_approvals", base=TenantTask, time_limit=60)
def expire_approvals(*, tenant_id: int) -> None:
    approvals_expire(tenant=Tenant.objects.get(pk=tenant_id))
