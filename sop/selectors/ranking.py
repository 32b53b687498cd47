"""Who did their touches in the window, for the ranking (R127): the execution rate (R58) by how people are reached."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from console.shell import tenant_url
from sop.enums import Channel
from sop.models import Touch
from sop.selectors.execution import DONE_IN_WINDOW, execution_touches
from team.policies.ranking import Cell
from team.selectors.ranking import CaseLine, true_when


def channel_label(stratum: str) -> str:
    """A way of reaching people, as the page names a difficulty."""
    return str(Channel(stratum).label) if stratum in Channel.values else stratum


def _due(tenant: Any, since: datetime, until: datetime) -> QuerySet:
    """Touches of somebody that fell due, planned in [since, until)."""
    rows = execution_touches(tenant_id=tenant.pk, figure="due", since=since, until=until)
    return rows.filter(staff__isnull=False).annotate(hit=true_when(DONE_IN_WINDOW))


def done_cells(*, tenant: Any, since: datetime, until: datetime) -> list[Cell]:
    """Touches that fell due by colleague and channel, and those done in their window. One query."""
    rows = (
        _due(tenant, since, until)
        .order_by()
        .values("staff_id", "channel")
        .annotate(cases=Count("pk"), hits=Count("pk", filter=Q(hit=True)))
    )
    return [Cell(row["staff_id"], row["channel"], row["cases"], row["hits"]) for row in rows]


def done_cases(
    *,
    tenant: Any,
    staff_id: int,
    since: datetime,
    until: datetime,
    stratum: str | None = None,
    hit: bool | None = None,
) -> QuerySet:
    """The touches behind `done_cells` of one person."""
    rows = _due(tenant, since, until).filter(staff_id=staff_id)
    if stratum is not None:
        rows = rows.filter(channel=stratum)
    if hit is not None:
        rows = rows.filter(hit=hit)
    found = rows.annotate(touch_id=F("pk"), moment=F("planned_at")).values("touch_id", "moment", "hit")
    return found.order_by("-moment", "touch_id")


def done_lines(*, tenant: Any, rows: Iterable[dict[str, Any]]) -> list[CaseLine]:
    """The touches of these cases, as people read them. One query."""
    some = list(rows)
    found = (
        Touch.objects.filter(tenant=tenant, pk__in={row["touch_id"] for row in some})
        .select_related("step", "group", "run")
        .in_bulk()
    )
    return [
        CaseLine(
            name=str(found[row["touch_id"]].step),
            url=tenant_url(tenant, "sop:touch", pk=row["touch_id"]),
            at=row["moment"],
            hit=row["hit"],
            is_drawer=True,
            detail=" · ".join(
                str(one) for one in (found[row["touch_id"]].group, found[row["touch_id"]].run) if one
            ),
        )
        for row in some
    ]
