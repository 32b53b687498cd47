"""Everyone judged anew by what is on record (R33): for whoever was known before stages were judged."""

from django.db import transaction

from contacts.models import Customer, StageRun
from contacts.services.stages import stages_judge
from outbox.dispatch import enqueue
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

SLICE = 1000
TASK = "contacts.run_stages"


def stage_run_start(*, tenant: Tenant, actor: Actor) -> StageRun:
    """Have everyone judged anew in a task; one run at a time: while one is on its way, that one is meant.

    People move forward only, as always. Raises NotPermitted. Safe to repeat.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        run, is_new = StageRun.objects.get_or_create(
            tenant=tenant,
            done_at=None,
            defaults={
                "asked_by": actor.name[:128],
                "asked_at": clock.now(),
                "touched_at": clock.now(),
                "total": Customer.objects.filter(tenant=tenant, person=None).count(),
            },
        )
        if is_new:
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="contacts.stages.judged",
                target=run,
                changes={"people": [None, run.total]},
            )
            enqueue(TASK, tenant_id=tenant.pk)
    return run


def stage_run_go_on(*, tenant_id: int) -> None:
    """Go on with the run to its end, a slice a transaction. Safe to repeat, also in parallel and after a kill."""
    while _slice(tenant_id):
        pass


@transaction.atomic
def _slice(tenant_id: int) -> bool:
    """Judge the next thousand people. Returns whether there are more."""
    run = StageRun.objects.select_for_update(no_key=True).filter(tenant_id=tenant_id, done_at=None).first()
    if run is None:
        return False
    people = Customer.objects.filter(tenant_id=tenant_id, person=None, pk__gt=run.upto_id).order_by("pk")
    ids = list(people.values_list("pk", flat=True)[:SLICE])
    run.moved += stages_judge(tenant_id=tenant_id, customer_ids=ids)
    run.seen += len(ids)
    run.upto_id = ids[-1] if ids else run.upto_id
    run.touched_at = clock.now()
    run.done_at = None if len(ids) == SLICE else run.touched_at
    run.save(update_fields=["moved", "seen", "upto_id", "touched_at", "done_at"])
    return run.done_at is None
