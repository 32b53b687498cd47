"""What still waits to be sent to groups, and what a freeze stopped (R25)."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Max, Q

from groups.selectors.incidents import Held
from sop.enums import TouchState
from sop.models import Touch

FREEZE_RULE = "FREEZE-01"
WAITING = (TouchState.PLANNED, TouchState.CLAIMED, TouchState.HANDED, TouchState.PARKED)


def held_of_groups(*, tenant_id: int, group_ids: Iterable[int], since: datetime | None) -> Held:
    """Touches of these groups: those still to come, and those a freeze stopped since then. One query."""
    stopped = Q(state=TouchState.BLOCKED, rule_code=FREEZE_RULE, done_at__gte=since) if since else Q(pk=None)
    rows = Touch.objects.filter(tenant_id=tenant_id, group_id__in=list(group_ids))
    found = rows.aggregate(
        waiting=Count("pk", filter=Q(state__in=WAITING)),
        stopped=Count("pk", filter=stopped),
        last_at=Max("done_at", filter=stopped & Q(handed_at__isnull=False)),
    )
    return Held(waiting=found["waiting"], stopped=found["stopped"], last_at=found["last_at"])
