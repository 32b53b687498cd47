"""Celery entry points of analytics. The tick finds companies with groups; each one's days are its own task."""

from celery import shared_task

from analytics.services.fills import FILL_TASK, days_fill, has_days_due, tenants_to_fill
from analytics.services.funnels import COUNT_TASK, funnels_count, has_funnels_due, tenants_with_funnels
from analytics.services.order_classes import RENEW_TASK, order_classes_after_rule
from analytics.services.weeks import has_weeks_due, tenants_with_weeks, weeks_fill
from outbox.dispatch import enqueue
from tenants.models import Tenant
from tenants.scoping import unscoped
from tenants.tasking import TenantTask


@shared_task(name=RENEW_TASK, base=TenantTask, time_limit=600)
def renew_order_classes(*, tenant_id: int, words: list[str]) -> None:
    order_classes_after_rule(tenant_id=tenant_id, words=words)


@shared_task(name="analytics.sweep", time_limit=60)
def sweep() -> None:
    """Tick: companies whose days or join weeks are to be counted."""
    with unscoped("the tick looks for companies with days to sum"):
        waiting = {*tenants_to_fill(), *tenants_with_weeks()}
        asking = tenants_with_funnels()
    for tenant_id in sorted(waiting):
        enqueue(FILL_TASK, tenant_id=tenant_id)
    for tenant_id in asking:
        enqueue(COUNT_TASK, tenant_id=tenant_id)


@shared_task(name=COUNT_TASK, base=TenantTask, time_limit=600)
def count_funnels(*, tenant_id: int) -> None:
    """One funnel, then again behind the other companies while some are due."""
    tenant = Tenant.objects.get(pk=tenant_id)
    if funnels_count(tenant=tenant) and has_funnels_due(tenant=tenant):
        enqueue(COUNT_TASK, tenant_id=tenant_id)


@shared_task(name=FILL_TASK, base=TenantTask, time_limit=600)
def fill_tenant(*, tenant_id: int) -> None:
    """A few days and join weeks, then again behind the other companies while some are left."""
    tenant = Tenant.objects.get(pk=tenant_id)
    has_moved = days_fill(tenant=tenant) + weeks_fill(tenant=tenant)
    if has_moved and (has_days_due(tenant=tenant) or has_weeks_due(tenant=tenant)):
        enqueue(FILL_TASK, tenant_id=tenant_id)
