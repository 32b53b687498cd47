"""The run calendar: groups by days of a week, each cell with its touches; and the ledger of one cell."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Case, DateTimeField, F, IntegerField, Q, QuerySet, When

from groups.policies.checks import Finding as Broken
from groups.selectors import Counts, counts
from sop.enums import HIDDEN_KINDS, Anchor, Channel, Rule, RunState, TouchState
from sop.models import Run, RunGroup, Touch
from sop.policies import calendar
from sop.selectors.execution import Execution, execution_rate, together
from tenants import clock
from wecom.selectors import quota_left

if TYPE_CHECKING:
    from groups.models import Group
    from tenants.models import Tenant

# State on screen -> of the kit's steps. A word stands beside it always.
_SHOWN = {
    TouchState.PLANNED: "planned",
    TouchState.CLAIMED: "planned",
    TouchState.SUBMITTED: "sent",
    TouchState.BLOCKED: "blocked",
    TouchState.FAILED: "blocked",
    TouchState.PARKED: "blocked",
    TouchState.SKIPPED: "skipped",
    TouchState.CANCELLED: "skipped",
    TouchState.EXPIRED: "late",
}


# What a cell of the week shows of a touch.
_IN_A_CELL = (
    "tenant", "run", "group", "channel", "state", "rule_code", "reason", "planned_at", "window_ends_at", "done_at",
    "step", "step__title", "step__mark", "step__anchor",
)  # fmt: skip
# WeCom's "nobody is left to send to", as handed on in a failed send's reason.
_VENDOR_NOBODY = " 41048:"
_NOBODY_RULES = frozenset({Rule.NOBODY, Rule.NOT_FRIEND})


def shown_state(touch: Touch, now: datetime) -> str:
    """planned, due, sent, confirmed, late, blocked or skipped."""
    if touch.state == TouchState.HANDED:
        return "late" if now > touch.window_ends_at else "due"
    if touch.state == TouchState.CONFIRMED:
        is_late = touch.done_at is not None and touch.done_at > touch.window_ends_at
        return "late" if is_late else "confirmed"
    return _SHOWN[TouchState(touch.state)]


def late_minutes(touch: Touch, now: datetime) -> int:
    """Minutes past the window: until it was done, or until now while it is open; 0 when in time."""
    end = touch.done_at or (now if touch.state == TouchState.HANDED else touch.window_ends_at)
    return max(0, int((end - touch.window_ends_at).total_seconds() // 60))


@dataclass
class Cell:
    """One group on one day."""

    day: date
    touches: list[Touch] = field(default_factory=list)
    confirmed: int = 0
    is_past: bool = False

    @property
    def exceptions(self) -> list[Touch]:
        """What a past day still shows: everything that was not simply confirmed or cancelled."""
        return [one for one in self.touches if one.shown != "confirmed"]  # type: ignore[attr-defined]


@dataclass
class Row:
    """One group through the week."""

    group: "Group"
    seats: Counts
    mass_left: int | None
    cells: list[Cell]
    broken: list[Broken] = field(default_factory=list)  # what the group's next seven days break

    @property
    def people(self) -> int | None:
        """Customers in it now; None while nobody has read or told who sits there."""
        return self.seats.customers if self.group.knows_members else None


@dataclass
class Band:
    """One run through the week: its camp days and its groups."""

    run: Run
    days: list[tuple[date, int, str]]  # calendar day, camp day, phase name
    rows: list[Row]


@dataclass(frozen=True)
class Week:
    """What the calendar page shows."""

    days: list[date]
    today: date
    bands: list[Band]
    total: Execution
    by_staff: list[tuple[str, Execution]]


def week_days(day: date) -> list[date]:
    """Monday to Sunday around a day."""
    monday = day - timedelta(days=day.weekday())
    return [monday + timedelta(days=one) for one in range(7)]


def touch_list(*, tenant: "Tenant") -> QuerySet[Touch]:
    """Every touch with what a list shows of it."""
    return Touch.objects.filter(tenant=tenant).select_related("step", "run", "group", "staff")


def touches_nearest_first(*, tenant: "Tenant") -> QuerySet[Touch]:
    """What was due last stands first, going back; then what is still to come, in order."""
    now = clock.now()
    past = Q(planned_at__lte=now)
    return (
        touch_list(tenant=tenant)
        .annotate(
            ahead=Case(When(past, then=0), default=1, output_field=IntegerField()),
            back=Case(When(past, then=F("planned_at")), output_field=DateTimeField()),
        )
        .order_by("ahead", F("back").desc(nulls_last=True), "planned_at", "pk")
    )


def calendar_week(*, tenant: "Tenant", runs: Iterable[Run], day: date) -> Week:
    """The week around `day` (tenant's zone) for these runs. A constant number of queries."""
    wanted = list(runs)
    days = week_days(day)
    since, until = (
        clock.day_bounds(days[0], tenant.timezone)[0],
        clock.day_bounds(days[-1], tenant.timezone)[1],
    )
    now = clock.now()
    today = clock.local_date(now, tenant.timezone)
    touches = _by_cell(tenant, wanted, since, until, now)
    rows = list(
        RunGroup.objects.filter(tenant=tenant, run__in=[run.pk for run in wanted], removed_at=None)
        .select_related("group__owner")
        .order_by("group__name", "pk")
    )
    group_ids = [row.group_id for row in rows]
    seats = counts(tenant_id=tenant.pk, group_ids=group_ids)
    left = quota_left(
        tenant_id=tenant.pk,
        receiver_kind="group",
        receiver_ids=[row.group.chat_id for row in rows],
        day=today,
    )
    bands = [
        Band(
            run=run,
            days=camp_days(run, days),
            rows=[
                Row(
                    group=row.group,
                    seats=seats[row.group_id],
                    mass_left=left.get(row.group.chat_id),
                    cells=[_cell(one, touches.get((run.pk, row.group_id, one), []), today) for one in days],
                )
                for row in rows
                if row.run_id == run.pk
            ],
        )
        for run in wanted
    ]
    rates = execution_rate(
        tenant_id=tenant.pk, by="staff", since=since, until=until, run_ids=[run.pk for run in wanted]
    )
    return Week(days=days, today=today, bands=bands, total=together(rates), by_staff=_lowest_first(rates))


def _by_cell(
    tenant: "Tenant", runs: list[Run], since: datetime, until: datetime, now: datetime
) -> dict[tuple[int, int | None, date], list[Touch]]:
    found: dict[tuple[int, int | None, date], list[Touch]] = defaultdict(list)
    rows = Touch.objects.filter(
        tenant=tenant, run__in=[run.pk for run in runs], planned_at__gte=since, planned_at__lt=until
    )
    for touch in rows.select_related("step").only(*_IN_A_CELL).order_by("planned_at", "pk"):
        decorate(touch, now)
        found[touch.run_id, touch.group_id, clock.local_date(touch.planned_at, tenant.timezone)].append(touch)
    return found


def decorate(touch: Touch, now: datetime) -> Touch:
    """Give a touch what templates show: `shown` and `late_min`."""
    touch.shown = shown_state(touch, now)  # type: ignore[attr-defined]
    touch.late_min = late_minutes(touch, now)  # type: ignore[attr-defined]
    touch.is_mass = touch.channel in (Channel.GROUP_MASS, Channel.PRIVATE_MASS)  # type: ignore[attr-defined]
    return touch


def _cell(day: date, touches: list[Touch], today: date) -> Cell:
    kept = [one for one in touches if one.state != TouchState.CANCELLED and not is_idle_join(one)]
    confirmed = sum(1 for one in kept if one.state == TouchState.CONFIRMED)
    return Cell(day=day, touches=kept, confirmed=confirmed, is_past=day < today)


def is_idle_join(touch: Touch) -> bool:
    """Whether a step for newcomers found nobody to reach: no work for anyone, so the ledger alone shows it."""
    if touch.step.anchor != Anchor.MEMBER_JOIN or touch.state not in (TouchState.BLOCKED, TouchState.FAILED):
        return False
    return touch.rule_code in _NOBODY_RULES or _VENDOR_NOBODY in touch.reason


def camp_days(run: Run, days: list[date]) -> list[tuple[date, int, str]]:
    """(calendar day, camp day, name of the phase) of each day."""
    names = {one["key"]: one["name"] for one in run.phases}
    cuts = [calendar.Phase(one["key"], one["first"], one["last"]) for one in run.phases]
    found = []
    for day in days:
        number = calendar.camp_day(run.starts_on, day)
        found.append((day, number, names.get(calendar.phase_in(number, cuts), "")))
    return found


def _lowest_first(rates: Iterable[Execution]) -> list[tuple[str, Execution]]:
    """(name, execution) of staff who had anything due."""
    named = [(row.name, row) for row in rates if row.key is not None and row.due]
    return sorted(named, key=lambda pair: (pair[1].rate or 0, pair[0]))


def ledger(*, tenant: "Tenant", run: Run, group_id: int, day: date) -> list[Touch]:
    """The touches of one cell, in order, with their words and people."""
    since, until = clock.day_bounds(day, tenant.timezone)
    now = clock.now()
    rows = touch_list(tenant=tenant).filter(
        run=run, group_id=group_id, planned_at__gte=since, planned_at__lt=until
    )
    return [decorate(touch, now) for touch in rows.order_by("planned_at", "pk")]


def day_ledger(*, tenant: "Tenant", group_id: int, day: date) -> list[Touch]:
    """The touches of a group on a day over all its runs, in order; what was taken back is left out."""
    since, until = clock.day_bounds(day, tenant.timezone)
    now = clock.now()
    rows = (
        touch_list(tenant=tenant)
        .filter(group_id=group_id, planned_at__gte=since, planned_at__lt=until)
        .exclude(state=TouchState.CANCELLED)
    )
    return [decorate(touch, now) for touch in rows.order_by("planned_at", "pk")]


def run_list(*, tenant: "Tenant") -> QuerySet[Run]:
    """Runs, running ones first, newest first; weeks and value events have pages of their own."""
    return (
        Run.objects.filter(tenant=tenant)
        .exclude(version__template__kind__in=HIDDEN_KINDS)
        .select_related("version__template")
        .order_by("-state", "-starts_on", "-pk")
    )


def run_get(*, tenant: "Tenant", run_id: int) -> Run:
    """A run with its version. Raises Run.DoesNotExist."""
    return Run.objects.select_related("version__template").get(tenant=tenant, pk=run_id)


def run_last(*, tenant: "Tenant", template_id: int | None) -> Run | None:
    """The newest run, one of this template before any other; or None."""
    own = Case(When(version__template=template_id, then=0), default=1, output_field=IntegerField())
    rows = Run.objects.filter(tenant=tenant).exclude(version__template__kind__in=HIDDEN_KINDS)
    return rows.order_by(own, "-pk").first()


def runs_running(*, tenant: "Tenant") -> list[Run]:
    return list(run_list(tenant=tenant).filter(state=RunState.RUNNING))


def run_group_ids(*, tenant_id: int, run_id: int) -> list[int]:
    """Groups that take part now."""
    rows = RunGroup.objects.filter(tenant_id=tenant_id, run_id=run_id, removed_at=None)
    return list(rows.order_by("group_id").values_list("group_id", flat=True))
