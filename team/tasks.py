"""Celery entry points of team."""

from celery import shared_task

from outbox.dispatch import enqueue
from team.selectors import tenants_with_expired, tenants_with_sweepable
from team.selectors.notices import tenants_with_notices, tenants_with_old_notices
from team.services import approvals_expire, work_items_sweep
from team.services.mailings import mailings_make, mailings_send
from team.services.notices import messages_hand, notices_clean, work_tell
from tenants.models import Tenant
from tenants.scoping import unscoped
from tenants.tasking import TenantTask

SLICE, SLICES_MOST = 200, 25  # items that came up, in one go


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


@shared_task(name="team.tell_people", base=TenantTask, time_limit=60)
def tell_people(*, tenant_id: int) -> None:
    """Work that came up becomes notices; messages and e-mails that are due are handed over."""
    for _slice in range(SLICES_MOST):
        if work_tell(tenant_id=tenant_id, most=SLICE) < SLICE:
            break
    messages_hand(tenant_id=tenant_id)
    mailings_make(tenant_id=tenant_id)
    enqueue("team.send_mailings", tenant_id=tenant_id)


@shared_task(name="team.send_mailings", base=TenantTask, time_limit=300)
def send_mailings(*, tenant_id: int) -> None:
    """On its own: a slow mail server holds up nobody's message."""
    mailings_send(tenant_id=tenant_id)


@shared_task(name="team.tell", time_limit=60)
def tell() -> None:
    with unscoped("the tick looks for tenants with people to tell"):
        waiting = tenants_with_notices()
    for tenant_id in waiting:
        enqueue("team.tell_people", tenant_id=tenant_id)


@shared_task(name="team.clean_notices_of", base=TenantTask, time_limit=120)
def clean_notices_of(*, tenant_id: int) -> None:
    notices_clean(tenant_id=tenant_id)


@shared_task(name="team.clean_notices", time_limit=60)
def clean_notices() -> None:
    with unscoped("the tick looks for tenants with notices to forget"):
        holders = tenants_with_old_notices()
    for tenant_id in holders:
        enqueue("team.clean_notices_of", tenant_id=tenant_id)
