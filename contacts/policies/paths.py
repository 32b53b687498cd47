"""The two ways in (R30), pure: which one somebody took, by the order of events.

A: advertisement, scan to join a group, add a friend, nurture, first basic SKU.
B: advertisement, add a friend, invited to a group, nurture, first basic SKU.
"""

from dataclasses import dataclass
from datetime import datetime
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
