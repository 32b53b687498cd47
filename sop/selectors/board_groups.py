"""Which groups stand on the calendar of a week, in which band, and on which page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Q

from groups.selectors import group_list
from sop.enums import HIDDEN_KINDS, EventState, RunState
from sop.models import EventGroup, PushWeek, Run, RunGroup
from sop.selectors.lanes import with_opening
from tenants import clock
from wecom.enums import ReceiverKind
from wecom.selectors import quota_days

if TYPE_CHECKING:
    from groups.models import Group
    from tenants.models import Tenant

WEEK_PART, REST_PART = "week", "rest"
CALL_DAYS = 30  # an event's invitations go out at most so many days before it
_SHOWN = (
    "tenant", "name", "planned_name", "chat_id", "owner", "frozen_at", "dismissed_at", "customer_count", "staff_count",
    "synced_at", "freeze_reason",
)  # fmt: skip


class Seat(NamedTuple):
    """A group as far as its place on the calendar goes: there may be a thousand, and a page shows thirty."""

    pk: int
    name: str
    owner_id: int | None
    owner_name: str
    payment_basis: str


@dataclass(frozen=True)
class Wanted:
    """What the page is asked for. `part`: "" all, a run's id, "week" or "rest"; `field`: one of the four, "" all;
    `payments`: how the groups are paid for, () all; `lane`: the lane that is shown whole."""

    day: date
    part: str = ""
    operator: int | None = None
    field: str = ""
    words: str = ""
    group_id: int | None = None
    payments: tuple[str, ...] = ()
    page: int = 1
    lane: str = ""

    @property
    def run_id(self) -> int | None:
        return int(self.part) if self.part.isdecimal() else None


@dataclass
class Cast:
    """Everybody on the calendar of a week. `groups` are those asked for, in the order of the bands; `operators`: (id,
    name) of their owners."""

    groups: list[Seat] = field(default_factory=list)
    runs: dict[int, Run] = field(default_factory=dict)
    run_of: dict[int, int] = field(default_factory=dict)  # group -> the camp it stands under
    in_week: dict[int, int | None] = field(default_factory=dict)  # group with a weekly table -> its run
    invited: list[EventGroup] = field(default_factory=list)  # with their events
    sent: dict[str, dict[date, dict[str, int]]] = field(default_factory=dict)  # wecom.selectors.quota_days
    parts: list[tuple[str, str, int]] = field(default_factory=list)  # (part, name, groups); "" for all
    operators: list[tuple[int, str]] = field(default_factory=list)

    def part_of(self, group_id: int) -> str:
        if group_id in self.run_of:
            return str(self.run_of[group_id])
        return WEEK_PART if group_id in self.in_week else REST_PART


def cast_of(*, tenant: "Tenant", days: list[date], wanted: Wanted) -> Cast:
    """The groups that something is planned for, or happened to, in the week. Six queries."""
    cast = Cast()
    _camps(tenant, days, cast)
    weeks = PushWeek.objects.filter(tenant=tenant, monday=days[0])
    cast.in_week = dict(weeks.values_list("group_id", "run_id"))
    cast.invited = _invited(tenant, days)
    cast.sent = quota_days(
        tenant_id=tenant.pk, receiver_kind=ReceiverKind.GROUP, first=days[0], last=days[-1]
    )
    ids = cast.run_of.keys() | cast.in_week.keys() | {row.group_id for row in cast.invited}
    rows = group_list(tenant_id=tenant.pk).filter(
        Q(pk__in=ids) | Q(chat_id__in=[one for one in cast.sent if one])
    )
    every = [
        Seat(pk, name or planned or chat_id, owner_id, owner or userid or "", basis)
        for pk, name, planned, chat_id, owner_id, owner, userid, basis in rows.order_by().values_list(
            "pk",
            "name",
            "planned_name",
            "chat_id",
            "owner_id",
            "owner__name",
            "owner__userid",
            "payment_basis",
        )
    ]
    cast.operators = _owners(every)
    kept = [one for one in every if _is_wanted(one, wanted)]
    cast.parts = _parts(cast, kept)
    order = {run_id: number for number, run_id in enumerate(cast.runs)}
    last = {WEEK_PART: len(order), REST_PART: len(order) + 1}
    cast.groups = sorted(
        (one for one in kept if wanted.part in ("", cast.part_of(one.pk))),
        key=lambda one: (
            order.get(cast.run_of.get(one.pk, 0), last.get(cast.part_of(one.pk), 0)), one.name, one.pk,
        ),
    )  # fmt: skip
    return cast


def groups_shown(*, tenant: "Tenant", seats: Sequence[Seat]) -> list["Group"]:
    """The groups of some places on the calendar as their rows show them, in that order. One query."""
    rows = group_list(tenant_id=tenant.pk).filter(pk__in=[one.pk for one in seats]).order_by()
    found = {one.pk: one for one in rows.only(*_SHOWN, "owner__name", "owner__userid", "owner__tenant")}
    return [found[one.pk] for one in seats if one.pk in found]


def _camps(tenant: "Tenant", days: list[date], cast: Cast) -> None:
    """Runs whose days touch the week, the earliest first, and the first one of each group. Two queries."""
    runs = (
        Run.objects.filter(
            tenant=tenant, starts_on__lte=days[-1], starts_on__gt=days[0] - timedelta(days=400)
        )
        .exclude(state=RunState.CANCELLED)
        .exclude(version__template__kind__in=HIDDEN_KINDS)
        .order_by("starts_on", "pk")
    )
    cast.runs = {run.pk: run for run in with_opening(runs) if _lasts(run, days[0], tenant.timezone)}
    seats = RunGroup.objects.filter(tenant=tenant, run__in=list(cast.runs), removed_at=None)
    rank = {run_id: number for number, run_id in enumerate(cast.runs)}
    pairs = sorted(seats.values_list("run_id", "group_id"), key=lambda pair: rank[pair[0]])
    for run_id, group_id in pairs:
        cast.run_of.setdefault(group_id, run_id)
    taken = set(cast.run_of.values())
    cast.runs = {pk: run for pk, run in cast.runs.items() if pk in taken}


def _lasts(run: Run, monday: date, zone: str) -> bool:
    ended = clock.local_date(run.ended_at, zone) if run.ended_at else None
    last = run.starts_on + timedelta(days=run.days + run.after_days - 1)
    return (min(last, ended) if ended else last) >= monday


def _invited(tenant: "Tenant", days: list[date]) -> list[EventGroup]:
    """Groups invited to an event that is near enough for the week to hold it or its invitations."""
    since = clock.day_bounds(days[0], tenant.timezone)[0]
    until = clock.day_bounds(days[-1], tenant.timezone)[1]
    rows = EventGroup.objects.filter(
        tenant=tenant, event__state=EventState.OPEN, event__ends_at__gt=since,
        event__starts_at__lt=until + timedelta(days=CALL_DAYS),
    )  # fmt: skip
    return list(rows.select_related("event"))


def _is_wanted(group: Seat, wanted: Wanted) -> bool:
    if wanted.group_id is not None and group.pk != wanted.group_id:
        return False
    if wanted.operator is not None and group.owner_id != wanted.operator:
        return False
    if wanted.payments and group.payment_basis not in wanted.payments:
        return False
    return wanted.words.lower() in group.name.lower()


def _owners(groups: Iterable[Seat]) -> list[tuple[int, str]]:
    found = {one.owner_id: one.owner_name for one in groups if one.owner_id is not None}
    return sorted(found.items(), key=lambda one: (one[1], one[0]))


def _parts(cast: Cast, groups: list[Seat]) -> list[tuple[str, str, int]]:
    counts: dict[str, int] = {}
    for one in groups:
        part = cast.part_of(one.pk)
        counts[part] = counts.get(part, 0) + 1
    named = [(str(run.pk), run.name, counts.get(str(run.pk), 0)) for run in cast.runs.values()]
    rest = [(part, "", counts[part]) for part in (WEEK_PART, REST_PART) if part in counts]
    return [("", "", len(groups)), *named, *rest]
