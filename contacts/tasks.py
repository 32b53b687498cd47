"""Celery entry points of contacts."""

from celery import shared_task

from contacts.services.chatlogs import chat_import_write
from contacts.services.imports import import_write
from contacts.services.ways import READ_TASK, way_read
from tenants.models import Tenant
from tenants.tasking import TenantTask
from wecom.errors import Retryable

RETRY_PAUSE_S = 30


@shared_task(name="contacts.write_import", base=TenantTask, time_limit=300)
def write_import(*, tenant_id: int, batch_id: int) -> None:
    import_write(tenant=Tenant.objects.get(pk=tenant_id), batch_id=batch_id)


@shared_task(name="contacts.write_chat_import", base=TenantTask, time_limit=300)
def write_chat_import(*, tenant_id: int, batch_id: int) -> None:
    chat_import_write(tenant=Tenant.objects.get(pk=tenant_id), batch_id=batch_id)


@shared_task(name=READ_TASK, base=TenantTask, bind=True, max_retries=5)
def read_way(self: TenantTask, *, tenant_id: int, way_id: int) -> None:
    """The picture of a code. What is not had here is asked for at night."""
    try:
        way_read(tenant_id=tenant_id, way_id=way_id)
    except Retryable as error:
        raise self.retry(exc=error, countdown=RETRY_PAUSE_S) from error
