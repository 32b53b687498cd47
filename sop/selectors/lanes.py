"""Lanes over the calendar: what goes on whatever group one looks at. An upper app adds its own (R50, R79)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, When
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _n

from console import formats
from console.shell import tenant_url
from groups.enums import IncidentState
from groups.selectors.incidents import incident_list
from sop.enums import HIDDEN_KINDS, Anchor, EventState, RunState
from sop.enums.calendar import FestivalKind
from sop.models import Run, Touch, ValueEvent
from sop.policies.festivals import festivals_between
from tenants import clock
from wecom.selectors import own_days

if TYPE_CHECKING:
    from tenants.models import Tenant

LINES = 6  # of a lane that is not opened
OFFER_END_NAMES = ("{优惠截止}", "{offer ends}")
_ICONS = {
    FestivalKind.FESTIVAL: "calendar-heart",
    FestivalKind.TERM: "leaf",
    FestivalKind.SALE: "shopping-cart",
}


@dataclass(frozen=True)
class Bar:
    """One thing on a lane, from day to day, both included. `tone`: "", "offer", "event" or "bad"."""

    first: date
    last: date
    label: Any
    icon: str
    note: str = ""
    tone: str = ""
    url: str = ""
    title: str = ""


@dataclass(frozen=True)
class Lane:
    """A lane as it is drawn: lines of (bar or None, how many days wide); every line fills the week. `bars`: those on
    the lines; `more`: how many others go on in the week."""

    key: str
    label: Any
    lines: list[list[tuple[Bar | None, int]]]
    bars: list[Bar]
    more: int = 0


LaneSource = Callable[..., Iterable[Bar]]


@dataclass(order=True)
class _Registered:
    order: int
    key: str
    label: Any = field(compare=False)
    source: LaneSource = field(compare=False)


_lanes: dict[str, _Registered] = {}


def register_lane(*, key: str, label: Any, source: LaneSource, order: int = 100) -> None:
    """Add a lane: `source(tenant=, first=, last=) -> bars` that touch the days [first, last], tenant's zone.

    The same key again replaces it. A source should need one query, two at most: the page has a budget.
    """
    _lanes[key] = _Registered(order, key, label, source)


def lanes_of(*, tenant: "Tenant", days: list[date], opened: str = "") -> list[Lane]:
    """The lanes of a week that hold anything, in their order. A lane with very much on it shows a few lines of what
    began last, unless it is the one that is `opened`: groups stand below the lanes, and are what the page is for."""
    found = []
    for one in sorted(_lanes.values()):
        bars = sorted(
            one.source(tenant=tenant, first=days[0], last=days[-1]), key=lambda bar: (bar.first, bar.last)
        )
        if bars:
            found.append(_lane(one, bars, days, is_open=one.key == opened))
    return found


def _lane(one: _Registered, bars: list[Bar], days: list[date], *, is_open: bool) -> Lane:
    lines = lines_of(bars, days)
    if is_open or len(lines) <= LINES:
        return Lane(one.key, one.label, lines, bars)
    latest = sorted(bars, key=lambda bar: (bar.first, bar.last), reverse=True)
    shown = sorted(_on_lines(latest, days), key=lambda bar: (bar.first, bar.last))
    return Lane(one.key, one.label, lines_of(shown, days), shown, len(bars) - len(shown))


def _on_lines(bars: list[Bar], days: list[date]) -> list[Bar]:
    """As many of the first bars as LINES lines hold."""
    held = next((n for n in range(1, len(bars) + 1) if len(lines_of(bars[:n], days)) > LINES), len(bars) + 1)
    return bars[: held - 1]


def lines_of(bars: Iterable[Bar], days: list[date]) -> list[list[tuple[Bar | None, int]]]:
    """Bars laid side by side on as few lines as hold them, cut at the ends of the week."""
    lines: list[list[tuple[Bar | None, int]]] = []
    filled: list[int] = []
    for bar in bars:
        start = max(0, (bar.first - days[0]).days)
        end = min(len(days), (bar.last - days[0]).days + 1)
        at = next((number for number, used in enumerate(filled) if used <= start), None)
        if at is None:
            at = len(lines)
            lines.append([])
            filled.append(0)
        lines[at] += [(None, 1)] * (start - filled[at])
        lines[at].append((bar, end - start))
        filled[at] = end
    for line, used in zip(lines, filled, strict=True):
        line += [(None, 1)] * (len(days) - used)
    return lines


def festivals_lane(*, tenant: "Tenant", first: date, last: date) -> list[Bar]:
    return [
        Bar(
            one.first,
            one.last,
            one.festival.label,
            _ICONS[FestivalKind(one.festival.kind)],
            title=one.festival.both,
        )
        for one in festivals_between(first, last)
    ]


def with_opening(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Runs, each with `offer_opens_at`: when the first message that names the offer's end is planned; None: none."""
    names = Q(step__anchor=Anchor.OFFER_END)
    for name in OFFER_END_NAMES:
        names |= Q(step__text__contains=name)
    first = Touch.objects.filter(names, tenant=OuterRef("tenant"), run=OuterRef("pk")).order_by("planned_at")
    opens = Case(
        When(offer_ends_at__isnull=False, then=Subquery(first.values("planned_at")[:1])), default=None
    )
    return runs.annotate(offer_opens_at=opens)


