"""Celery entry points of campaigns. The tick finds tenants with something due; each tenant's work is its own task."""

from celery import shared_task

from campaigns.services.life import campaigns_end_due, tenants_with_ended
from campaigns.services.payouts import payouts_run, tenants_with_payouts
from outbox.dispatch import enqueue
from tenants.models import Tenant
from tenants.scoping import unscoped
from tenants.tasking import TenantTask


@shared_task(name="campaigns.sweep", time_limit=60)
def sweep() -> None:
    """Tick: campaigns end by their clock, and a payment that nobody heard of again is asked about."""
    with unscoped("the tick looks for tenants with campaigns to end and payments to make"):
        ending, paying = tenants_with_ended(), tenants_with_payouts()
    for tenant_id in ending:
        enqueue("campaigns.end_tenant", tenant_id=tenant_id)
    for tenant_id in paying:
        enqueue("campaigns.pay_tenant", tenant_id=tenant_id)


@shared_task(name="campaigns.end_tenant", base=TenantTask, time_limit=120)
def end_tenant(*, tenant_id: int) -> None:
    campaigns_end_due(tenant=Tenant.objects.get(pk=tenant_id))


@shared_task(name="campaigns.pay_tenant", base=TenantTask, time_limit=240)
def pay_tenant(*, tenant_id: int) -> None:
    payouts_run(tenant=Tenant.objects.get(pk=tenant_id))
