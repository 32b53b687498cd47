"""What the SOPs ask of each person in the next day, in minutes (R124)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Max, Q, Sum

from sop.enums import Channel, TouchState
from sop.models import Touch
from tenants import clock

AHEAD = timedelta(hours=24)


def minutes_ahead(*, tenant_id: int, staff_ids: Iterable[int] | None = None) -> dict[int, int]:
    """{staff id: minutes of touches due within 24 hours and not done}, by what their steps cost; ids None: of all.

    What a person has in hand counts until its window ends; a post on Moments once, whatever groups it is for.
    One query.
    """
    now = clock.now()
    rows = Touch.objects.filter(tenant_id=tenant_id, staff__isnull=False).filter(
        Q(state__in=[TouchState.PLANNED, TouchState.CLAIMED], due_at__lt=now + AHEAD)
        | Q(state=TouchState.HANDED, window_ends_at__gt=now)
    )
    if staff_ids is not None:
        rows = rows.filter(staff_id__in=list(staff_ids))
    summed = (
        rows.order_by()
        .values("staff_id", "step_id", "channel", "planned_at")
        .annotate(cost_min=Sum("step__cost_minutes"), once_min=Max("step__cost_minutes"))
    )
    found: dict[int, int] = defaultdict(int)
    for row in summed:
        found[row["staff_id"]] += row["once_min" if row["channel"] == Channel.MOMENTS else "cost_min"]
    return dict(found)
