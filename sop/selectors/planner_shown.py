"""The planner's page in words: two ways side by side, each message with what binds it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sop.enums import Channel
from sop.models import Touch, WeekPlan
from sop.policies.schedule import Place, Schedule
from sop.selectors.planned import Planned
from sop.selectors.planner import VALUE_FIRST, Week

if TYPE_CHECKING:
    from tenants.models import Tenant

ROWS = 300


@dataclass
class Way:
    """One way to carry the week out, in figures."""

    value: int
    sent: int
    moved: int
    replaced: int
    dropped: int
    people: int  # messages to one person each


@dataclass
class Outcome:
    """What becomes of one message by one way. `state`: sent, moved, replaced or dropped; `rule` and `why` say what
    binds it."""

    state: str
    at: datetime | None = None
    channel: str = ""
    rule: str = ""
    why: str = ""


@dataclass
class Row:
    """One message by both ways."""

    touch: Touch
    value: int
    people: int
    first: Outcome
    best: Outcome
    differs: bool

    @property
    def is_quiet(self) -> bool:
        """Whether it simply goes out at its own time by both ways."""
        return not self.differs and self.best.state == "sent"


@dataclass
class Shown:
    """The page. `rows`: what is not simply sent by both ways stands first, by time; at most 300."""

    first: Way
    best: Way
    rows: list[Row]
    hidden: int
    same: int

    @property
    def gain_percent(self) -> int | None:
        """How much more the planned week is worth than first come, first served; None where that is worth nothing."""
        first = self.first.value
        return round(100 * (self.best.value - first) / first) if first else None

    @property
    def told(self) -> list[Row]:
        """What moves, falls away or differs between the ways."""
        return [row for row in self.rows if not row.is_quiet]

    @property
    def quiet(self) -> list[Row]:
        """The rest of what is listed."""
        return [row for row in self.rows if row.is_quiet]


def planner_shown(*, tenant: "Tenant", planned: Planned) -> Shown:
    """Both ways of a plan in words. No query."""
    rows = [_row(planned, touch) for touch in planned.week.touches.values()]
    told = [one for one in rows if not one.is_quiet]
    rest = [one for one in rows if one.is_quiet]
    shown = [*told, *rest][:ROWS]
    return Shown(
        first=_way(rows, planned.first, "first"),
        best=_way(rows, planned.best, "best"),
        rows=sorted(shown, key=lambda row: (row.touch.due_at, row.touch.pk)),
        hidden=len(rows) - len(shown),
        same=len(rest),
    )


def plan_last(*, tenant: "Tenant", starts_on: date) -> WeekPlan | None:
    """The plan of that week in force, put there last."""
    rows = WeekPlan.objects.filter(tenant=tenant, starts_on=starts_on, undone_at=None)
    return rows.order_by("-made_at").first()


def _way(rows: list[Row], schedule: Schedule, name: str) -> Way:
    counts = dict.fromkeys(("sent", "moved", "replaced", "dropped"), 0)
    people = 0
    for row in rows:
        state = getattr(row, name).state
        counts[state] += 1
        people += 0 if state == "dropped" else row.people
    return Way(value=schedule.value, people=people, **counts)


def _row(planned: Planned, touch: Touch) -> Row:
    first, best = _outcome(planned, planned.first, touch), _outcome(planned, planned.best, touch)
    value = max((one.value for one in planned.wishes[touch.pk].options), default=0)
    differs = (first.state, first.at) != (best.state, best.at)
    return Row(touch, value, planned.week.people[touch.pk], first, best, differs)


def _outcome(planned: Planned, schedule: Schedule, touch: Touch) -> Outcome:
    slot, place = planned.slot(schedule, touch.pk), schedule.binding.get(touch.pk)
    rule, why = (place.rule, _why(planned.week, place)) if place is not None else ("", "")
    if slot is None:
        return Outcome("dropped", rule=rule, why=why)
    if slot.at != touch.due_at:
        return Outcome("moved", at=slot.at, rule=rule, why=why)
    if slot.channel != touch.channel:
        return Outcome("replaced", at=slot.at, channel=str(Channel(slot.channel).label), rule=rule, why=why)
    return Outcome("sent", at=slot.at)


def _why(week: Week, place: Place) -> str:
    """What is full, or what has to come first, in a few words."""
    if place.rule == VALUE_FIRST:
        return _("New people get something of value first")
    room = week.room.get(place)
    kind, _colon, number = place.owner.partition(":")
    day = f"{date.fromisoformat(place.period):%m-%d}" if place.period else ""
    if kind == "crowd":
        size = week.crowds[int(number)].size
        people = ngettext("%(n)s person", "%(n)s people", size) % {"n": size}
        had = _("%(people)s can get at most %(room)s") % {"people": people, "room": room}
        return f"{day} {had}".strip()
    if kind == "group":
        return f"{day} {_('the group can get at most %(room)s') % {'room': room}}"
    if kind == "staff":
        return f"{day} {_('the staff member has %(room)s minutes') % {'room': room}}"
    return ""
