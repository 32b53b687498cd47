"""One action freezes 500 groups: how long until nothing of theirs waits to be sent, beside the plain updates.

Each group has a mass send queued, handed over by the dispatcher to its 200 customers, and four more planned. The
product's time runs from the call of the service until no send of theirs is queued any more; `all_done_s` until what
was counted with 100,000 people is given back, too. In this process: a worker's waking is not in it.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from benchmarks.people import groups_make, run_make, store
from groups.models import Group
from groups.services.freezing import group_freeze
from outbox.relay import relay_tenant
from sop.enums import Anchor, Audience, Channel
from sop.models import Touch
from sop.services.dispatch import dispatch_due
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from wecom.models import OutboundSend
from wecom.services import app_connect

GROUPS = 500
PLANNED = 4  # sends of each group that are still to come
MOST_S = 5
CORP_ID = "wwbenchmark0000006"
_FLOOR = (
    "update groups_group set frozen_at = now(), freeze_reason = 'x' where id = any(%s)",
    "update wecom_outboundsend set state = 'cancelled', finished_at = now() where state = 'queued' "
    "and id in (select send_id from sop_touch where group_id = any(%s))",
    "update sop_touch set state = 'blocked', rule_code = 'FREEZE-01', done_at = now() "
    "where state = 'handed' and group_id = any(%s)",
)


def _plan(tenant: Tenant, groups: list[Group], now: datetime) -> None:
    """One send of each group due now, the others on the days to come; then what is due is handed over."""
    run, step = run_make(
        tenant=tenant, code="freeze", now=now, groups=groups, anchor=Anchor.MEMBER_JOIN,
        channel=Channel.GROUP_MASS, audience=Audience.MEMBERS,
    )  # fmt: skip
    store(
        Touch(
            tenant=tenant, run=run, step=step, group=group, staff=group.owner, channel=Channel.GROUP_MASS,
            occurrence=f"day:{day}", planned_at=now + timedelta(days=day), due_at=now + timedelta(days=day),
            window_ends_at=now + timedelta(days=day, hours=2),
        )
        for group in groups
        for day in range(1 + PLANNED)
    )  # fmt: skip
    while dispatch_due(tenant_id=tenant.pk):
        pass


def _floor_s(group_ids: list[int]) -> float:
    """Seconds of the same changes by hand, undone again."""
    with transaction.atomic(), connection.cursor() as cursor:
        began = time.perf_counter()
        for statement in _FLOOR:
            cursor.execute(statement, [group_ids])
        took_s = time.perf_counter() - began
        transaction.set_rollback(True)
    return took_s


def _freeze_s(tenant: Tenant, group_ids: list[int], queued: QuerySet) -> tuple[float, float]:
    """Seconds until nothing is queued, and until all that follows is done."""
    began, stopped_s = time.perf_counter(), 0.0
    group_freeze(tenant=tenant, group_ids=group_ids, reason="群诉", actor=SYSTEM)
    while relay_tenant(tenant_id=tenant.pk):
        if not stopped_s and not queued.exists():
            stopped_s = time.perf_counter() - began
    return stopped_s, time.perf_counter() - began


def measure(tenant: Tenant) -> dict[str, Any]:
    """One freeze of all the groups. `met`: within the time, and nothing handed over or queued is left."""
    now = clock.now()
    with tenant_scope(tenant):
        app = app_connect(tenant=tenant, corp_id=CORP_ID, agent_id=1, secret="unused", actor=SYSTEM)
        homes = groups_make(tenant=tenant, app=app, count=GROUPS, name="Freeze", now=now)
        groups = list({group.pk: group for group, _customer in homes}.values())
        ids = [group.pk for group in groups]
        _plan(tenant, groups, now)
        while relay_tenant(tenant_id=tenant.pk):
            pass
        queued = OutboundSend.objects.filter(
            state="queued", pk__in=Touch.objects.filter(group__in=ids).values("send_id")
        )
        waiting = queued.count()
        floor_s, (product_s, all_done_s) = _floor_s(ids), _freeze_s(tenant, ids, queued)
        left = queued.count() + Touch.objects.filter(group__in=ids, state__in=["claimed", "handed"]).count()
    return {
        "name": "500 groups frozen by one action, queued sends too",
        "unit": "s until none of their sends is queued",
        "product": round(product_s, 2),
        "floor": round(floor_s, 3),
        "ratio": round(product_s / floor_s, 1),
        "budget": f"<= {MOST_S} s",
        "all_done_s": round(all_done_s, 2),
        "queued_before": waiting,
        "left_after": left,
        "met": 0 < product_s <= MOST_S and waiting == GROUPS and left == 0,
    }
