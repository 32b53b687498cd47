"""The calendar of all groups: groups by the days of a week over every run, with clashes and what may still be sent.

A constant number of queries, whatever the number of groups; details are read for the groups of one page only.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch

from contacts.policies.touch import Limits, is_quiet
from contacts.services.touch import LIMIT_SETTINGS, limits_from
from groups.selectors.sharing import groups_sharing
from sop.enums import INTERNAL_CHANNELS, PUSH_AT, TOUCH_OPEN, TouchState
from sop.enums.calendar import FIELDS
from sop.models import PushSlot, Run, Step, Touch, ValueEvent
from sop.policies.clashes import Found, Mark, clashes
from sop.selectors.board_away import touches_away
from sop.selectors.board_groups import REST_PART, WEEK_PART, Cast, Wanted, cast_of, groups_shown
from sop.selectors.calendar import camp_days, decorate, is_idle_join, week_days
from sop.selectors.execution import Execution, execution_rate, together
from sop.selectors.lanes import Lane, lanes_of
from tenants import clock, preferences
from wecom.enums import QuotaSource, ReceiverKind
from wecom.selectors import quota_left, quota_rules, window_for

if TYPE_CHECKING:
    from groups.models import Group
    from tenants.models import Tenant

PAGE = 30
MOVABLE = frozenset({TouchState.PLANNED, TouchState.BLOCKED, TouchState.PARKED})
_COUNTS = TOUCH_OPEN | {TouchState.SUBMITTED, TouchState.CONFIRMED}


@dataclass
class Chip:
    """One thing in a cell: a touch (the first of `count` alike), a slot of a table nobody confirmed, or an event."""

    at: datetime
    touch: Any = None
    slot: PushSlot | None = None
    event: ValueEvent | None = None
    count: int = 1
    is_quiet: bool = False
    is_foreign: bool = False  # of another run than the band's

    @property
    def may_move(self) -> bool:
        return self.touch is not None and self.count == 1 and self.touch.state in MOVABLE


@dataclass(frozen=True)
class ClashShown:
    """A clash as a cell tells it: both sides with their time."""

    code: str
    at: datetime
    one: Chip
    other: Chip | None
    other_group: str = ""


@dataclass
class BoardCell:
    """One group on one day."""

    day: date
    is_past: bool
    chips: list[Chip] = field(default_factory=list)
    clashes: list[ClashShown] = field(default_factory=list)
    own_sends: int = 0  # mass sends that members of the staff sent by themselves

    @property
    def touches(self) -> list[Any]:
        return [one.touch for one in self.chips if one.touch is not None]

    @property
    def total(self) -> int:
        return sum(one.count for one in self.chips if one.touch is not None)

    @property
    def confirmed(self) -> int:
        return sum(
            one.count for one in self.chips if one.touch is not None and one.touch.shown == "confirmed"
        )

    @property
    def late(self) -> int:
        return sum(one.count for one in self.chips if one.touch is not None and one.touch.shown == "late")

    @property
    def frozen(self) -> list[ClashShown]:
        """What is planned although the group is frozen: one matter, however much it is."""
        return [one for one in self.clashes if one.other is None]

    @property
    def collisions(self) -> list[ClashShown]:
        return [one for one in self.clashes if one.other is not None]

    @property
    def shown(self) -> list[Chip]:
        """What the cell shows: a past day only what was not simply confirmed."""
        if not self.is_past:
            return self.chips
        return [one for one in self.chips if one.touch is None or one.touch.shown != "confirmed"]


@dataclass
class BoardRow:
    """One group through the week. `left`: mass sends it may still get in WeCom's window; None without a chat."""

    group: "Group"
    cells: list[BoardCell]
    left: int | None
    own_today: int


@dataclass
class BoardBand:
    """Groups under one heading: a camp with its days, the weekly tables, or the rest."""

    part: str
    run: Run | None
    days: list[tuple[date, int, str]]
    rows: list[BoardRow] = field(default_factory=list)


