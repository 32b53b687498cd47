"""Which milestones a group has reached, and whether the bait is weak (R83). Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from campaigns.enums.milestones import LARGE_EVERY, SMALL_EVERY, MilestoneKind

Times = Iterable[tuple[int, datetime, datetime | None]]


def kind_of(threshold: int) -> MilestoneKind:
    """At a multiple of 100 the large red packet replaces the small one."""
    return MilestoneKind.LARGE if threshold % LARGE_EVERY == 0 else MilestoneKind.SMALL


def next_of(most: int) -> int:
    """The milestone that comes next where so many sat in the group at once."""
    return (most // SMALL_EVERY + 1) * SMALL_EVERY


def is_weak(*, unit_fen: int, weak_yuan: int) -> bool:
    """Whether what one person gets is too little to stay for."""
    return unit_fen < weak_yuan * 100


@dataclass(frozen=True)
class Filled:
    """How a group filled while a campaign ran. `here`: its people at the end of the span, `most`: at once, at any time
    of it or before; `reached`: [(milestone, when)]."""

    here: int
    most: int
    reached: tuple[tuple[int, datetime], ...]


def filled(times: Times, *, since: datetime, until: datetime) -> Filled:
    """How a group filled in [since, until) by [(person, joined, left or None)].

    A person is one, by however many records and returns. What was reached before the span, or is reached a second
    time, is no milestone of it: only more people at once than ever before are.
    """
    spells = [
        (person, joined, left)
        for person, joined, left in times
        if joined < until and (left is None or left > joined)
    ]
    steps = [(joined, 1, person) for person, joined, _left in spells]
    steps += [(left, -1, person) for person, _joined, left in spells if left is not None and left < until]
    inside: Counter[int] = Counter()
    here = most = 0
    reached = []
    for at, step, person in sorted(steps):
        was_inside = inside[person] > 0
        inside[person] += step
        here += (inside[person] > 0) - was_inside
        if here > most:
            most = here
            if at >= since and most % SMALL_EVERY == 0:
                reached.append((most, at))
    return Filled(here, most, tuple(reached))


def was_there(spells: Iterable[tuple[datetime, datetime | None]], at: datetime) -> bool:
    """Whether somebody with these times in a group sat there at a moment, the one who just came included."""
    return any(joined <= at and (left is None or left > at) for joined, left in spells)
