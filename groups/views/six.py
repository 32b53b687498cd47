"""The six panels of a group's page (R24) for any range of days, and the people behind each of their figures."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from contacts.enums import BehaviourKind
from contacts.selectors.facts import kinds_told
from groups.enums import JoinScene
from groups.models import Group, Member
from groups.policies.plan import GroupPlan
from groups.policies.ranges import AHEAD, BACKWARD, PRESETS, TOO_LONG, UNREADABLE, Days, days_asked
from groups.selectors import followed_in, touches_of
from groups.selectors.chat import why_unknown
from groups.selectors.figures import (
    PART_KINDS,
    Book,
    Range,
    book_of,
    daily_activity,
    members_behind,
    members_of,
    net_of,
    range_between,
    rates_of,
    scenes_of,
)
from groups.selectors.panels import Touches, people_behind
from tenants import clock

_RATE_LABELS = {
    "active": gettext_lazy("Activity rate"),
    "part": gettext_lazy("Participation rate"),
    "left": gettext_lazy("Leave rate"),
}
_DID = (
    (BehaviourKind.RADAR, gettext_lazy("Viewed tracked content")),
    (BehaviourKind.PURCHASE_CLICK, gettext_lazy("Opened a purchase link")),
    (BehaviourKind.LIVE, gettext_lazy("Entered a live session")),
    (BehaviourKind.LESSON, gettext_lazy("Finished a lesson")),
    (BehaviourKind.ASSIGNMENT, gettext_lazy("Handed in an assignment")),
    (BehaviourKind.CHECKIN, gettext_lazy("Checked in")),
    (BehaviourKind.DRAW, gettext_lazy("Drew a prize")),
    (BehaviourKind.RED_PACKET, gettext_lazy("Took a red packet")),
)
_WRONG = {
    UNREADABLE: gettext_lazy("These are no days. The last 7 days are shown."),
    BACKWARD: gettext_lazy("The first day lies after the last. The last 7 days are shown."),
    AHEAD: gettext_lazy("The first day lies ahead. The last 7 days are shown."),
    TOO_LONG: gettext_lazy("At most 92 days at a time. The last 7 days are shown."),
}
_TOUCHED = {
    "touch-intended": gettext_lazy("To be reached"),
    "touch-reached": gettext_lazy("Reached"),
    "touch-group": gettext_lazy("Reached by group sends"),
    "touch-private": gettext_lazy("Reached by private sends"),
}
FOLLOWED = "followed"
_OWN = frozenset({BehaviourKind.RADAR, BehaviourKind.PURCHASE_CLICK})  # told by our own links: none is none


@dataclass(frozen=True)
class Figure:
    """The people behind one figure. `query` keeps the choice in the URL; `crew` is the group's staff, read along."""

    label: str
    member_ids: list[int]
    query: list[tuple[str, str]]
    crew: list[Member]


def days_of(request: Any) -> Days:
    """The days in the URL, in the tenant's zone."""
    today = clock.local_date(clock.now(), request.tenant.timezone)
    asked = request.GET
    return days_asked(
        days=asked.get("days", ""), first=asked.get("from", ""), last=asked.get("to", ""), today=today
    )


def _book(request: Any, group: Group, days: Days, active_hours: int) -> Book:
    zone = request.tenant.timezone
    chosen = range_between(first=days.first, last=days.last, zone=zone)
    return book_of(group=group, zone=zone, chosen=chosen, active_hours=active_hours)


