"""The two ways in (R30), pure: which one somebody took, by the order of events, and how far each way carries people.

A: advertisement, scan to join a group, add a friend, nurture, first basic SKU.
B: advertisement, add a friend, invited to a group, nurture, first basic SKU.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from contacts.enums import PathStep, WayIn

STEPS: Final[dict[str, tuple[PathStep, ...]]] = {
    WayIn.GROUP_FIRST: (PathStep.JOINED, PathStep.FRIEND, PathStep.NURTURED, PathStep.BOUGHT),
    WayIn.FRIEND_FIRST: (PathStep.FRIEND, PathStep.JOINED, PathStep.NURTURED, PathStep.BOUGHT),
}


@dataclass(frozen=True, slots=True)
class Walk:
    """One person's way: when each step was taken first (None: not on record), whether the advertisement or code is
    known, and the way that somebody set by hand ("" for none)."""

    person_id: int
    joined_at: datetime | None
    friend_at: datetime | None
    nurtured_at: datetime | None
    bought_at: datetime | None
    has_source: bool = False
    set_to: str = ""

    def at(self, step: str) -> datetime | None:
        return {
            PathStep.JOINED: self.joined_at,
            PathStep.FRIEND: self.friend_at,
            PathStep.NURTURED: self.nurtured_at,
            PathStep.BOUGHT: self.bought_at,
        }[PathStep(step)]


def way_of(walk: Walk) -> str:
    """The way set by hand, else the one that the order of the first two events tells; "" when nothing tells it.

    Who did only one of the two so far is on the way that begins with it. Both in the same second tell nothing.
    """
    if walk.set_to:
        return walk.set_to
    joined, friend = walk.joined_at, walk.friend_at
    if (joined is None and friend is None) or joined == friend:
        return ""
    if friend is None or (joined is not None and joined < friend):
        return WayIn.GROUP_FIRST
    return WayIn.FRIEND_FIRST


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a way: who took it, out of how many on that way, and the median seconds since the step before."""

    step: PathStep
    person_ids: tuple[int, ...]
    out_of: int
    median_s: float | None

    @property
    def rate(self) -> float | None:
        return len(self.person_ids) / self.out_of if self.out_of else None


def funnel(walks: Sequence[Walk], way: str) -> list[Step]:
    """The steps of one way over everybody on it. A step counts for who took it, whatever lies before."""
    mine = [one for one in walks if way_of(one) == way]
    made = []
    for number, step in enumerate(STEPS[way]):
        there = tuple(one.person_id for one in mine if one.at(step) is not None)
        waits = _waits(mine, STEPS[way][:number], step)
        made.append(Step(step, there, len(mine), median(waits) if waits else None))
    return made


def _waits(walks: Iterable[Walk], before: Sequence[PathStep], step: PathStep) -> list[float]:
    """Seconds from the latest earlier step on record to this one; who took it before that one is left out."""
    found = []
    for one in walks:
        at, earlier = one.at(step), [when for each in before if (when := one.at(each)) is not None]
        if at is not None and earlier and at >= max(earlier):
            found.append((at - max(earlier)).total_seconds())
    return found
