"""How late the dispatcher is: touches that are due and nobody has taken up."""

from datetime import datetime

from django.db.models import Count, Min, Q

from sop.enums import TouchState
from sop.models import Touch


def touches_late(*, now: datetime, tenant_id: int | None = None) -> tuple[int, datetime | None]:
    """(how many are due and not handed over, since when the oldest is). One query.

    Without a tenant all of them, for a caller that may see everything.
    """
    waits = Q(state=TouchState.PLANNED) | Q(state=TouchState.CLAIMED, claimed_until__lt=now)
    rows = Touch.objects.filter(waits, due_at__lte=now)
    if tenant_id is not None:
        rows = rows.filter(tenant_id=tenant_id)
    found = rows.aggregate(n=Count("pk"), oldest_at=Min("due_at"))
    return found["n"], found["oldest_at"]