def overview(request: Any, group: Group, facts: GroupPlan) -> dict[str, Any]:
    """What `groups/_six.html` shows."""
    days = days_of(request)
    book = _book(request, group, days, facts.limits.active_hours)
    scenes, before = scenes_of(book), book.range.before
    followed = _followed(group, book)
    zone = request.tenant.timezone
    points = daily_activity(book, zone=zone, within=book.range)
    told = _told(group, book)
    details = _details(book, told)
    counted = {(key, when): count for key, _label, cells in details for when, count in cells}
    touches, touches_before = _touches(group, book.range, before)
    return {
        "span": days, "ranges": PRESETS, "range_wrong": _WRONG.get(days.wrong, ""),
        "today": clock.local_date(clock.now(), zone),
        "before_first": clock.local_date(before.since, zone), "before_last": days.first - timedelta(days=1),
        "staff": book.crew,
        "customers": len(book.customers), "unknown_names": len(members_behind(book, "nameless", "ever")),
        "scenes": [
            *((scene, JoinScene(scene).label, scenes[scene]) for scene in JoinScene.values),
            *([("", _("Came by an unknown way"), scenes[""])] if scenes[""] else []),
        ],
        "details": details, "came": counted["joined", "range"], "went": counted["left", "range"],
        "rates": [
            (rate if rate.key != "part" or told & PART_KINDS else None, _RATE_LABELS[rate.key])
            for rate in rates_of(book)
        ],
        "net": net_of(book, book.range), "net_before": net_of(book, before),
        "net_change": net_of(book, book.range) - net_of(book, before),
        "chart": _chart(book, zone, points), "points": points,
        **_chat(group, book, facts),
        "orders_told": BehaviourKind.ORDER in told,
        "silent_kinds": any(kind not in told for kind, _label in _DID),
        "part": len(book.people(PART_KINDS, book.range)) if told & PART_KINDS else None,
        "did": [
            (kind.value, label, len(book.people([kind], book.range)), book.times([kind], book.range))
            if kind in told
            else (kind.value, label, None, None)
            for kind, label in _DID
        ],
        "touches": touches, "touch_change": _change(touches, touches_before),
        "followed": None if followed is None else (len(followed), sum(followed.values())),
        "range": book.range, "as_of": clock.now(),
        "compares": days.count > 1 or days.last < clock.local_date(clock.now(), zone),
    }  # fmt: skip


def _touches(group: Group, *spans: Range) -> list[Touches | None]:
    """The touch figures of each span; None while nobody provides them."""
    wanted = [(one.since, one.until) for one in spans]
    found = touches_of(tenant_id=group.tenant_id, group_id=group.pk, spans=wanted)
    return [None for _span in spans] if found is None else [*found]


def _change(now: Touches | None, before: Touches | None) -> float | None:
    """Percentage points of the share reached; None without both."""
    if now is None or before is None or now.share is None or before.share is None:
        return None
    return 100 * (now.share - before.share)


def _followed(group: Group, book: Book) -> dict[int, int] | None:
    return followed_in(
        tenant_id=group.tenant_id, customer_ids=book.customers, since=book.range.since, until=book.range.until
    )


def _told(group: Group, book: Book) -> set[str]:
    """The kinds of act that some source tells of: what nobody ever told is unknown, not zero (R116)."""
    wanted = {kind.value for kind in (*(kind for kind, _label in _DID), *PART_KINDS, BehaviourKind.ORDER)}
    seen = {one.kind for one in book.did} | {one.value for one in _OWN}
    if book.buyers["ever"]:
        seen.add(BehaviourKind.ORDER.value)
    return seen | kinds_told(tenant_id=group.tenant_id, kinds=wanted - seen)


def _details(book: Book, told: set[str]) -> list[tuple[str, Any, list[tuple[str, int | None]]]]:
    """Rows of the second panel: (key, label, [(when, people)]); None where no source tells."""

    def counted(key: str, when: str) -> int | None:
        is_untold = key == "buyers" and BehaviourKind.ORDER not in told
        return None if is_untold else len(members_behind(book, key, when))

    labels = (
        ("joined", pgettext("count of members", "Joined")),
        ("left", pgettext("count of members", "Left")),
        ("active", pgettext("count of members", "Active")),
        ("buyers", _("Paying")),
    )
    return [
        (key, label, [(when, counted(key, when)) for when in ("today", "range", "ever")])
        for key, label in labels
    ]


