"""Celery entry points of groups."""

from celery import shared_task

from groups.services.codes import READ_TASK, join_way_read
from groups.services.digests import digests_bring_up
from groups.services.glance import REFRESH_TASK, glances_bring_up
from groups.services.group_tag_rules import group_rules_run, tenants_with_due_group_rules
from groups.services.life import groups_begin, plans_look, tenants_with_beginnings, tenants_with_plans
from groups.services.members_night import members_go_through
from groups.services.night import groups_judge_night, tenants_unjudged
from groups.services.passes import TASK as MEMBERS_TASK
from groups.services.passes import tenants_with_passes
from groups.services.promise_tasks import promises_fall_due, tenants_with_promises_due
from groups.services.reading import group_reread
from groups.services.setup import group_words_keep
from groups.services.thanks import culture_bring_up
from groups.services.week_alerts import tenants_to_look_ahead, week_alerts_bring_up
from groups.services.wordings import KEEP_TASK
from outbox.dispatch import enqueue
from tenants.models import Tenant
from tenants.scoping import unscoped
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


@shared_task(name="groups.sweep", time_limit=60)
def sweep() -> None:
    """Tick: find groups whose start day has come, and companies whose groups wait to be judged, at night or by the
    rules of their tags."""
    with unscoped("the groups' tick looks for tenants whose groups begin or wait to be judged"):
        passing = tenants_with_passes()
        waiting, unjudged, ahead = tenants_with_beginnings(), tenants_unjudged(), tenants_to_look_ahead()
        promising = tenants_with_promises_due()
        ruled = tenants_with_due_group_rules()
        planned = tenants_with_plans()
    for tenant_id in passing:
        enqueue(MEMBERS_TASK, tenant_id=tenant_id)
    for tenant_id in waiting:
        enqueue("groups.begin", tenant_id=tenant_id)
    for tenant_id in unjudged:
        enqueue("groups.judge_night", tenant_id=tenant_id)
    for tenant_id in promising:
        enqueue("groups.promises_due", tenant_id=tenant_id)
    for tenant_id in ruled:
        enqueue("groups.run_tag_rules", tenant_id=tenant_id)
    for tenant_id in ahead:
        enqueue("groups.look_ahead", tenant_id=tenant_id)
    for tenant_id in planned:
        enqueue("groups.look_at_plans", tenant_id=tenant_id)


@shared_task(name="groups.run_tag_rules", base=TenantTask, time_limit=300)
def run_tag_rules(*, tenant_id: int) -> None:
    group_rules_run(tenant_id=tenant_id)


@shared_task(name="groups.look_at_plans", base=TenantTask, time_limit=600)
def look_at_plans(*, tenant_id: int) -> None:
    plans_look(tenant_id=tenant_id)


@shared_task(name=MEMBERS_TASK, base=TenantTask, time_limit=600)
def go_through_members(*, tenant_id: int) -> None:
    """Circles every night, silent members on their weekday or when asked. Safe to repeat and in parallel."""
    members_go_through(tenant_id=tenant_id)


@shared_task(name="groups.begin", base=TenantTask, time_limit=60)
def begin(*, tenant_id: int) -> None:
    groups_begin(tenant_id=tenant_id)


@shared_task(name="groups.judge_night", base=TenantTask, time_limit=600)
def judge_night(*, tenant_id: int) -> None:
    groups_judge_night(tenant_id=tenant_id)


@shared_task(name="groups.promises_due", base=TenantTask, time_limit=120)
def promises_due(*, tenant_id: int) -> None:
    """Promises that fall due become tasks; those that time made overdue colour their group. Safe to repeat."""
    promises_fall_due(tenant_id=tenant_id)


@shared_task(name="groups.look_ahead", base=TenantTask, time_limit=300)
def look_ahead(*, tenant_id: int) -> None:
    """Owners are told which week lacks content, which group's yesterday wants a digest, and where thanks are due. Safe
    to repeat.
    """
    tenant = Tenant.objects.get(pk=tenant_id)
    week_alerts_bring_up(tenant=tenant)
    digests_bring_up(tenant=tenant)
    culture_bring_up(tenant=tenant)


@shared_task(name=KEEP_TASK, base=TenantTask)
def keep_wordings(*, tenant_id: int, group_id: int, by: str) -> None:
    """Words that somebody typed and left become a version. Safe to repeat."""
    group_words_keep(tenant=Tenant.objects.get(pk=tenant_id), group_id=group_id, by=by)


@shared_task(name=REFRESH_TASK, base=TenantTask)
def refresh_glances(*, tenant_id: int, group_ids: list[int]) -> None:
    """Judge groups again after a burst of events. Safe to repeat."""
    glances_bring_up(tenant_id=tenant_id, group_ids=group_ids)


@shared_task(name=READ_TASK, base=TenantTask, bind=True, max_retries=RETRIES)
def read_join_way(self: TenantTask, *, tenant_id: int, way_id: int) -> None:
    """What a group code leads to now, and its picture. What is not had here is asked for at night."""
    try:
        join_way_read(tenant_id=tenant_id, way_id=way_id)
    except Retryable as error:
        raise self.retry(exc=error, countdown=RETRY_PAUSE_S) from error
