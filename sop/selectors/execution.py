"""The execution rate (R58): confirmed in its window ÷ due. Late, unproved, skipped and missed stand apart; they and
what was done in time add up to what was due.

Due are touches whose window has ended, and those that came to an end before it did. What was said to be sent waits for
its proof until the window ends, and counts as unproved from then on. What a rule blocked, or was taken back, was
nobody's to do: it is no part of the rate. Each figure opens its rows: `execution_touches` takes its name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from sop.enums import TouchState
from sop.models import Touch
from tenants import clock

_IN_WINDOW = Q(done_at__lte=F("window_ends_at"))
_NOBODYS = Q(state__in=[TouchState.BLOCKED, TouchState.CANCELLED])
_ENDED_EARLY = Q(state__in=[TouchState.CONFIRMED, TouchState.SKIPPED, TouchState.EXPIRED, TouchState.FAILED])
_GROUPED = {
    "step": ("step__key", "run__version__template"),
    "staff": ("staff_id",),
    "group": ("group_id",),
    "run": ("run_id",),
}
_NAMED: dict[str, dict[str, Any]] = {
    "step": {"name": Max("step__title"), "day": Max("step__day"), "at": Min("step__at")},
    "staff": {"name": Coalesce(NullIf(Max("staff__name"), Value("")), Max("staff__userid"))},
    "group": {"name": Coalesce(NullIf(Max("group__name"), Value("")), Max("group__planned_name"))},
    "run": {"name": Max("run__name")},
}
_ORDER = {
    "step": (
        F("day").asc(nulls_last=True),
        F("at").asc(nulls_last=True),
        "step__key",
        "run__version__template",
    )
}


def _figures(now: datetime) -> dict[str, Q]:
    """Figure -> the rows it counts."""
    fell_due = Q(planned_at__lte=now) & ~_NOBODYS & (Q(window_ends_at__lte=now) | _ENDED_EARLY)
    confirmed, said = Q(state=TouchState.CONFIRMED), Q(state=TouchState.SUBMITTED)
    skipped = Q(state=TouchState.SKIPPED)
    return {
        "due": fell_due,
        "in_window": fell_due & confirmed & _IN_WINDOW,
        "late": fell_due & confirmed & ~_IN_WINDOW,
        "skipped": fell_due & skipped,
        "missed": fell_due & ~(confirmed | said | skipped),
        "no_evidence": fell_due & said,
        "blocked": Q(planned_at__lte=now, state=TouchState.BLOCKED),
        "waiting": said & Q(window_ends_at__gt=now),
    }


FIGURES = ("due", "in_window", "late", "skipped", "missed", "no_evidence", "blocked", "waiting")


@dataclass(frozen=True)
class Execution:
    """Counts for one step (`key` its key), staff member, group or run (`key` its id), or for all (`key` None)."""

    key: Any
    due: int
    in_window: int
    late: int
    skipped: int
    missed: int
    no_evidence: int
    blocked: int
    waiting: int = 0  # submitted, their windows still open
    name: str = ""
    day: int | None = None  # of a step
    template_id: int | None = None  # of a step

    @property
    def rate(self) -> float | None:
        """0..1, or None while nothing was due."""
        return self.in_window / self.due if self.due else None

    @property
    def percent(self) -> float:
        return round(100 * (self.rate or 0), 1)


def together(rows: Iterable[Execution]) -> Execution:
    """Several rows as one: the counts of what nobody has twice add up."""
    every = list(rows)
    return Execution(key=None, **{name: sum(getattr(row, name) for row in every) for name in FIGURES})


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
    """One row for each `by` ("step", "staff", "group", "run"), or a single one. [since, until) is planned time, UTC.

    A step is one through all versions of its template. One query.
    """
    rows = _rows(tenant_id, since, until, run_ids, group_ids, staff_ids)
    counts: dict[str, Any] = {
        name: Count("pk", filter=condition) for name, condition in _figures(clock.now()).items()
    }
    if not by:
        return [Execution(key=None, **rows.aggregate(**counts))]
    columns = _GROUPED[by]
    found = (
        rows.values(*columns).annotate(**counts, **_NAMED[by]).order_by(*_ORDER.get(by, ("name", *columns)))
    )
    return [
        Execution(
            key=row[columns[0]],
            name=row["name"] or "",
            day=row.get("day"),
            template_id=row.get("run__version__template"),
            **{name: row[name] for name in FIGURES},
        )
        for row in found
    ]


def execution_of_step(*, tenant_id: int, key: str, run_ids: Iterable[int]) -> dict[int, Execution]:
    """{run: what became of its step of this key}. One query."""
    counts: dict[str, Any] = {
        name: Count("pk", filter=condition) for name, condition in _figures(clock.now()).items()
    }
    rows = _rows(tenant_id, None, None, run_ids, None, None).filter(step__key=key)
    found: Iterable[Any] = rows.values("run_id").annotate(**counts).order_by("run_id")
    return {
        row["run_id"]: Execution(key=row["run_id"], **{name: row[name] for name in FIGURES}) for row in found
    }


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


def skip_reasons(*, tenant_id: int, run_id: int | None = None) -> list[tuple[str, int]]:
    """(reason, touches) of what was skipped, the commonest first."""
    rows = Touch.objects.filter(_figures(clock.now())["skipped"], tenant_id=tenant_id)
    if run_id is not None:
        rows = rows.filter(run=run_id)
    said = Coalesce(NullIf("reason", Value("")), "rule_code")
    counted = rows.annotate(said=said).values_list("said").annotate(count=Count("pk"))
    return list(counted.order_by("-count", "said")[:8])