def _chat(group: Group, book: Book, facts: GroupPlan) -> dict[str, Any]:
    """Customer messages of the range; `chat` is None when this group is not heard, and `chat_why` says why not."""
    kinds = [BehaviourKind.MESSAGE]
    why_not, source = why_unknown(tenant_id=group.tenant_id, chat_id=group.chat_id, is_heard=facts.is_heard)
    seen = bool(book.people(kinds))
    before = book.times(kinds, book.range.before)
    figures = {
        "count": book.times(kinds, book.range),
        "people": len(book.people(kinds, book.range)),
        "change": book.times(kinds, book.range) - before,
    }
    return {"chat": figures if seen or not why_not else None, "chat_why": why_not, "chat_source": source}


def _chart(book: Book, zone: str, points: list[tuple[str, float | None]]) -> dict[str, Any] | None:
    """The activity rate by day, beside the time before; None for a single day or nobody to divide by."""
    if len(points) == 1 or not book.customers:
        return None
    before = daily_activity(book, zone=zone, within=book.range.before)[: len(points)]
    return {
        "legend": {"show": True},
        "xAxis": {"type": "category", "boundaryGap": False, "data": [day for day, _value in points]},
        "yAxis": {"type": "value", "axisLabel": {"formatter": "{value}%"}},
        "series": [_series(_("These days"), points), _series(_("The days before"), before, is_past=True)],
    }


def _series(
    name: str, points: Iterable[tuple[str, float | None]], *, is_past: bool = False
) -> dict[str, Any]:
    style: dict[str, Any] = {"lineStyle": {"type": "dashed"}, "showSymbol": False} if is_past else {}
    data = [None if value is None else round(100 * value, 1) for _day, value in points]
    return {"name": name, "type": "line", "data": data, **style}


# --- The people behind one figure


def figure_asked(request: HttpRequest, group: Group, facts: GroupPlan) -> Figure | None:
    """The figure in the URL (`people`, `when`, and the days); None when none is asked for."""
    key, when = request.GET.get("people", ""), request.GET.get("when", "range")
    if not key:
        return None
    days = days_of(request)
    book = _book(request, group, days, facts.limits.active_hours)
    rows = _rows_behind(group, book, key, when)
    query = [("people", key), ("when", when), *(one.split("=", 1) for one in days.query.split("&"))]
    people = people_behind(key)
    label = people.label(group, key) if people else _label(key, when, days)
    return Figure(label, [row.pk for row in rows], [(name, value) for name, value in query], book.crew)


def _rows_behind(group: Group, book: Book, key: str, when: str) -> list[Any]:
    if (people := people_behind(key)) is not None:
        return members_of(book, people.find(group, key))
    if key in _TOUCHED:
        (touches,) = _touches(group, book.range)
        return members_of(book, touches.people.get(key.removeprefix("touch-"), ()) if touches else ())
    if key == FOLLOWED:
        return members_of(book, _followed(group, book) or ())
    return members_behind(book, key, when)


def _label(key: str, when: str, days: Days) -> str:
    """What the shown people have in common, in words."""
    names = {
        "joined": pgettext("count of members", "Joined"),
        "left": pgettext("count of members", "Left"),
        "active": pgettext("count of members", "Active"),
        "buyers": _("Paying"),
        "part": _("Took part"),
        "start": _("In the group when the range began"),
        "nameless": _("Without a name"),
        FOLLOWED: _("Followed up"),
        **{f"scene-{scene.value}": scene.label for scene in JoinScene},
        "scene-": _("Came by an unknown way"),
        **{kind.value: kind.label for kind in BehaviourKind},
        **_TOUCHED,
    }  # fmt: skip
    if key in ("nameless", "start") or key.startswith("scene-"):
        return str(names.get(key, key))
    between = f"{days.first:%Y-%m-%d} – {days.last:%Y-%m-%d}" if days.count > 1 else f"{days.first:%Y-%m-%d}"
    times = {"today": _("today"), "range": between, "lately": _("in the last days"), "ever": _("so far")}
    return f"{names.get(key, key)} · {times.get(when, when)}"
