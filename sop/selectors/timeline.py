"""A version as the editor shows it: phases, days, morning / noon / evening, with each day's load."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from sop.enums import Anchor, Channel, Link
from sop.models import Step, Version
from sop.policies import plan
from sop.policies.slots import slot_of
from sop.selectors.templates import StepChange, limits_for, order_key
from sop.selectors.titles import step_when, when_names

CHANNEL_ICONS = {
    Channel.GROUP_FORWARD: "users-group",
    Channel.GROUP_MASS: "speakerphone",
    Channel.PRIVATE_MASS: "message-circle",
    Channel.STAFF_TASK: "message-dots",
    Channel.MOMENTS: "aperture",
    Channel.CALL: "phone",
    Channel.SMS: "device-mobile-message",
    Channel.OFFICIAL: "news",
    Channel.INTERNAL: "clipboard-list",
}


@dataclass(frozen=True)
class Bar:
    """One column of a small chart: place and width in percent of it, height in units of its 40."""

    day: int
    count: int
    x: str
    width: str
    y: int
    height: int
    is_over: bool


def day_bars(messages: dict[int, int], last: int, limit: int, *, full: int = 4) -> list[Bar]:
    """A column a day; `full` messages, or whatever else is counted, fill the height."""
    heights = {day: round(40 * min(messages.get(day, 0), full) / full) for day in range(1, last + 1)}
    return [
        Bar(
            day=day,
            count=messages.get(day, 0),
            x=f"{100 * (day - 1) / last:.2f}%",
            width=f"{80 / last:.2f}%",
            y=40 - height,
            height=height,
            is_over=messages.get(day, 0) > limit,
        )
        for day, height in heights.items()
    ]


@dataclass
class Day:
    """One camp day. `cells` are morning, noon, evening; `label` is 17, or +2 after the end."""

    number: int
    label: str
    cells: list[list[Step]]
    messages: int
    minutes: int
    is_over: bool


@dataclass
class Band:
    """One phase with its days."""

    key: str
    name: str
    note: str
    first: int
    last: int
    days: list[Day]
    steps: int
    is_open: bool
    takes_steps: bool = True  # days that no phase holds and no step may be put on show what stands there


@dataclass(frozen=True)
class Load:
    """One small chart over the days: the highest figure against the limit. `line` is the limit's height in its 40."""

    name: str
    bars: list[Bar]
    most: int
    day: int
    limit: int
    line: float

    @property
    def is_over(self) -> bool:
        return self.most > self.limit


@dataclass(frozen=True)
class Timeline:
    """`joins` are steps that wait for a member; `channels` are (channel, label, icon, count)."""

    bands: list[Band]
    joins: list[Step]
    channels: list[tuple[str, str, str, int]]
    steps: int
    last_day: int
    bars: list[Bar]
    limit: int
    loads: list[Load]


def timeline(
    *, version: Version, steps: list[Step], changes: list[StepChange], faults: frozenset[str] = frozenset()
) -> Timeline:
    """The whole version; steps carry `shown_at`, `icon`, `change`, `is_movable` and `is_bad` for the template.

    `faults`: keys of steps that keep the version from being published. What was taken out since the version before
    stands where it was, with the change "gone".
    """
    gone = [one.step for one in changes if one.kind == "gone"]
    planned = {one.pk: one.to_plan(offer_day=version.offer_day, offer_at=version.offer_at) for one in steps}
    loads = plan.load_by_day(planned.values())
    limits = limits_for(version.tenant_id)
    limit = limits.messages_a_day
    known = {one.step.key: one.kind for one in changes}
    cells: dict[int, list[list[Step]]] = defaultdict(lambda: [[], [], []])
    joins = []
    names = when_names([*steps, *gone])
    for step in sorted([*steps, *gone], key=lambda one: order_key(version, one)):
        place = planned.get(step.pk) or step.to_plan(offer_day=version.offer_day, offer_at=version.offer_at)
        step.icon = CHANNEL_ICONS[Channel(step.channel)]  # type: ignore[attr-defined]
        step.change = known.get(step.key, "")  # type: ignore[attr-defined]
        step.shown_at = place.at  # type: ignore[attr-defined]
        step.when = step_when(step, names) if place.day is None else ""  # type: ignore[attr-defined]
        step.is_movable = step.anchor == Anchor.RUN_START and step.change != "gone"  # type: ignore[attr-defined]
        step.is_bad = step.key in faults  # type: ignore[attr-defined]
        if place.day is None or place.at is None:
            joins.append(step)
        else:
            cells[place.day][slot_of(place.at)].append(step)
    last_day = version.days + version.after_days
    phases = sorted([*version.phases, *_outside(version, cells)], key=lambda one: one["first"])
    bands = [_band(one, version, cells, loads, limit) for one in phases]
    return Timeline(
        bands=bands,
        joins=joins,
        channels=_channels(steps),
        steps=len(steps),
        last_day=last_day,
        bars=day_bars({day: load.messages for day, load in loads.items()}, last_day, limit),
        limit=limit,
        loads=_loads(loads, last_day, limits),
    )


def _loads(loads: dict[int, plan.DayLoad], last_day: int, limits: plan.Limits) -> list[Load]:
    """Messages a person, minutes of whoever runs several groups, mass sends a group: each against its limit."""
    each = limits.groups_each
    return [
        _load("messages", {day: one.messages for day, one in loads.items()}, last_day, limits.messages_a_day),
        _load(
            "minutes",
            {day: one.minutes * each for day, one in loads.items()},
            last_day,
            limits.staff_minutes_a_day,
        ),
        _load("mass", {day: one.mass for day, one in loads.items()}, last_day, limits.mass_a_group_and_day),
    ]


