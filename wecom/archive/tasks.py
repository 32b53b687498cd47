"""Celery entry points of the archive. Ticks find and hand on; tenant tasks work."""

from celery import shared_task
from django.core.cache import cache

from outbox.dispatch import enqueue
from tenants import clock
from tenants.scoping import unscoped
from tenants.tasking import TenantTask
from wecom.archive import checkup, fetch, media, months, sealed, selectors
from wecom.inbox import wake

CHECK_AGAIN_S = 60  # a check that got lost is asked for again after this long


@shared_task(name="wecom.fetch_archive", base=TenantTask, time_limit=600)
def fetch_archive(*, tenant_id: int) -> None:
    """Read a tenant's archives some pages on; a backlog wakes the next run, so that tenants take turns."""
    wake.taken("archive", tenant_id)
    if fetch.run_due(tenant_id=tenant_id):
        enqueue("wecom.fetch_archive", tenant_id=tenant_id)


@shared_task(name="wecom.fetch_archive_media", base=TenantTask, time_limit=600)
def fetch_archive_media(*, tenant_id: int) -> None:
    """Fetch files of messages for a while."""
    wake.taken("archive_media", tenant_id)
    if media.run(tenant_id=tenant_id):
        enqueue("wecom.fetch_archive_media", tenant_id=tenant_id)


@shared_task(name="wecom.archive_due", time_limit=60)
def archive_due() -> None:
    """Tick: archives to read and files to fetch, whoever died."""
    with unscoped("the archive's tick looks for archives and files that are due"):
        archives, waiting = fetch.tenants_with_due(), media.tenants_with_due()
        unchecked = fetch.archives_unchecked()
    for tenant_id in archives:
        wake.tick("archive", "wecom.fetch_archive", tenant_id)
    for tenant_id in waiting:
        wake.tick("archive_media", "wecom.fetch_archive_media", tenant_id)
    for tenant_id, app_id in unchecked:
        if cache.add(f"wecom:archive:check:{tenant_id}:{app_id}", 1, timeout=CHECK_AGAIN_S):
            enqueue("wecom.check_archive", tenant_id=tenant_id, app_id=app_id)


@shared_task(name="wecom.open_sealed", base=TenantTask, time_limit=3600)
def open_sealed(*, tenant_id: int, app_id: int) -> None:
    """Try closed messages again: a key was added, or a person asked."""
    sealed.retry(tenant_id=tenant_id, app_id=app_id)


@shared_task(name="wecom.check_archive", base=TenantTask, time_limit=120)
def check_archive(*, tenant_id: int, app_id: int) -> None:
    """Try a new or repaired archive."""
    checkup.run(tenant_id=tenant_id, app_id=app_id)


@shared_task(name="wecom.forget_messages", base=TenantTask, time_limit=3600)
def forget_messages(*, tenant_id: int) -> None:
    """Delete what the tenant keeps no longer."""
    months.forget_old(tenant_id=tenant_id)


@shared_task(name="wecom.archive_retention", time_limit=300)
def archive_retention() -> None:
    """Tick: retention of every tenant that has messages, then the months that nobody holds any more."""
    with unscoped("retention looks for tenants that keep messages"):
        holders = selectors.tenants_with_messages()
    for tenant_id in holders:
        enqueue("wecom.forget_messages", tenant_id=tenant_id)
    months.drop_empty(before=clock.now().date())
