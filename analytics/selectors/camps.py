"""Camps and the figures of one of them."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from analytics.metrics import AARRR, METRICS, RARRA, Metric
from analytics.policies import against_base, share, wilson
from analytics.selectors.people import (
    FIGURES,
    FLOW_DAYS,
    LEFT,
    UNRANKED,
    WON,
    Camp,
    People,
    flow_column,
    flow_row,
)
from leads.enums import TIERS
from tenants import clock

_CAMPS = """
select w.tenant_id, w.id, w.source_id, w.name, w.starts_at, w.ends_at, w.frozen_at, w.base_rate, w.group_ids,
    coalesce(r.key_interaction, ''), coalesce(r.key_interaction_object, '')
from leads_window w left join sop_run r on r.tenant_id = w.tenant_id and r.id = w.source_id
where w.tenant_id = %s and w.source_kind = 'sop.run' and (%s::bigint is null or w.source_id = %s)
order by w.starts_at desc, w.id desc limit 200
"""
_TOTALS = """
select m.window_id, count(*) filter (where m.in_cohort), count(*) filter (where not m.in_cohort),
    count(*) filter (where m.in_cohort and exists (
        select 1 from contacts_order o where o.tenant_id = m.tenant_id and o.customer_id = m.customer_id
            and o.state = 'paid' and o.ordered_at >= w.starts_at and o.ordered_at < least(w.ends_at, %s))),
    count(*) filter (where l.state = 'open')
from leads_windowmember m join leads_window w on w.id = m.window_id
left join leads_lead l on l.tenant_id = m.tenant_id and l.window_id = m.window_id and l.customer_id = m.customer_id
where m.tenant_id = %s group by 1
"""
_ORDERS = """
select (o.ordered_at at time zone %s)::date, o.order_class, count(*)
from contacts_order o join leads_windowmember m on m.tenant_id = o.tenant_id and m.customer_id = o.customer_id
where o.tenant_id = %s and m.window_id = %s and m.in_cohort and o.state = 'paid'
    and o.ordered_at >= %s and o.ordered_at < %s
