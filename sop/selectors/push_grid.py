"""The weekly push table as its page shows it: the grid of one group, and the other groups of the week beside it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Q
from django.db.models.functions import JSONObject

from groups.enums import PLAN_DAYS, Slot
from groups.selectors import week_facts
from sop.enums import ContentType, TouchState
from sop.models import PushSlot, PushWeek, Touch
from sop.policies import calendar
from sop.policies.push import PLACES, TONES, Place, Share, Targets, mix, suggested
from sop.selectors.calendar import decorate
from sop.selectors.push import (
    slot_times,
    targets_of,
    touches_of_weeks,
    types_sent,
    week_whole,
)
from sop.selectors.push_checks import FIXES, Judged, judge, slot_step, touch_step
from tenants import clock

if TYPE_CHECKING:
    from groups.models import Group
    from tenants.models import Tenant

_NOON_FROM, _EVENING_FROM = time(11), time(17)
COMPARED = ("content_type", "title", "text", "links", "channel")


@dataclass
class Cell:
    """One slot of one day. `touch` carries it out once confirmed; `is_fixed`: it went out or its time has passed.

    `suggestion`: the type the week needs here; `others`: what other runs send in this part of the day.
    """

    number: int
    slot: str
    label: Any
    day: date
    at: time
    row: PushSlot | None = None
    touch: Touch | None = None
    is_fixed: bool = False
    is_changed: bool = False
    suggestion: str = ""
    others: list[Touch] = field(default_factory=list)

    @property
    def place(self) -> str:
        """Its name in addresses and forms: 3-noon."""
        return f"{self.number}-{self.slot}"

    @property
    def tone(self) -> str:
        return TONES.get(self.row.content_type, "") if self.row else ""

    @property
    def suggestion_label(self) -> Any:
        return ContentType(self.suggestion).label if self.suggestion else ""


@dataclass
class GridDay:
    """A column: the day, where it stands in the running camps, what it brings members in all."""

    day: date
    number: int
    cells: list[Cell]
    note: str = ""
    is_over: bool = False
    messages: int = 0
    is_past: bool = False


@dataclass
class Grid:
    """One group's week. `before`: the mix of the four weeks before; None where nothing was sent."""

    group: "Group"
    monday: date
    week: PushWeek | None
    days: list[GridDay]
    mix: list[Share]
    before: list[Share] | None
    judged: Judged
    targets: Targets
    has_default: bool = False

    @property
    def cells(self) -> list[Cell]:
        return [cell for one in self.days for cell in one.cells]

    @property
    def filled(self) -> int:
        return sum(cell.row is not None for cell in self.cells)

    @property
    def total(self) -> int:
        return len(PLACES)

    @property
    def missing(self) -> int:
        """Empty slots that can still be filled."""
        return sum(cell.row is None and not cell.is_fixed for cell in self.cells)

    @property
    def changed(self) -> int:
        """Slots that differ from what was confirmed."""
        return sum(cell.is_changed for cell in self.cells)

    @property
    def is_confirmed(self) -> bool:
        return self.week is not None and self.week.run_id is not None

    @property
    def fixes(self) -> list[tuple[str, Any]]:
        """What one press mends, each once: (what, words)."""
        return list(dict.fromkeys(FIXES[one.code] for one in self.judged.findings if one.code in FIXES))


def grid_of(*, tenant: "Tenant", group: "Group", monday: date) -> Grid:
    """The week of one group with everything its page shows. A constant number of queries."""
    week, rows, has_default = week_whole(tenant_id=tenant.pk, group=group, monday=monday)
    touches = touches_of_weeks(tenant=tenant, group_ids=[group.pk], monday=monday).get(group.pk, [])
    facts = week_facts(tenant=tenant, group=group)
    targets = targets_of(tenant_id=tenant.pk, kind=group.kind, limits=facts.limits)
    times = slot_times(tenant_id=tenant.pk)
    own_run = week.run_id if week else None
    others = [one for one in touches if one.run_id != own_run]
    cells = _cells(tenant, monday, rows, times)
    _carried_out(cells, [one for one in touches if one.run_id == own_run and own_run], week, tenant.timezone)
    _beside(cells, others, tenant.timezone)
    for place, kind in suggested({place: row.content_type for place, row in rows.items()}, targets).items():
        cells[place].suggestion = kind
    judged = judge(
        tenant=tenant, facts=facts, monday=monday,
        own=[slot_step(row, times[row.slot]) for row in rows.values()], slots=list(rows.values()),
        others=[touch_step(one, monday, tenant.timezone) for one in others],
        no_owner=sum(
            cell.row is not None and cell.row.staff_id is None and not cell.is_fixed for cell in cells.values()
        ),
    )  # fmt: skip
    before = types_sent(tenant=tenant, group_id=group.pk, before=monday)
    return Grid(
        group=group, monday=monday, week=week, days=_days(tenant, monday, cells, judged, others),
        mix=mix([row.content_type for row in rows.values()], targets),
        before=mix(before, Targets(places=len(before))) if before else None,
        judged=judged, targets=targets,
        has_default=has_default,
    )  # fmt: skip


