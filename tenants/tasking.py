"""The base of every Celery task that works for a tenant: it opens the scope the task runs in."""

from typing import Any

from celery import Task

from tenants.models import Tenant
from tenants.scoping import tenant_scope


class TenantTask(Task):
    """Called with `tenant_id=`; the body runs in that tenant's scope. Suspended tenants' tasks do nothing."""

    acks_late = True
    reject_on_worker_lost = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        tenant_id = kwargs.get("tenant_id")
        if not isinstance(tenant_id, int):
            raise TypeError(f"{self.name} needs tenant_id")
        if Tenant.objects.filter(pk=tenant_id, suspended_at__isnull=False).exists():
            return None
        with tenant_scope(tenant_id):
            return super().__call__(*args, **kwargs)
