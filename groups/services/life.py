"""What happens to groups by the calendar alone (R13)."""

from datetime import timedelta

from groups.enums import State
from groups.models import Group
from groups.services.setup import group_move
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