def _cells(
    tenant: "Tenant", monday: date, rows: dict[Place, PushSlot], times: dict[str, time]
) -> dict[Place, Cell]:
    now = clock.now()
    found = {}
    for number, slot in PLACES:
        row = rows.get((number, slot))
        day, at = monday + timedelta(days=number - 1), (row.at if row and row.at else times[slot])
        found[number, slot] = Cell(
            number=number, slot=slot, label=Slot(slot).label, day=day, at=at, row=row,
            is_fixed=clock.at_local(day, at, tenant.timezone) <= now,
        )  # fmt: skip
    return found


def _carried_out(cells: dict[Place, Cell], touches: list[Touch], week: PushWeek | None, zone: str) -> None:
    """What became of each slot since the week was confirmed, and which differ from it now."""
    now = clock.now()
    by_key = {touch.step.key: touch for touch in touches}
    for cell in cells.values():
        touch = by_key.get(f"d{cell.number}-{cell.slot}")
        cell.touch = decorate(touch, now) if touch else None
        if touch is not None and touch.state != TouchState.PLANNED:
            cell.is_fixed = True
        if week is not None and week.run_id is not None and not cell.is_fixed:
            cell.is_changed = _differs(cell, touch, zone)


def _differs(cell: Cell, touch: Touch | None, zone: str) -> bool:
    if cell.row is None or touch is None:
        return cell.row is not None or touch is not None
    row, step = cell.row, touch.step
    return (
        any(getattr(row, name) != getattr(step, name) for name in COMPARED)
        or clock.local(touch.planned_at, zone).time().replace(second=0, microsecond=0) != cell.at
        or row.staff_id != touch.staff_id
    )


def _beside(cells: dict[Place, Cell], others: Iterable[Touch], zone: str) -> None:
    now = clock.now()
    by_day = {(cell.day, cell.slot): cell for cell in cells.values()}
    for touch in others:
        wall = clock.local(touch.planned_at, zone)
        cell = by_day.get((wall.date(), _part(wall)))
        if cell is not None:
            cell.others.append(decorate(touch, now))


def _part(wall: datetime) -> str:
    at = wall.time()
    if at < _NOON_FROM:
        return Slot.MORNING.value
    return Slot.NOON.value if at < _EVENING_FROM else Slot.EVENING.value


def _days(
    tenant: "Tenant", monday: date, cells: dict[Place, Cell], judged: Judged, others: list[Touch]
) -> list[GridDay]:
    today = clock.local_date(clock.now(), tenant.timezone)
    runs = {touch.run_id: touch.run for touch in others}
    found = []
    for number in range(1, PLAN_DAYS + 1):
        day, load = monday + timedelta(days=number - 1), judged.days[number - 1]
        found.append(
            GridDay(
                day=day,
                number=number,
                cells=[cells[number, str(slot)] for slot in Slot],
                note=_note(runs.values(), day),
                is_over=load.is_over,
                messages=load.messages,
                is_past=day < today,
            )
        )
    return found


def _note(runs: Iterable[Any], day: date) -> str:
    """Where the day stands in the first running camp that names its phases."""
    for run in runs:
        cuts = [calendar.Phase(one["key"], one["first"], one["last"]) for one in run.phases]
        names = {one["key"]: one["name"] for one in run.phases}
        number = calendar.camp_day(run.starts_on, day)
        phase = names.get(calendar.phase_in(number, cuts), "") if cuts else ""
        if phase:
            return f"{number} · {phase}"
    return ""


@dataclass
class RowAcross:
    """One group in the table of all groups: its types by day and how much stands there."""

    group: "Group"
    days: list[list[tuple[str, str]]]  # of each day, (tone, label) by slot; ("", "") for an empty one
    filled: int
    is_confirmed: bool

    @property
    def lacks(self) -> int:
        return len(PLACES) - self.filled


@dataclass(frozen=True)
class WeeksAcross:
    """`rows`: the same week of some groups side by side; `filled`: {group id: slots that hold something} of all
    groups, absent for none."""

    rows: list[RowAcross]
    filled: dict[int, int]


def weeks_across(*, tenant: "Tenant", groups: Iterable["Group"], monday: date) -> WeeksAcross:
    """How full the week of every group is, and what stands in those of some. One query."""
    every = list(groups)
    cells = JSONObject(number="number", slot="slot", type="content_type", run="week__run_id")
    counted = (
        PushSlot.objects.filter(tenant=tenant, week__monday=monday)
        .order_by()
        .values("week__group_id")
        .annotate(n=Count("pk"), cells=ArrayAgg(cells, filter=Q(week__group__in=every)))
    )
    filled: dict[int, int] = {}
    types: dict[int, dict[tuple[int, str], str]] = {}
    done = set()
    for group_id, n, cells_of in counted.values_list("week__group_id", "n", "cells"):
        filled[group_id] = n
        types[group_id] = {(one["number"], one["slot"]): one["type"] for one in cells_of or ()}
        if any(one["run"] is not None for one in cells_of or ()):
            done.add(group_id)
    labels = {value: str(label) for value, label in ContentType.choices}
    empty = ("", "")
    made = []
    for group in every:
        own = {place: (TONES[one], labels[one]) for place, one in types.get(group.pk, {}).items()}
        days = [[own.get((number, str(slot)), empty) for slot in Slot] for number in range(1, PLAN_DAYS + 1)]
        made.append(RowAcross(group, days, len(own), group.pk in done))
    return WeeksAcross(made, filled)
