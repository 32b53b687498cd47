"""Celery entry points of the WeCom door. Ticks find and hand on; tenant tasks work, by turns."""

from functools import partial

from celery import shared_task

from outbox.dispatch import enqueue
from tenants.scoping import unscoped
from tenants.tasking import TenantTask
from wecom import selectors
from wecom.gateway import turns
from wecom.gateway.limits import IN_FLIGHT
from wecom.inbox import ingest, wake
from wecom.keeping import assets
from wecom.reading import checkup, sync
from wecom.sending import outbound, personal
from wecom.welcomes import welcome

SYNC_LIMIT_S = 3600
STEP = 4  # sends between two looks at who else waits


@shared_task(name="wecom.process_inbound", base=TenantTask)
def process_inbound(*, tenant_id: int) -> None:
    """Drain one tenant's inbox, for as long as nobody else waits.

    While its calls are held back most events can only be put off: a slice a second is enough for that. Callbacks
    wake nobody between two slices, and the tenant takes no part in dividing the workers.
    """
    is_held = selectors.breaker_state(tenant_id).is_held
    wake.taken("inbound", tenant_id, rest_s=turns.LOOK_S if is_held else 0)
    turns.take(
        "inbound",
        tenant_id=tenant_id,
        step=lambda: ingest.drain(tenant_id=tenant_id, limit=1) >= 1,
        again=_nothing if is_held else partial(wake.tick, "inbound", "wecom.process_inbound", tenant_id),
        at_once=1 if is_held else turns.MANY,
        longest_s=turns.HELD_S if is_held else turns.LONGEST_S,
        seen_s=turns.HELD_S if is_held else turns.SEEN_S,
    )


def _nothing() -> None:
    """The tick comes back."""


@shared_task(name="wecom.drain_inbound", time_limit=60)
def drain_inbound() -> None:
    """Tick: find what was never processed, whoever died."""
    with unscoped("the inbox's tick looks for tenants with unprocessed events"):
        waiting = ingest.tenants_with_due()
    for tenant_id in waiting:
        wake.tick("inbound", "wecom.process_inbound", tenant_id)


@shared_task(name="wecom.deliver_sends", base=TenantTask)
def deliver_sends(*, tenant_id: int) -> None:
    """Send what is due for one tenant, for as long as nobody else waits."""
    wake.taken("outbound", tenant_id)
    outbound.settle(tenant_id=tenant_id)
    turns.take(
        "outbound",
        tenant_id=tenant_id,
        step=lambda: outbound.send_due(tenant_id=tenant_id, limit=STEP) >= STEP,
        again=partial(wake.tick, "outbound", "wecom.deliver_sends", tenant_id),
        at_once=IN_FLIGHT,
    )


@shared_task(name="wecom.drain_outbound", time_limit=60)
def drain_outbound() -> None:
    """Tick: find sends that are due and claims whose worker died."""
    with unscoped("the send queue's tick looks for tenants with due sends"):
        waiting = outbound.tenants_with_due()
    for tenant_id in waiting:
        wake.tick("outbound", "wecom.deliver_sends", tenant_id)


@shared_task(name="wecom.send_welcome", base=TenantTask, time_limit=30)
def send_welcome(*, tenant_id: int, inbound_id: int) -> None:
    """One new customer's welcome; late ones are given up by the clock, not by the queue."""
    welcome.send(tenant_id=tenant_id, inbound_id=inbound_id)


@shared_task(
    name="wecom.run_syncs", base=TenantTask, soft_time_limit=SYNC_LIMIT_S, time_limit=SYNC_LIMIT_S + 60
)
def run_syncs(*, tenant_id: int) -> None:
    """Read what is due from WeCom for one tenant; never on all workers at once."""
    with turns.long_work(tenant_id) as may_begin:
        if may_begin:
            sync.run_due(tenant_id=tenant_id)


@shared_task(name="wecom.sync_due", time_limit=60)
def sync_due() -> None:
    """Tick: start due reads."""
    with unscoped("the sync tick looks for tenants with due reads"):
        waiting = sync.tenants_with_due()
        unchecked = checkup.apps_to_check()
    for tenant_id in waiting:
        wake.tick("sync", "wecom.run_syncs", tenant_id)
    for tenant_id, app_id in unchecked:
        enqueue("wecom.check_app", tenant_id=tenant_id, app_id=app_id)


@shared_task(name="wecom.read_personal_sends", base=TenantTask, time_limit=280)
def read_personal_sends(*, tenant_id: int) -> None:
    """Count members' own mass sends against WeCom's limit."""
    personal.read(tenant_id=tenant_id)


@shared_task(name="wecom.poll_personal_sends", time_limit=60)
def poll_personal_sends() -> None:
    """Tick: find companies whose members' own mass sends are to be read."""
    with unscoped("the personal sends' tick looks for tenants whose reading is due"):
        waiting = personal.tenants_with_due()
    for tenant_id in waiting:
        wake.tick("personal", "wecom.read_personal_sends", tenant_id)


@shared_task(name="wecom.check_app", base=TenantTask, time_limit=180)
def check_app(*, tenant_id: int, app_id: int) -> None:
    """Try a new or repaired app at WeCom."""
    checkup.run(tenant_id=tenant_id, app_id=app_id)


@shared_task(name="wecom.renew_media", base=TenantTask, time_limit=280)
def renew_media(*, tenant_id: int) -> None:
    """Upload the files of welcomes ahead, and again before WeCom forgets them."""
    assets.renew(tenant_id=tenant_id)


@shared_task(name="wecom.media_due", time_limit=60)
def media_due() -> None:
    """Tick: find uploads that end within a day."""
    with unscoped("the media tick looks for tenants whose uploads end"):
        waiting = assets.tenants_with_media()
    for tenant_id in waiting:
        wake.tick("media", "wecom.renew_media", tenant_id)
