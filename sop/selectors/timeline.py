"""A version as the editor shows it: phases, days, morning / noon / evening, with each day's load."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import time
from typing import Any

from sop.enums import Anchor, Channel
from sop.models import Step, Version
from sop.policies import plan
from sop.selectors.templates import limits_for, step_list, version_diff

NOON_FROM, EVENING_FROM = time(11), time(17)
SLOTS = (("morning", time(8)), ("noon", time(12)), ("evening", time(20)))
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


def day_bars(messages: dict[int, int], last: int, limit: int) -> list[Bar]:
    """A column a day; four messages fill the height."""
    heights = {day: 10 * min(messages.get(day, 0), 4) for day in range(1, last + 1)}
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


def slot_of(at: time) -> int:
    """0 morning, 1 noon, 2 evening."""
    return 0 if at < NOON_FROM else 1 if at < EVENING_FROM else 2


def timeline(*, version: Version) -> Timeline:
    """The whole version; steps carry `shown_at`, `icon` and `change` for the template."""
    steps = step_list(version=version)
    planned = {one.pk: one.to_plan(offer_day=version.offer_day, offer_at=version.offer_at) for one in steps}
    loads = plan.load_by_day(planned.values())
    limit = limits_for(version.tenant_id).messages_a_day
    changes = {one.step.key: one.kind for one in version_diff(version=version)}
    cells: dict[int, list[list[Step]]] = defaultdict(lambda: [[], [], []])
    joins = []
    for step in steps:
        place = planned[step.pk]
        step.icon = CHANNEL_ICONS[Channel(step.channel)]  # type: ignore[attr-defined]
        step.change = changes.get(step.key, "")  # type: ignore[attr-defined]
        step.shown_at = place.at  # type: ignore[attr-defined]
        if place.day is None or place.at is None:
            joins.append(step)
        else:
            cells[place.day][slot_of(place.at)].append(step)
    last_day = version.days + version.after_days
    bands = [_band(one, version, cells, loads, limit) for one in version.phases]
    return Timeline(
        bands=bands,
        joins=joins,
        channels=_channels(steps),
        steps=len(steps),
        last_day=last_day,
        bars=day_bars({day: load.messages for day, load in loads.items()}, last_day, limit),
        limit=limit,
    )


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
    """A rectangle of the phase strip, in percent of its width."""

    name: str
    first: int
    last: int
    x: str
    width: str


@dataclass(frozen=True)
class Flag:
    """A first, peak or end mark under the phase strip."""

    title: str
    mark: str
    x: str


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
        )
        for one in version.phases
    ]
    flags = [
        Flag(step.title, step.get_mark_display(), f"{100 * (step.day - 0.5) / total:.2f}%")
        for step in steps
        if step.mark and step.anchor == Anchor.RUN_START and step.day
    ]
    return blocks, flags
