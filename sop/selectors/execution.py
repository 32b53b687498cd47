"""The execution rate (R58): done in its window ÷ due. Late, skipped, missed, blocked and evidence missing stand apart.

Due are touches whose window has ended, and those done before it did. What the gate blocked was nobody's to do: it
is no part of the rate. Each figure opens its rows: `execution_touches` takes the figure's name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from sop.enums import TouchState
from sop.models import Touch
from tenants import clock

_DONE = Q(state__in=[TouchState.SUBMITTED, TouchState.CONFIRMED])
_IN_WINDOW = Q(done_at__lte=F("window_ends_at"))
_MISSED = Q(state__in=[TouchState.EXPIRED, TouchState.FAILED])
_GROUPED = {"step": "step_id", "staff": "staff_id", "group": "group_id", "run": "run_id"}


def _figures(now: datetime) -> dict[str, Q]:
    """Figure -> the rows it counts."""
    overdue = Q(state__in=[TouchState.HANDED, TouchState.PARKED], window_ends_at__lt=now)
    return {
        "due": _DONE | _MISSED | overdue | Q(state=TouchState.SKIPPED),
        "in_window": _DONE & _IN_WINDOW,
        "late": _DONE & ~_IN_WINDOW,
        "skipped": Q(state=TouchState.SKIPPED),
        "missed": _MISSED | overdue,
        "no_evidence": Q(state=TouchState.SUBMITTED),
        "blocked": Q(state=TouchState.BLOCKED),
    }


FIGURES = ("due", "in_window", "late", "skipped", "missed", "no_evidence", "blocked")


@dataclass(frozen=True)
class Execution:
    """Counts for one step, staff member, group or run (`key` its id), or for all (`key` None)."""

    key: int | None
    due: int
    in_window: int
    late: int
    skipped: int
    missed: int
    no_evidence: int
    blocked: int

    @property
    def rate(self) -> float | None:
        """0..1, or None while nothing was due."""
        return self.in_window / self.due if self.due else None

    @property
    def percent(self) -> float:
        return round(100 * (self.rate or 0), 1)


def _rows(
    tenant_id: int,
    since: datetime | None,
    until: datetime | None,
    run_ids: Iterable[int] | None,
    group_ids: Iterable[int] | None,
    staff_ids: Iterable[int] | None,
) -> QuerySet[Touch]:
    found = Touch.objects.filter(tenant_id=tenant_id)
    for name, wanted in (("run", run_ids), ("group", group_ids), ("staff", staff_ids)):
        if wanted is not None:
            found = found.filter(**{f"{name}__in": list(wanted)})
    if since is not None:
        found = found.filter(planned_at__gte=since)
    if until is not None:
        found = found.filter(planned_at__lt=until)
    return found


def execution_rate(
    *,
    tenant_id: int,
    by: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    run_ids: Iterable[int] | None = None,
    group_ids: Iterable[int] | None = None,
    staff_ids: Iterable[int] | None = None,
) -> list[Execution]:
    """One row for each `by` ("step", "staff", "group", "run"), or a single one. [since, until) is planned time, UTC."""
    rows = _rows(tenant_id, since, until, run_ids, group_ids, staff_ids)
    counts: dict[str, Any] = {
        name: Count("pk", filter=condition) for name, condition in _figures(clock.now()).items()
    }
    if not by:
        return [Execution(key=None, **rows.aggregate(**counts))]
    column = _GROUPED[by]
    return [
        Execution(key=row[column], **{name: row[name] for name in FIGURES})
        for row in rows.values(column).annotate(**counts).order_by(column)
    ]


def execution_touches(
    *,
    tenant_id: int,
    figure: str,
    since: datetime | None = None,
    until: datetime | None = None,
    run_ids: Iterable[int] | None = None,
    group_ids: Iterable[int] | None = None,
    staff_ids: Iterable[int] | None = None,
) -> QuerySet[Touch]:
    """The rows behind one figure of `execution_rate` with the same bounds. Raises KeyError for an unknown figure."""
    rows = _rows(tenant_id, since, until, run_ids, group_ids, staff_ids)
    return rows.filter(_figures(clock.now())[figure]).order_by("planned_at", "pk")
