"""What happens to groups by the calendar alone (R13)."""

from datetime import timedelta

from django.core.cache import cache

from groups.enums import State
from groups.models import Group
from groups.services.endings import endings_night
from groups.services.intros import intros_night
from groups.services.moving import group_move
from groups.services.setup_steps import setup_night
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant


def tenants_with_beginnings() -> list[int]:
    """Tenants where a warming group's start day may have come in some zone. Across tenants: the caller is a tick."""
    latest = (clock.now() + timedelta(hours=14)).date()
    rows = Group.objects.filter(state=State.WARMING, starts_on__lte=latest)
    return list(rows.values_list("tenant_id", flat=True).distinct())


def groups_begin(*, tenant_id: int) -> int:
    """Warming groups whose start day has come in the tenant's zone become active. Returns how many. Repeatable."""
    tenant = Tenant.objects.get(pk=tenant_id)
    today = clock.local_date(clock.now(), tenant.timezone)
    due = Group.objects.filter(tenant=tenant, state=State.WARMING, starts_on__lte=today)
    group_ids = list(due.order_by("pk").values_list("pk", flat=True))
    for group_id in group_ids:
        group_move(tenant=tenant, group_id=group_id, state=State.ACTIVE, actor=SYSTEM)
    return len(group_ids)


UNDER_WAY_S = 600
MARK_S = 2 * 86_400


def tenants_with_plans() -> list[int]:
    """Tenants with groups whose plans were not looked at on their present day. Across tenants: the caller is a tick."""
    now = clock.now()
    rows = Group.objects.filter(dismissed_at=None).exclude(state=State.ARCHIVED)
    ids = rows.values_list("tenant_id", flat=True).distinct()
    zones = dict(Tenant.objects.filter(pk__in=list(ids), suspended_at=None).values_list("pk", "timezone"))
    marks = {one: _mark(one, clock.local_date(now, zone).isoformat()) for one, zone in zones.items()}
    looked = cache.get_many(list(marks.values()))
    return [one for one, mark in marks.items() if mark not in looked]


def plans_look(*, tenant_id: int) -> int:
    """Once a local day: late set-up steps, ends that come near, introductions that are missing. Returns how many
    tasks stand. Safe to repeat and in parallel: a lost mark only means another look.
    """
    tenant = Tenant.objects.get(pk=tenant_id)
    mark = _mark(tenant_id, clock.local_date(clock.now(), tenant.timezone).isoformat())
    if not cache.add(mark, 1, timeout=UNDER_WAY_S):
        return 0
    try:
        count = setup_night(tenant_id=tenant_id) + endings_night(tenant_id=tenant_id)
        count += intros_night(tenant_id=tenant_id)
    except BaseException:
        cache.delete(mark)
        raise
    cache.set(mark, 1, timeout=MARK_S)
    return count


def _mark(tenant_id: int, day: str) -> str:
    return f"groups:plans:{tenant_id}:{day}"