@dataclass
class Board:
    """What the calendar page shows."""

    days: list[date]
    today: date
    wanted: Wanted
    cast: Cast
    bands: list[BoardBand]
    lanes: list[Lane]
    total: Execution
    by_staff: list[Execution]
    limits: Limits
    window_last: date
    blocked: int
    pages: int
    sees_every_clash: bool  # with groups that share people; of very many only the nearest are looked at

    @property
    def strip(self) -> list[tuple[date, int, int]]:
        """(day, late, clashes) over the groups of this page: the strip of days on the phone."""
        cells = [cell for band in self.bands for row in band.rows for cell in row.cells]
        return [
            (
                day,
                sum(one.late for one in cells if one.day == day),
                sum(len(one.clashes) for one in cells if one.day == day),
            )
            for day in self.days
        ]


def board_of(*, tenant: "Tenant", wanted: Wanted, every: bool = False) -> Board:
    """The week around `wanted.day` (tenant's zone). `every`: all groups on one page, for a file."""
    days, now = week_days(wanted.day), clock.now()
    today = clock.local_date(now, tenant.timezone)
    cast = cast_of(tenant=tenant, days=days, wanted=wanted)
    pages = max(1, -(-len(cast.groups) // PAGE))
    page = min(max(1, wanted.page), pages)
    seats = cast.groups if every else cast.groups[(page - 1) * PAGE : page * PAGE]
    shown = groups_shown(tenant=tenant, seats=seats)
    since = clock.day_bounds(days[0], tenant.timezone)[0]
    until = clock.day_bounds(days[-1], tenant.timezone)[1]
    builder = _Builder(tenant, cast, days, now, wanted)
    ids = [one.pk for one in cast.groups]
    bands = builder.bands(shown)
    rates = execution_rate(tenant_id=tenant.pk, by="staff", since=since, until=until, group_ids=ids)
    return Board(
        days=days, today=today, wanted=wanted, cast=cast, bands=bands,
        lanes=lanes_of(tenant=tenant, days=days, opened=wanted.lane),
        total=together(rates), by_staff=[one for one in rates if one.key is not None and one.due],
        limits=builder.limits, window_last=builder.window.last,
        blocked=blocked_touches(tenant=tenant, group_ids=ids, since=since, until=until).count(),
        pages=pages, sees_every_clash=builder.sees_every_clash,
    )  # fmt: skip


def blocked_touches(*, tenant: "Tenant", group_ids: Iterable[int], since: datetime, until: datetime) -> Any:
    """Touches of running runs that a rule stopped in [since, until) and that a person can give another place."""
    return Touch.objects.filter(
        tenant=tenant, group__in=list(group_ids), planned_at__gte=since, planned_at__lt=until,
        state=TouchState.BLOCKED, run__state="running", occurrence="",
    )  # fmt: skip


class _Builder:
    """Reads what the groups of a page hold and lays it out."""

    def __init__(self, tenant: "Tenant", cast: Cast, days: list[date], now: datetime, wanted: Wanted) -> None:
        self.tenant, self.cast, self.days, self.now = tenant, cast, days, now
        own = preferences.values(tenant.pk, *LIMIT_SETTINGS, *PUSH_AT.values())
        self.limits = limits_from(own, tenant.timezone)
        self.slot_times = {str(slot): own[setting.key] for slot, setting in PUSH_AT.items()}
        self.wanted, self.zone = wanted, tenant.timezone
        self.today = clock.local_date(now, self.zone)
        self.since = clock.day_bounds(days[0], self.zone)[0]
        self.until = clock.day_bounds(days[-1], self.zone)[1]

    def bands(self, groups: list["Group"]) -> list[BoardBand]:
        ids = [one.pk for one in groups]
        chips = self._touches(ids)
        self._slots(ids, chips)
        self._events(ids, chips)
        chats = [one.chat_id for one in groups if one.chat_id]
        rules = quota_rules(tenant_id=self.tenant.pk)
        self.window = window_for(rules, self.today)
        left = quota_left(
            tenant_id=self.tenant.pk, receiver_kind=ReceiverKind.GROUP, receiver_ids=chats, day=self.today,
            rules=rules,
        )  # fmt: skip
        sent = self.cast.sent
        cells = {one.pk: self._cells(one, chips, sent.get(one.chat_id, {})) for one in groups}
        self._clashes(groups, chips, cells)
        rows = [
            BoardRow(
                group, self._kept(cells[group.pk]), left.get(group.chat_id),
                sent.get(group.chat_id, {}).get(self.today, {}).get(QuotaSource.PERSONAL, 0),
            )
            for group in groups
        ]  # fmt: skip
        return self._banded(rows)

    def _touches(self, ids: list[int]) -> dict[tuple[int, date], list[Chip]]:
        # A week has hundreds of touches of a few steps: each step is made once, not once a touch.
        steps = Step.objects.filter(tenant=self.tenant).defer("text", "attachments", "links")
        rows = (
            Touch.objects.filter(
                tenant=self.tenant, group__in=ids, planned_at__gte=self.since, planned_at__lt=self.until
            )
            .exclude(state=TouchState.CANCELLED)
            .prefetch_related(Prefetch("step", steps))
            .defer("text", "attachments")
            .order_by("planned_at", "pk")
        )
        chips: dict[tuple[int, date], list[Chip]] = defaultdict(list)
        alike: dict[tuple[Any, ...], Chip] = {}
        for touch in self._with_runs(list(rows)):
            if is_idle_join(touch):
                continue
            decorate(touch, self.now)
            group_id, day = touch.group_id or 0, clock.local_date(touch.planned_at, self.zone)
            key = (group_id, day, touch.step_id, touch.shown)  # type: ignore[attr-defined]
            if touch.occurrence and key in alike:
                alike[key].count += 1
                continue
            chip = Chip(touch.planned_at, touch)
            chip.is_quiet = self._is_quiet(touch)
            band = self.cast.run_of.get(group_id)
            chip.is_foreign = touch.run_id != band if band else False
            chips[group_id, day].append(chip)
            if touch.occurrence:
                alike[key] = chip
        return chips

    def _with_runs(self, touches: list[Touch]) -> list[Touch]:
        """The same with their runs: the camps of the week are known, others (weekly tables, events) are one query."""
        known = dict(self.cast.runs)
        if missing := {one.run_id for one in touches} - known.keys():
            known |= Run.objects.filter(tenant=self.tenant).in_bulk(missing)
        for one in touches:
            one.run = known[one.run_id]
        return touches

    def _is_quiet(self, touch: Touch) -> bool:
        reaches = touch.channel not in INTERNAL_CHANNELS and not touch.step.is_service
        return reaches and is_quiet(touch.planned_at, self.limits)

    def _slots(self, ids: list[int], chips: dict[tuple[int, date], list[Chip]]) -> None:
        """Slots of weekly tables that nobody has confirmed yet: wishes, no touches."""
        if not any(self.cast.in_week.get(one, 0) is None for one in ids):
            return
        rows = PushSlot.objects.filter(
            tenant=self.tenant, week__monday=self.days[0], week__run=None, week__group__in=ids
        ).select_related("week")
        for slot in rows.defer("text", "links", "attachments"):
            day = self.days[0] + timedelta(days=slot.number - 1)
            at = clock.at_local(day, slot.at or self.slot_times[slot.slot], self.zone)
            chips[slot.week.group_id, day].append(Chip(at, slot=slot))

    def _events(self, ids: list[int], chips: dict[tuple[int, date], list[Chip]]) -> None:
        for row in self.cast.invited:
            if row.group_id not in ids or not self.since <= row.event.starts_at < self.until:
                continue
            at = row.event.starts_at
            chips[row.group_id, clock.local_date(at, self.zone)].append(Chip(at, event=row.event))

    def _cells(
        self, group: "Group", chips: dict[tuple[int, date], list[Chip]], sent: dict[date, dict[str, int]]
    ) -> list[BoardCell]:
        found = []
        for day in self.days:
            own = sent.get(day, {}).get(QuotaSource.PERSONAL, 0)
            here = sorted(chips.get((group.pk, day), []), key=lambda one: one.at)
            found.append(BoardCell(day, day < self.today, here, own_sends=own))
        return found

    def _kept(self, cells: list[BoardCell]) -> list[BoardCell]:
        """Only one of the four fields, where it is asked for; clashes were judged over all of them."""
        if self.wanted.field:
            for cell in cells:
                cell.chips = [one for one in cell.chips if field_of(one) == self.wanted.field]
        return cells

    def _clashes(
        self,
        groups: list["Group"],
        chips: dict[tuple[int, date], list[Chip]],
        cells: dict[int, list[BoardCell]],
    ) -> None:
        opens = {run.pk: run.offer_opens_at for run in self.cast.runs.values()}  # type: ignore[attr-defined]
        by_key: dict[str, tuple[int, date, Chip]] = {}
        marks = []
        for (group_id, day), some in chips.items():
            for chip in some:
                mark = _mark(chip, group_id, opens, self.now)
                if mark is not None:
                    marks.append(mark)
                    by_key[mark.key] = (group_id, day, chip)
        shares, has_all = groups_sharing(tenant_id=self.tenant.pk, group_ids=cells)
        names = {one.pk: str(one) for one in groups}
        away, has_near = self._away(shares, cells)
        self.sees_every_clash = has_all and has_near
        for touch in away:
            group_id, day = touch.group_id or 0, clock.local_date(touch.planned_at, self.zone)
            names[group_id] = str(touch.group)
            mark = _mark(Chip(touch.planned_at, touch), group_id, opens, self.now)
            if mark is not None:
                marks.append(mark)
                by_key[mark.key] = (group_id, day, Chip(touch.planned_at, touch))
        frozen = {one.pk for one in groups if one.frozen_at}
        for found in clashes(marks, shares=shares, frozen=frozen):
            for group_id, day, told in _told(found, by_key, names):
                if group_id in cells:
                    cells[group_id][self.days.index(day)].clashes.append(told)

    def _away(self, shares: dict[int, set[int]], cells: Collection[int]) -> tuple[list[Touch], bool]:
        """What is planned beside it for groups that share people and stand on another page, or on none."""
        rows, is_whole = touches_away(
            tenant=self.tenant, shares=shares, group_ids=cells, states=_COUNTS, since=self.since, until=self.until
        )  # fmt: skip
        return [decorate(one, self.now) for one in rows], is_whole

    def _banded(self, rows: list[BoardRow]) -> list[BoardBand]:
        bands: list[BoardBand] = []
        for row in rows:
            part = self.cast.part_of(row.group.pk)
            if not bands or bands[-1].part != part:
                run = self.cast.runs[int(part)] if part not in (WEEK_PART, REST_PART) else None
                days = camp_days(run, self.days) if run else [(day, 0, "") for day in self.days]
                bands.append(BoardBand(part, run, days))
            bands[-1].rows.append(row)
        return bands


def field_of(chip: Chip) -> str:
    """Which of the four fields a chip is of; "" for work among colleagues and for an event itself."""
    if chip.touch is not None:
        return str(FIELDS.get(chip.touch.channel, ""))
    return str(FIELDS.get(chip.slot.channel, "")) if chip.slot is not None else ""


def _mark(chip: Chip, group_id: int, opens: dict[int, datetime | None], now: datetime) -> Mark | None:
    if chip.event is not None:
        event = chip.event
        return Mark(
            f"e{event.pk}-{group_id}", group_id, event.starts_at, f"run:{event.run_id}", "", until=event.ends_at,
            is_open=event.starts_at > now,
        )  # fmt: skip
    if chip.slot is not None:
        return Mark(
            f"s{chip.slot.pk}",
            group_id,
            chip.at,
            f"week:{chip.slot.week_id}",
            field_of(chip),
            is_open=chip.at > now,
        )
    touch = chip.touch
    if touch.occurrence or touch.step.is_service or touch.state not in _COUNTS or not field_of(chip):
        return None
    return Mark(
        f"t{touch.pk}", group_id, touch.planned_at, f"run:{touch.run_id}", field_of(chip), touch.step.is_marketing,
        opens.get(touch.run_id) == touch.planned_at, is_open=touch.state in TOUCH_OPEN,
    )  # fmt: skip


def _told(
    found: Found, by_key: dict[str, tuple[int, date, Chip]], names: dict[int, str]
) -> list[tuple[int, date, ClashShown]]:
    """(group, day, clash) for each cell that tells it: one between two groups stands with both."""
    group_id, day, one = by_key[found.first]
    if not found.second:
        return [(group_id, day, ClashShown(found.code, one.at, one, None))]
    other_id, other_day, other = by_key[found.second]
    if other_id == group_id:
        return [(group_id, other_day, ClashShown(found.code, other.at, one, other))]
    return [
        (group_id, day, ClashShown(found.code, one.at, one, other, names.get(other_id, ""))),
        (other_id, other_day, ClashShown(found.code, other.at, other, one, names.get(group_id, ""))),
    ]
