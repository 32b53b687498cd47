"""The execution rate (R58): confirmed in its window ÷ due. Late, unproved, skipped and missed stand apart; they and
what was done in time add up to what was due.

Due are touches whose window has ended, and those that came to an end before it did. What was said to be sent waits for
its proof until the window ends, and counts as unproved from then on. What a rule blocked, or was taken back, was
nobody's to do: it is no part of the rate. Each figure opens its rows: `execution_touches` takes its name.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from django.db import connection
from django.db.models import Case, CharField, Count, F, Max, Min, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, NullIf

from sop.enums import TouchState
from sop.models import Touch
from tenants import clock

_IN_WINDOW = Q(done_at__lte=F("window_ends_at"))
DONE_IN_WINDOW = Q(state=TouchState.CONFIRMED) & _IN_WINDOW
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
# One reading of the touches for all three sides; `side` tells by which column a row was counted.
_SIDES = {3: "step", 5: "staff", 6: "group"}
_EACH = """
with counted as materialized (
    select grouping(step_id, staff_id, group_id) as side, step_id, staff_id, group_id, part, count(*) as n
    from ({rows}) found where part <> ''
    group by grouping sets ((step_id, part), (staff_id, part), (group_id, part))
)
select side, part, n, s.key, v.template_id, staff_id, group_id, s.day, s.at,
    case side when 3 then s.title when 5 then coalesce(nullif(c.name, ''), c.userid)
        else coalesce(nullif(g.name, ''), g.planned_name) end
from counted
left join sop_step s on side = 3 and s.tenant_id = %s and s.id = step_id
left join sop_version v on v.tenant_id = s.tenant_id and v.id = s.version_id
left join team_staff c on side = 5 and c.tenant_id = %s and c.id = staff_id
left join groups_group g on side = 6 and g.tenant_id = %s and g.id = group_id
"""


def _figures(now: datetime) -> dict[str, Q]:
    """Figure -> the rows it counts."""
    fell_due = Q(planned_at__lte=now) & ~_NOBODYS & (Q(window_ends_at__lte=now) | _ENDED_EARLY)
    confirmed, said = Q(state=TouchState.CONFIRMED), Q(state=TouchState.SUBMITTED)
    skipped = Q(state=TouchState.SKIPPED)
    return {
        "due": fell_due,
        "in_window": fell_due & DONE_IN_WINDOW,
        "late": fell_due & confirmed & ~_IN_WINDOW,
        "skipped": fell_due & skipped,
        "missed": fell_due & ~(confirmed | said | skipped),
        "no_evidence": fell_due & said,
        "blocked": Q(planned_at__lte=now, state=TouchState.BLOCKED),
        "waiting": said & Q(window_ends_at__gt=now),
    }


_OF_DUE = ("in_window", "late", "skipped", "missed", "no_evidence")
FIGURES = ("due", *_OF_DUE, "blocked", "waiting")


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
    payments: Collection[str] = (),
) -> QuerySet[Touch]:
    found = Touch.objects.filter(tenant_id=tenant_id)
    for name, wanted in (
        ("run", run_ids), ("group", group_ids), ("staff", staff_ids),
        ("group__payment_basis", payments or None),
    ):  # fmt: skip
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
    payments: Collection[str] = (),
) -> list[Execution]:
    """One row for each `by` ("step", "staff", "group", "run"), or a single one. [since, until) is planned time, UTC.

    `payments`: in groups paid for in one of these ways only; () for all. A step is one through all versions of its
    template. One query.
    """
    rows = _rows(tenant_id, since, until, run_ids, group_ids, staff_ids, payments)
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


@dataclass
class _Side:
    """What is known of one step, colleague or group while its parts are added up."""

    names: list[str] = field(default_factory=list)
    days: list[int] = field(default_factory=list)
    times: list[time] = field(default_factory=list)
    parts: Counter[str] = field(default_factory=Counter)


def execution_sides(
    *, tenant_id: int, run_id: int | None = None, payments: Collection[str] = ()
) -> dict[str, list[Execution]]:
    """`execution_rate` by "step", "staff" and "group" that have any figure, of one run or of all. One query.

    Every row of a touch is of one part: those of `due` add up to it.
    """
    figures = _figures(clock.now())
    parts = [When(figures[name], then=Value(name)) for name in FIGURES if name != "due"]
    rows = _rows(tenant_id, None, None, None if run_id is None else [run_id], None, None, payments)
    rows = rows.annotate(part=Case(*parts, default=Value(""), output_field=CharField()))
    inner, values = rows.order_by().values("step_id", "staff_id", "group_id", "part").query.sql_with_params()
    found: dict[str, dict[Any, _Side]] = {side: {} for side in _SIDES.values()}
    with connection.cursor() as cursor:
        cursor.execute(_EACH.format(rows=inner), [*values, tenant_id, tenant_id, tenant_id])
        for code, part, n, key, template_id, staff_id, group_id, day, at, name in cursor.fetchall():
            side = _SIDES[code]
            keys = {"step": (key, template_id), "staff": (staff_id,), "group": (group_id,)}
            one = found[side].setdefault(keys[side], _Side())
            one.names += [name] if name else []
            one.days += [day] if day is not None else []
            one.times += [at] if at is not None else []
            one.parts[part] += n
    return {side: _in_order(side, some) for side, some in found.items()}


def _in_order(side: str, some: Mapping[Any, _Side]) -> list[Execution]:
    """As `execution_rate` puts them: steps by their day and time, the others by name; what has none stands last."""
    last = math.inf
    if side == "step":
        keys = sorted(
            some,
            key=lambda key: (max(some[key].days, default=last), min(some[key].times, default=time.max), key),
        )
    else:
        keys = sorted(
            some, key=lambda key: (not some[key].names, max(some[key].names, default=""), key[0] or 0)
        )
    return [_execution(key, some[key]) for key in keys]


def _execution(key: tuple[Any, ...], side: _Side) -> Execution:
    return Execution(
        key=key[0],
        name=max(side.names, default=""),
        day=max(side.days, default=None),
        template_id=key[1] if len(key) > 1 else None,
        due=sum(side.parts[name] for name in _OF_DUE),
        **{name: side.parts[name] for name in FIGURES if name != "due"},
    )


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


def skip_reasons(
    *, tenant_id: int, run_id: int | None = None, payments: Collection[str] = ()
) -> list[tuple[str, int]]:
    """(reason, touches) of what was skipped, the commonest first."""
    rows = _rows(tenant_id, None, None, None if run_id is None else [run_id], None, None, payments)
    rows = rows.filter(_figures(clock.now())["skipped"])
    said = Coalesce(NullIf("reason", Value("")), "rule_code")
    counted = rows.annotate(said=said).values_list("said").annotate(count=Count("pk"))
    return list(counted.order_by("-count", "said")[:8])
