"""Celery entry points of analytics."""

from celery import shared_task

from analytics.services import RENEW_TASK, order_classes_after_rule
from tenants.tasking import TenantTask


@shared_task(name=RENEW_TASK, base=TenantTask, time_limit=600)
def renew_order_classes(*, tenant_id: int, words: list[str]) -> None:
    order_classes_after_rule(tenant_id=tenant_id, words=words)
