"""Celery entry points of the outbox."""

from celery import shared_task

from outbox import relay, wake
from tenants.scoping import unscoped
from tenants.tasking import TenantTask


@shared_task(name=wake.TASK, base=TenantTask, time_limit=300)
def relay_tenant(*, tenant_id: int) -> None:
    wake.relay_begins(tenant_id=tenant_id)
    relay.relay_tenant(tenant_id=tenant_id)


@shared_task(name="outbox.relay_due", time_limit=60)
def relay_due() -> None:
    with unscoped("the relay's tick looks for tenants with undelivered events"):
        waiting = relay.tenants_with_due()
    for tenant_id in waiting:
        wake.relay_soon(tenant_id=tenant_id)
