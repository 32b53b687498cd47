"""Celery entry points of contacts."""

from contextlib import suppress

from celery import shared_task

from contacts.selectors.personal import personal_due
from contacts.selectors.questions import tenants_with_late_questions
from contacts.selectors.sheets import sheets_stuck
from contacts.selectors.stages import stage_runs_stuck
from contacts.selectors.tags import tag_batches_stuck
from contacts.selectors.transfers import tenants_with_due_transfers
from contacts.services.chatlogs import chat_import_write
from contacts.services.imports import import_write
from contacts.services.personal import erasure_run, export_make, exports_end
from contacts.services.questions import REPLAY_TASK, questions_escalate, questions_replay
from contacts.services.sheets import sheet_check, sheet_take_back, sheet_write
from contacts.services.stage_runs import TASK as STAGES_TASK
from contacts.services.stage_runs import stage_run_go_on
from contacts.services.tag_batches import TASK as TAG_BATCH_TASK
from contacts.services.tag_batches import tag_batch_run
from contacts.services.tag_rules import rules_run_chunk, tags_expire, tenants_with_due_tags
from contacts.services.transfers_look import transfers_go_on
from contacts.services.ways import READ_TASK, way_read
from outbox.dispatch import enqueue
from tenants.models import Tenant
from tenants.scoping import unscoped
from tenants.tasking import TenantTask
from wecom.errors import Retryable, Stopped

RETRY_PAUSE_S = 30
CHUNKS_A_TASK = 20  # about twenty thousand people: the next tick goes on


@shared_task(name="contacts.write_import", base=TenantTask, time_limit=300)
def write_import(*, tenant_id: int, batch_id: int) -> None:
    import_write(tenant=Tenant.objects.get(pk=tenant_id), batch_id=batch_id)


@shared_task(name="contacts.write_chat_import", base=TenantTask, time_limit=300)
def write_chat_import(*, tenant_id: int, batch_id: int) -> None:
    chat_import_write(tenant=Tenant.objects.get(pk=tenant_id), batch_id=batch_id)


@shared_task(name="contacts.check_sheet", base=TenantTask, time_limit=300)
def check_sheet(*, tenant_id: int, sheet_id: int) -> None:
    sheet_check(tenant=Tenant.objects.get(pk=tenant_id), sheet_id=sheet_id)


@shared_task(name="contacts.write_sheet", base=TenantTask, time_limit=300)
def write_sheet(*, tenant_id: int, sheet_id: int) -> None:
    sheet_write(tenant=Tenant.objects.get(pk=tenant_id), sheet_id=sheet_id)


@shared_task(name="contacts.undo_sheet", base=TenantTask, time_limit=300)
def undo_sheet(*, tenant_id: int, sheet_id: int) -> None:
    sheet_take_back(tenant=Tenant.objects.get(pk=tenant_id), sheet_id=sheet_id)


@shared_task(name=TAG_BATCH_TASK, base=TenantTask, time_limit=300)
def run_tag_batch(*, tenant_id: int, batch_id: int) -> None:
    tag_batch_run(tenant_id=tenant_id, batch_id=batch_id)


@shared_task(name=STAGES_TASK, base=TenantTask, time_limit=600)
def run_stages(*, tenant_id: int) -> None:
    stage_run_go_on(tenant_id=tenant_id)


@shared_task(name="contacts.export_person", base=TenantTask, time_limit=300)
def export_person(*, tenant_id: int, export_id: int) -> None:
    export_make(tenant=Tenant.objects.get(pk=tenant_id), export_id=export_id)


@shared_task(name="contacts.erase_person", base=TenantTask, time_limit=300)
def erase_person(*, tenant_id: int, erasure_id: int) -> None:
    erasure_run(tenant=Tenant.objects.get(pk=tenant_id), erasure_id=erasure_id)


@shared_task(name="contacts.end_exports", base=TenantTask, time_limit=60)
def end_exports(*, tenant_id: int) -> None:
    exports_end(tenant_id=tenant_id)


@shared_task(name=READ_TASK, base=TenantTask, bind=True, max_retries=5)
def read_way(self: TenantTask, *, tenant_id: int, way_id: int) -> None:
    """The picture of a code. What is not had here is asked for at night."""
    try:
        way_read(tenant_id=tenant_id, way_id=way_id)
    except Retryable as error:
        raise self.retry(exc=error, countdown=RETRY_PAUSE_S) from error


@shared_task(name=REPLAY_TASK, base=TenantTask, time_limit=300)
def replay_questions(*, tenant_id: int, app_id: int, after_id: int) -> None:
    go_on = questions_replay(tenant_id=tenant_id, app_id=app_id, after_id=after_id, chunks=CHUNKS_A_TASK)
    if go_on is not None:
        enqueue(REPLAY_TASK, tenant_id=tenant_id, app_id=app_id, after_id=go_on)


@shared_task(name="contacts.escalate_questions", base=TenantTask, time_limit=120)
def escalate_questions(*, tenant_id: int) -> None:
    questions_escalate(tenant_id=tenant_id)


@shared_task(name="contacts.go_on_transfers", base=TenantTask, time_limit=300)
def go_on_transfers(*, tenant_id: int) -> None:
    """Hand-overs of customers: ask for those whose day has come, read how the others stand. The next tick goes on."""
    with suppress(Retryable, Stopped):
        transfers_go_on(tenant_id=tenant_id)


@shared_task(name="contacts.sweep", time_limit=60)
def sweep() -> None:
    """Tick: find tenants whose tags have to be looked at, and files whose work stopped halfway."""
    with unscoped("the tags' tick looks for tenants with due rules or tags whose time is over"):
        waiting = tenants_with_due_tags()
        stuck = sheets_stuck()
        batches = tag_batches_stuck()
        stage_runs = stage_runs_stuck()
        personal = personal_due()
        asking = tenants_with_late_questions()

        transfers = tenants_with_due_transfers()
    for tenant_id in transfers:
        enqueue("contacts.go_on_transfers", tenant_id=tenant_id)
    for tenant_id in waiting:
        enqueue("contacts.sweep_tags", tenant_id=tenant_id)
    for tenant_id, sheet_id, task in stuck:
        enqueue(task, tenant_id=tenant_id, sheet_id=sheet_id)
    for tenant_id, batch_id in batches:
        enqueue(TAG_BATCH_TASK, tenant_id=tenant_id, batch_id=batch_id)
    for tenant_id in stage_runs:
        enqueue(STAGES_TASK, tenant_id=tenant_id)
    for tenant_id in asking:
        enqueue("contacts.escalate_questions", tenant_id=tenant_id)
    for tenant_id, task, ids in personal:
        enqueue(task, tenant_id=tenant_id, **ids)


@shared_task(name="contacts.sweep_tags", base=TenantTask, time_limit=300)
def sweep_tags(*, tenant_id: int) -> None:
    tags_expire(tenant_id=tenant_id)
    for _number in range(CHUNKS_A_TASK):
        if not rules_run_chunk(tenant_id=tenant_id):
            return
