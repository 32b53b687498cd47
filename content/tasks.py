"""Celery entry points of content."""

from celery import shared_task

from content.selectors.knowledge import tenants_with_cards
from content.services.knowledge_duties import duties_refresh
from outbox.dispatch import enqueue
from tenants.models import Tenant
from tenants.scoping import unscoped
from tenants.tasking import TenantTask


@shared_task(name="content.sweep", time_limit=60)
def sweep() -> None:
    """Tick: new colleagues and nearer camps ask for cards."""
    with unscoped("the tick looks for tenants with knowledge cards in force"):
        waiting = tenants_with_cards()
    for tenant_id in waiting:
        enqueue("content.refresh_cards", tenant_id=tenant_id)


@shared_task(name="content.refresh_cards", base=TenantTask, time_limit=120)
def refresh_cards(*, tenant_id: int) -> None:
    duties_refresh(tenant=Tenant.objects.get(pk=tenant_id))