def _load(name: str, figures: dict[int, int], last_day: int, limit: int) -> Load:
    day = max(figures, key=lambda one: figures[one], default=0)
    most = figures.get(day, 0)
    full = max(most, limit, 1)
    return Load(
        name=name,
        bars=day_bars(figures, last_day, limit, full=full),
        most=most,
        day=day,
        limit=limit,
        line=40 - 40 * limit / full,
    )


def _outside(version: Version, days: Iterable[int]) -> list[dict[str, Any]]:
    """Bands for what no phase holds: days before the first with a step, gaps between phases, days past the end."""
    last = version.days + version.after_days
    held = {day for one in version.phases for day in range(one["first"], one["last"] + 1)}
    filled = sorted(day for day in days if day not in held)
    early, late = [day for day in filled if day < 1], [day for day in filled if day > last]
    found = []
    if early:
        found.append(
            {"key": "early", "name": _("Before the first day"), "note": "", "first": early[0], "last": 0}
        )
    for first, stop in _gaps(day for day in range(1, last + 1) if day not in held):
        found.append(
            {"key": f"gap{first}", "name": _("In no phase"), "note": "", "first": first, "last": stop}
        )
    if late:
        found.append(
            {"key": "late", "name": _("After the end"), "note": "", "first": last + 1, "last": late[-1]}
        )
    return found


def _gaps(days: Iterable[int]) -> list[tuple[int, int]]:
    """(first, last) of each stretch of days that follow one another."""
    found: list[tuple[int, int]] = []
    for day in days:
        if found and found[-1][1] == day - 1:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def _band(
    phase: dict[str, Any],
    version: Version,
    cells: dict[int, list[list[Step]]],
    loads: dict[int, plan.DayLoad],
    limit: int,
) -> Band:
    days = []
    for number in range(phase["first"], phase["last"] + 1):
        load = loads.get(number, plan.DayLoad(0, 0, 0))
        label = f"+{number - version.days}" if number > version.days else str(number)
        label = label if number >= 1 else f"−{1 - number}"
        days.append(Day(number, label, cells[number], load.messages, load.minutes, load.messages > limit))
    return Band(
        key=phase["key"],
        name=phase["name"],
        note=phase["note"],
        first=phase["first"],
        last=phase["last"],
        days=days,
        steps=sum(len(cell) for day in days for cell in day.cells),
        is_open=True,
        takes_steps=phase["key"] not in ("early", "late"),
    )


def _channels(steps: list[Step]) -> list[tuple[str, str, str, int]]:
    found = Counter(step.channel for step in steps)
    return [
        (channel, str(Channel(channel).label), CHANNEL_ICONS[Channel(channel)], found[channel])
        for channel in Channel.values
        if found[channel]
    ]


@dataclass(frozen=True)
class Block:
    """A rectangle of the phase strip, in percent of its width. `is_narrow`: on a phone its name would not fit."""

    name: str
    first: int
    last: int
    x: str
    width: str
    is_narrow: bool = False


def link_strip(version: Version, steps: list[Step]) -> list[Block]:
    """The five links of a bootcamp (R42) over its days: each from its first step to its last. Empty without links."""
    total = version.days + version.after_days
    days: dict[int, list[int]] = defaultdict(list)
    for step in steps:
        if step.link:
            planned = step.to_plan(offer_day=version.offer_day, offer_at=version.offer_at)
            days[step.link].append(min(max(planned.day or 1, 1), total))
    return [
        Block(
            name=str(Link(link).label),
            first=min(found),
            last=max(found),
            x=f"{100 * (min(found) - 1) / total:.2f}%",
            width=f"{max(100 * (max(found) - min(found) + 1) / total - 0.25, 0.5):.2f}%",
        )
        for link, found in sorted(days.items())
        if link in Link.values
    ]


@dataclass(frozen=True)
class Flag:
    """A first, peak or end mark under the phase strip."""

    title: str
    mark: str
    x: str


_PHONE_PX = 358  # what a strip is wide on a phone of 390
_WIDE_CHARACTERS = "\u2e80"  # from here on a character is as wide as it is high


def _text_px(name: str) -> int:
    """How wide a phase's name is in the strip, with a little room to the next."""
    return sum(14 if one >= _WIDE_CHARACTERS else 8 for one in name) + 6


def phase_strip(version: Version, steps: list[Step]) -> tuple[list[Block], list[Flag]]:
    """What the phase strip draws."""
    total = version.days + version.after_days
    blocks = [
        Block(
            name=one["name"],
            first=one["first"],
            last=one["last"],
            x=f"{100 * (one['first'] - 1) / total:.2f}%",
            width=f"{max(100 * (one['last'] - one['first'] + 1) / total - 0.25, 0.5):.2f}%",
            is_narrow=_PHONE_PX * (one["last"] - one["first"] + 1) / total < _text_px(one["name"]),
        )
        for one in version.phases
    ]
    flags = [
        Flag(step.title, step.get_mark_display(), f"{100 * (step.day - 0.5) / total:.2f}%")
        for step in steps
        if step.mark and step.anchor == Anchor.RUN_START and step.day
    ]
    return blocks, flags