group by 1, 2
"""


@dataclass(frozen=True)
class CampRow:
    """One camp in the list of camps."""

    camp: Camp
    cohort: int
    late_joiners: int
    buyers: int
    open_leads: int

    @property
    def conversion(self) -> float | None:
        return share(self.buyers, self.cohort)


@dataclass(frozen=True)
class Stage:
    """One row of the funnel. None means unknown, with `why_unknown`; the three parts add up to the denominator."""

    metric: Metric
    done: int | None
    growing: int | None
    lost: int | None
    out_of: int | None
    median_s: float | None
    why_unknown: str = ""

    @property
    def rate(self) -> float | None:
        return share(self.done, self.out_of)

    @property
    def bars(self) -> list[tuple[str, float, float]]:
        """(class, x, width) in percent for the three-part bar."""
        bars, at = [], 0.0
        for name, part in (("is-got", self.done), ("is-grow", self.growing), ("is-gone", self.lost)):
            width = 100 * (part or 0) / self.out_of if self.out_of else 0.0
            bars.append((name, round(at, 2), round(width, 2)))
            at += width
        return bars


@dataclass(frozen=True)
class Lift:
    """Conversion beside the assumed natural rate. No cause is claimed: there is no hold-out group."""

    buyers: int
    cohort: int
    rate: float | None
    low: float | None
    high: float | None
    base_rate: float
    verdict: str  # above, below, unclear


@dataclass(frozen=True)
class Flow:
    """Tiers a week ago against now. `cells[row][column]`; rows and columns in the order of the lists."""

    rows: list[str]
    columns: list[str]
    cells: dict[str, dict[str, int]]
    total: int


def camp_list(*, tenant_id: int) -> list[Camp]:
    """Camps, the newest first. One query."""
    return _camps(tenant_id, None)


def camp_get(*, tenant_id: int, run_id: int) -> Camp | None:
    """The camp of a run, or None: not known, or of another tenant."""
    return next(iter(_camps(tenant_id, run_id)), None)


def _camps(tenant_id: int, run_id: int | None) -> list[Camp]:
    with connection.cursor() as cursor:
        cursor.execute(_CAMPS, [tenant_id, run_id, run_id])
        return [Camp(*row) for row in _jsonless(cursor.fetchall())]


def _jsonless(rows: list[tuple]) -> list[tuple]:
    """group_ids as a list: a raw cursor may give JSON as text."""
    return [(*row[:8], _ids(row[8]), *row[9:]) for row in rows]


def _ids(value: Any) -> list[int]:
    if isinstance(value, str):
        return [int(one) for one in value.strip("[]").split(",") if one.strip()]
    return list(value or [])


def camp_rows(*, tenant_id: int, now: datetime) -> list[CampRow]:
    """All camps with their main figures. Two queries."""
    camps = camp_list(tenant_id=tenant_id)
    with connection.cursor() as cursor:
        cursor.execute(_TOTALS, [now, tenant_id])
        totals = {row[0]: row[1:] for row in cursor.fetchall()}
    return [CampRow(camp, *totals.get(camp.window_id, (0, 0, 0, 0))) for camp in camps]


def funnel(people: People, *, order: str = "rarra") -> list[Stage]:
    """The five stages, retention first (RARRA, the default) or as AARRR: the same figures."""
    names = AARRR if order == "aarrr" else RARRA
    return [_stage(people, name) for name in names]


def count_of(people: People, figure: str) -> int:
    """How many people a figure counts: exactly those that its link opens."""
    test = FIGURES[figure]
    return sum(1 for one in people.everyone if test(one))


def _stage(people: People, name: str) -> Stage:
    metric = METRICS[name]
    if name == "acquisition":
        return Stage(metric, count_of(people, "acquisition.done"), None, None, None, None, "exposure")
    if name == "activation" and not people.camp.key_interaction:
        return Stage(metric, None, None, None, None, None, "key_interaction")
    if name == "referral" and not people.knows_inviters:
        return Stage(metric, None, None, None, None, None, "inviters")
    done, growing, lost = (count_of(people, f"{name}.{part}") for part in ("done", "growing", "lost"))
    return Stage(metric, done, growing, lost, len(people.cohort), _median(people, name))


def _median(people: People, name: str) -> float | None:
    """Half of those who got there needed no longer than this, in seconds from joining or the camp's start."""
    waits = []
    for one in people.cohort:
        if name == "activation" and one.activated and one.key_at:
            waits.append((one.key_at - one.joined_at).total_seconds())
        if name == "revenue" and one.bought_at:
            waits.append((one.bought_at - max(one.joined_at, people.camp.starts_at)).total_seconds())
    waits.sort()
    return waits[(len(waits) - 1) // 2] if waits else None


def lift(people: People) -> Lift:
    """The cohort's conversion with a 95% interval beside the assumed natural rate."""
    buyers, cohort = count_of(people, "revenue.done"), len(people.cohort)
    interval = wilson(buyers, cohort)
    low, high = interval or (None, None)
    base = people.camp.base_rate
    return Lift(buyers, cohort, share(buyers, cohort), low, high, base, against_base(interval, base))


def tier_flow(people: People) -> Flow:
    """Where people of each tier of a week ago are now."""
    flow_at = people.at - timedelta(days=FLOW_DAYS)
    cells: dict[str, Counter[str]] = defaultdict(Counter)
    for one in people.everyone:
        row = flow_row(one, flow_at)
        if row is not None:
            cells[row][flow_column(one)] += 1
    rows = [*TIERS, UNRANKED]
    columns = [WON, *TIERS, UNRANKED, LEFT]
    return Flow(
        rows=[str(one) for one in rows],
        columns=[str(one) for one in columns],
        cells={str(row): {str(column): cells[row][column] for column in columns} for row in rows},
        total=sum(sum(row.values()) for row in cells.values()),
    )


@dataclass(frozen=True)
class OrderDays:
    """Paid orders of the cohort by local day; one number a day and class."""

    days: list[date]
    active: list[int]
    stimulated: list[int]
    unknown: list[int]

    @property
    def total(self) -> int:
        return sum(self.active) + sum(self.stimulated) + sum(self.unknown)

    @property
    def daily(self) -> list[int]:
        """Orders of each day, of all classes."""
        return [sum(some) for some in zip(self.active, self.stimulated, self.unknown, strict=True)]

    @property
    def rows(self) -> list[tuple[int, date, int, int, int, int]]:
        """(day of the camp, date, active, stimulated, unknown, sum) of the days that had any."""
        parts = zip(self.days, self.active, self.stimulated, self.unknown, strict=True)
        return [
            (number, day, one, two, three, one + two + three)
            for number, (day, one, two, three) in enumerate(parts, start=1)
            if one + two + three
        ]


def order_days(camp: Camp, *, zone: str, at: datetime) -> OrderDays:
    """Orders a day over the whole camp. One query."""
    first, last = (
        clock.local_date(camp.starts_at, zone),
        clock.local_date(camp.ends_at - timedelta(seconds=1), zone),
    )
    days = [first + timedelta(days=one) for one in range((last - first).days + 1)]
    with connection.cursor() as cursor:
        cursor.execute(_ORDERS, [zone, camp.tenant_id, camp.window_id, camp.starts_at, min(camp.ends_at, at)])
        counts = {(day, name): number for day, name, number in cursor.fetchall()}
    return OrderDays(
        days=days,
        active=[counts.get((day, "active"), 0) for day in days],
        stimulated=[counts.get((day, "stimulated"), 0) for day in days],
        unknown=[counts.get((day, "unknown"), 0) for day in days],
    )
