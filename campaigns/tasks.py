"""Celery entry points of campaigns. The tick finds tenants with something due; each tenant's work is its own task."""

from celery import shared_task

from campaigns.services.coupons import coupons_expire, tenants_with_expired
from campaigns.services.deals import reservations_lapse, tenants_with_lapsed
from campaigns.services.flash import nodes_tell, runs_close, tenants_with_flash
from campaigns.services.invites import invites_settle, tenants_with_invites
from campaigns.services.joiners import joiners_settle, tenants_with_joiners_due
from campaigns.services.life import campaigns_end_due, tenants_with_ended
from campaigns.services.payouts import payouts_run, tenants_with_payouts
from campaigns.services.quiz import quizzes_draw, tenants_with_quizzes_due
from campaigns.services.sales import sales_settle, tenants_with_sales_due
from outbox.dispatch import enqueue
from tenants.models import Tenant
from tenants.scoping import unscoped
from tenants.tasking import TenantTask


@shared_task(name="campaigns.sweep", time_limit=60)
def sweep() -> None:
    """Tick: campaigns end, coupons expire, tasks and invitees' days are over by their clock; a payment without an
    answer is asked about."""
    with unscoped("the tick looks for tenants in whose campaigns something is due by the clock"):
        joining, drawing = tenants_with_joiners_due(), tenants_with_quizzes_due()
        ending, paying, expiring = tenants_with_ended(), tenants_with_payouts(), tenants_with_expired()
        inviting, (telling, closing) = tenants_with_invites(), tenants_with_flash()
        lapsing, selling = tenants_with_lapsed(), tenants_with_sales_due()
    for tenant_id in inviting:
        enqueue("campaigns.settle_invites", tenant_id=tenant_id)
    for tenant_id in ending:
        enqueue("campaigns.end_tenant", tenant_id=tenant_id)
    for tenant_id in paying:
        enqueue("campaigns.pay_tenant", tenant_id=tenant_id)
    for tenant_id in expiring:
        enqueue("campaigns.expire_tenant", tenant_id=tenant_id)
    for tenant_id in selling:
        enqueue("campaigns.sales_tenant", tenant_id=tenant_id)
    for tenant_id in lapsing:
        enqueue("campaigns.lapse_tenant", tenant_id=tenant_id)
    for tenant_id in sorted({*telling, *closing}):
        enqueue("campaigns.flash_tenant", tenant_id=tenant_id)
    for tenant_id in joining:
        enqueue("campaigns.join_tenant", tenant_id=tenant_id)
    for tenant_id in drawing:
        enqueue("campaigns.quiz_tenant", tenant_id=tenant_id)


@shared_task(name="campaigns.end_tenant", base=TenantTask, time_limit=120)
def end_tenant(*, tenant_id: int) -> None:
    campaigns_end_due(tenant=Tenant.objects.get(pk=tenant_id))


@shared_task(name="campaigns.pay_tenant", base=TenantTask, time_limit=240)
def pay_tenant(*, tenant_id: int) -> None:
    payouts_run(tenant=Tenant.objects.get(pk=tenant_id))


@shared_task(name="campaigns.expire_tenant", base=TenantTask, time_limit=240)
def expire_tenant(*, tenant_id: int) -> None:
    coupons_expire(tenant=Tenant.objects.get(pk=tenant_id))


@shared_task(name="campaigns.flash_tenant", base=TenantTask, time_limit=120)
def flash_tenant(*, tenant_id: int) -> None:
    tenant = Tenant.objects.get(pk=tenant_id)
    nodes_tell(tenant=tenant)
    runs_close(tenant=tenant)


@shared_task(name="campaigns.join_tenant", base=TenantTask, time_limit=240)
def join_tenant(*, tenant_id: int) -> None:
    joiners_settle(tenant=Tenant.objects.get(pk=tenant_id))


@shared_task(name="campaigns.settle_invites", base=TenantTask, time_limit=240)
def settle_invites(*, tenant_id: int) -> None:
    invites_settle(tenant=Tenant.objects.get(pk=tenant_id))


@shared_task(name="campaigns.lapse_tenant", base=TenantTask, time_limit=120)
def lapse_tenant(*, tenant_id: int) -> None:
    reservations_lapse(tenant=Tenant.objects.get(pk=tenant_id))


@shared_task(name="campaigns.sales_tenant", base=TenantTask, time_limit=240)
def sales_tenant(*, tenant_id: int) -> None:
    sales_settle(tenant=Tenant.objects.get(pk=tenant_id))


@shared_task(name="campaigns.quiz_tenant", base=TenantTask, time_limit=240)
def quiz_tenant(*, tenant_id: int) -> None:
    quizzes_draw(tenant=Tenant.objects.get(pk=tenant_id))
