"""Celery entry points of the audit trail: sealing, and the daily verification."""

from celery import shared_task

from outbox.dispatch import enqueue
from tenants.audit_files import head_keep
from tenants.models import Tenant
from tenants.scoping import unscoped
from tenants.sealing import audit_seal, tenants_with_unsealed
from tenants.tasking import TenantTask
from tenants.verifying import audit_check, tenants_unchecked


@shared_task(name="console.audit_seal", base=TenantTask, time_limit=120)
def seal(*, tenant_id: int) -> None:
    audit_seal(tenant_id=tenant_id)


@shared_task(name="console.audit_check", base=TenantTask, time_limit=300)
def check(*, tenant_id: int, asked_by: str = "") -> None:
    audit_seal(tenant_id=tenant_id)
    made = audit_check(tenant_id=tenant_id, asked_by=asked_by)
    head_keep(tenant=Tenant.objects.get(pk=tenant_id), check=made)


@shared_task(name="console.audit_seal_due", time_limit=60)
def seal_due() -> None:
    with unscoped("the audit's tick looks for tenants with entries that wait for their seal"):
        waiting = tenants_with_unsealed()
    for tenant_id in waiting:
        enqueue("console.audit_seal", tenant_id=tenant_id)


@shared_task(name="console.audit_check_due", time_limit=60)
def check_due() -> None:
    with unscoped("the audit's tick looks for tenants whose chain nobody verified today"):
        waiting = tenants_unchecked()
    for tenant_id in waiting:
        enqueue("console.audit_check", tenant_id=tenant_id)
