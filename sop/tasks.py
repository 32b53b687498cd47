"""Celery entry points of SOPs. Ticks only find tenants with something due; each tenant's work is its own task."""

from functools import partial

from celery import shared_task

from outbox.dispatch import enqueue
from sop.services.certificate import certify_night, tenants_uncertified
from sop.services.dispatch import dispatch_due as dispatch_tenant_due
from sop.services.dispatch import tenants_with_due
from sop.services.flights import flight_fly, flight_give_up
from sop.services.following import runs_follow
from sop.services.own_planned import LOOK_TASK, own_sends_early_look
from sop.services.reassign import leavers_propose
from sop.services.reminders import ladder_climb
from sop.services.results import handed_expire, results_poll, tenants_with_results_due
from sop.services.reviews import reviews_remind
from sop.services.runs import runs_finish_due
from sop.services.talks import talks_spawn
from tenants import clock
from tenants.models import Tenant
from tenants.scoping import unscoped
from tenants.tasking import TenantTask
from wecom.gateway import turns
from wecom.inbox import wake

FOLLOW_EVERY_S = 30


@shared_task(name="sop.dispatch_due", time_limit=60)
def dispatch_due() -> None:
    with unscoped("the dispatcher's tick looks for tenants with due touches"):
        waiting = tenants_with_due(now=clock.now())
    for tenant_id in waiting:
        wake.tick("touch", "sop.dispatch_tenant", tenant_id)


@shared_task(name="sop.dispatch_tenant", base=TenantTask, time_limit=300)
def dispatch_tenant(*, tenant_id: int) -> None:
    """A turn of a tenant: batch by batch, until nothing is due or another tenant waits."""
    wake.taken("touch", tenant_id)
    turns.take(
        "touch",
        tenant_id=tenant_id,
        step=lambda: dispatch_tenant_due(tenant_id=tenant_id, batches=1) > 0,
        again=partial(wake.tick, "touch", "sop.dispatch_tenant", tenant_id),
    )


@shared_task(name="sop.poll_results", time_limit=60)
def poll_results() -> None:
    with unscoped("the poll's tick looks for tenants with mass sends to ask about"):
        waiting = tenants_with_results_due(now=clock.now())
    for tenant_id in waiting:
        wake.tick("poll", "sop.poll_tenant", tenant_id)
        wake.tick("follow", "sop.follow_tenant", tenant_id)


@shared_task(name="sop.poll_tenant", base=TenantTask, time_limit=300)
def poll_tenant(*, tenant_id: int) -> None:
    wake.taken("poll", tenant_id)
    results_poll(tenant_id=tenant_id)
    handed_expire(tenant_id=tenant_id)
    tenant = Tenant.objects.get(pk=tenant_id)
    ladder_climb(tenant=tenant)
    leavers_propose(tenant=tenant)
    runs_finish_due(tenant=tenant)
    reviews_remind(tenant=tenant)


@shared_task(name="sop.certify_due", time_limit=60)
def certify_due() -> None:
    """Tick: find companies whose last whole day was not counted a second time."""
    with unscoped("the certificate's tick looks for tenants whose day before has none"):
        waiting = tenants_uncertified()
    for tenant_id in waiting:
        enqueue("sop.certify_tenant", tenant_id=tenant_id)


@shared_task(name="sop.certify_tenant", base=TenantTask, time_limit=300)
def certify_tenant(*, tenant_id: int) -> None:
    certify_night(tenant_id=tenant_id)


@shared_task(name="sop.fly", base=TenantTask, soft_time_limit=240, time_limit=300)
def fly(*, tenant_id: int, flight_id: int) -> None:
    """Fly one trial flight; one that takes too long or breaks says so on its page."""
    try:
        flight_fly(tenant_id=tenant_id, flight_id=flight_id)
    except Exception:
        flight_give_up(tenant_id=tenant_id, flight_id=flight_id)
        raise


@shared_task(name=LOOK_TASK, base=TenantTask, time_limit=120)
def own_sends_early(*, tenant_id: int) -> None:
    wake.taken("own_early", tenant_id)
    own_sends_early_look(tenant_id=tenant_id)


@shared_task(name="sop.follow_tenant", base=TenantTask, time_limit=300)
def follow_tenant(*, tenant_id: int) -> None:
    """Triggers, exits and boosts that no event has brought up; one look in FOLLOW_EVERY_S is enough."""
    wake.taken("follow", tenant_id, rest_s=FOLLOW_EVERY_S)
    tenant = Tenant.objects.get(pk=tenant_id)
    runs_follow(tenant=tenant)
    talks_spawn(tenant=tenant)
