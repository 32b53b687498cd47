"""Celery entry points of contacts."""

from celery import shared_task

from contacts.services.imports import import_write
from tenants.models import Tenant
from tenants.tasking import TenantTask


@shared_task(name="contacts.write_import", base=TenantTask, time_limit=300)
def write_import(*, tenant_id: int, batch_id: int) -> None:
    import_write(tenant=Tenant.objects.get(pk=tenant_id), batch_id=batch_id)
