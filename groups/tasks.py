"""Celery entry points of groups."""

from celery import shared_task

from groups.services.reading import group_reread
from tenants.tasking import TenantTask
from wecom.errors import Retryable

RETRY_PAUSE_S = 30
RETRIES = 5


@shared_task(name="groups.reread_chat", base=TenantTask, bind=True, max_retries=RETRIES)
def reread_chat(
    self: TenantTask, *, tenant_id: int, app_id: int, chat_id: str, wanted_version: str = "", attempt: int = 0
) -> None:
    """Read one group again. What never gets read here is found by the nightly sync."""
    try:
        group_reread(
            tenant_id=tenant_id,
            app_id=app_id,
            chat_id=chat_id,
            wanted_version=wanted_version,
            attempt=attempt,
        )
    except Retryable as error:
        raise self.retry(exc=error, countdown=RETRY_PAUSE_S) from error
