"""Value events as rules: when who is reminded, who may sign up, what came of it (R64). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Door(StrEnum):
    """What the phone page offers a visitor now."""

    OPEN = "open"
    SIGNED = "signed"
    FULL = "full"
    OVER = "over"
    CANCELLED = "cancelled"


def door(
    *,
    now: datetime,
    ends_at: datetime,
    is_cancelled: bool,
    is_signed: bool,
    signed: int,
    capacity: int | None,
) -> Door:
    """Called off goes before over, over before signed, signed before full: a seat taken is never taken away."""
    if is_cancelled:
        return Door.CANCELLED
    if now >= ends_at:
        return Door.OVER
    if is_signed:
        return Door.SIGNED
    return Door.FULL if capacity is not None and signed >= capacity else Door.OPEN


@dataclass(frozen=True)
class Outcome:
    """What came of an event, distinct customers. None: not known (yet)."""

    invited: int
    signed: int
    came: int | None
    walked_in: int | None  # came without signing up
    replayed: int | None
    replied: int | None
    brought: int | None  # joined a group by the invitation of somebody who came
    new_friends: int | None

    @property
    def came_rate(self) -> float | None:
        """Those who came of those who signed up; people who walked in do not raise it."""
        if self.came is None or self.walked_in is None or not self.signed:
            return None
        return (self.came - self.walked_in) / self.signed


def pairs(talk: Iterable[tuple[int, datetime]], *, within_s: int) -> set[tuple[int, int]]:
    """Pairs of members who spoke one right after the other within so many seconds: {(lower id, higher id)}.

    `talk`: (customer, when) of one group by time. Who speaks twice in a row makes no pair.
    """
    found: set[tuple[int, int]] = set()
    before: tuple[int, datetime] | None = None
    for who, at in talk:
        if before is not None and before[0] != who and (at - before[1]).total_seconds() <= within_s:
            found.add((min(who, before[0]), max(who, before[0])))
        before = (who, at)
    return found