def offers_lane(*, tenant: "Tenant", first: date, last: date) -> list[Bar]:
    """Countdown windows of runs: from the first message that names the offer's end until that end."""
    since = clock.day_bounds(first, tenant.timezone)[0]
    until = clock.day_bounds(last + timedelta(days=30), tenant.timezone)[1]
    runs = (
        Run.objects.filter(tenant=tenant, offer_ends_at__gte=since, offer_ends_at__lt=until)
        .exclude(state=RunState.CANCELLED)
        .exclude(version__template__kind__in=HIDDEN_KINDS)
        .order_by("offer_ends_at", "pk")
    )
    found = []
    for run in with_opening(runs):
        ends_at = run.offer_ends_at or clock.now()
        opens_at = run.offer_opens_at or ends_at  # type: ignore[attr-defined]
        start, end = (clock.local(one, tenant.timezone) for one in (opens_at, ends_at))
        if start.date() > last:
            continue
        label = run.product_title or _("Offer of %(run)s") % {"run": run.name}
        found.append(
            Bar(
                start.date(), end.date(), label, "ticket", f"{_said(start)} – {_said(end)}", "offer",
                tenant_url(tenant, "sop:run", pk=run.pk), run.name,
            )
        )  # fmt: skip
    return found


def _said(at: datetime) -> str:
    return f"{formats.day(at, get_language() or '')} {at:%H:%M}"


def events_lane(*, tenant: "Tenant", first: date, last: date) -> list[Bar]:
    """Value events that go on in the week."""
    since = clock.day_bounds(first, tenant.timezone)[0]
    until = clock.day_bounds(last, tenant.timezone)[1]
    rows = ValueEvent.objects.filter(
        tenant=tenant, state=EventState.OPEN, starts_at__lt=until, ends_at__gt=since
    ).order_by("starts_at", "pk")
    found = []
    for row in rows:
        start, end = (clock.local(one, tenant.timezone) for one in (row.starts_at, row.ends_at))
        found.append(
            Bar(
                start.date(), end.date(), row.title, "microphone-2", f"{start:%H:%M} – {end:%H:%M}", "event",
                tenant_url(tenant, "sop:event", pk=row.pk), str(row.get_kind_display()),
            )
        )  # fmt: skip
    return found


_OWN = {"single": (_n("Own mass send to people"), "messages"), "moment": (_n("Moments"), "photo")}


def own_lane(*, tenant: "Tenant", first: date, last: date) -> list[Bar]:
    """What colleagues sent by themselves to people or in Moments: it takes places of their days. Of groups it stands in
    their cells."""
    found = []
    for one in own_days(
        tenant_id=tenant.pk, zone=tenant.timezone, since=clock.day_bounds(first, tenant.timezone)[0],
        until=clock.day_bounds(last, tenant.timezone)[1],
    ):  # fmt: skip
        label, icon = _OWN[one.kind]
        said = _("%(sends)s sent to %(people)s") % {"sends": one.sends, "people": one.people}
        found.append(
            Bar(one.day, one.day, label, icon, said, title=_("Sent by colleagues themselves in WeCom"))
        )
    return found


def incidents_lane(*, tenant: "Tenant", first: date, last: date) -> list[Bar]:
    """Incidents that freeze groups, from their opening until they are closed; drills are no part of it."""
    since = clock.day_bounds(first, tenant.timezone)[0]
    until = clock.day_bounds(last, tenant.timezone)[1]
    rows = incident_list(tenant_id=tenant.pk).filter(
        Q(closed_at=None) | Q(closed_at__gte=since), is_drill=False, opened_at__lt=until
    )
    today = clock.local_date(clock.now(), tenant.timezone)
    found = []
    for row in rows:
        begun = clock.local_date(row.opened_at, tenant.timezone)
        ended = clock.local_date(row.closed_at, tenant.timezone) if row.closed_at else max(today, begun)
        if ended < first or row.state == IncidentState.DISMISSED:
            continue
        note = _("sends frozen") if row.frozen_at and not row.closed_at else ""
        url = tenant_url(tenant, "groups:incident", pk=row.pk)
        found.append(Bar(begun, ended, row.title, "snowflake", note, "bad", url))
    return found
