"""How a group code fills, pure: where people land, how many seats are left, when it is full, whom to tell."""

from collections.abc import Sequence
from dataclasses import dataclass

WINDOW_H = 72.0  # the joins of the last three days say how fast it goes
LEAST_JOINS = 5
LEAST_HOURS = 6.0


@dataclass(frozen=True)
class Room:
    """One group behind a code. `members` counts everyone in it; None: we have not read the group yet."""

    chat_id: str
    seats: int
    members: int | None
    is_open: bool = True  # not dissolved

    @property
    def left(self) -> int:
        """Seats left; 0 when it is full, dissolved, or not known."""
        return max(0, self.seats - self.members) if self.is_open and self.members is not None else 0


def filling_now(rooms: Sequence[Room]) -> Room | None:
    """The first group with room: where the next person lands. None: all are full."""
    return next((one for one in rooms if one.left), None)


def chat_ids_open(rooms: Sequence[Room]) -> list[str]:
    """The groups WeCom should let people into: those with seats left, in order.

    When none has, the last one stays: a code must lead somewhere, and WeCom opens the next group from it.
    """
    wanted = [one.chat_id for one in rooms if one.left or (one.is_open and one.members is None)]
    alive = [one.chat_id for one in rooms if one.is_open] or [one.chat_id for one in rooms]
    return wanted or alive[-1:]


@dataclass(frozen=True)
class Forecast:
    """When the seats end. `hours` None: too little is known to say; `joins` in `over_h` hours are the basis."""

    left: int
    joins: int
    over_h: float
    hours: float | None

    @property
    def days(self) -> float | None:
        return None if self.hours is None else self.hours / 24


def forecast(*, left: int, joins: int, over_h: float) -> Forecast:
    """`joins` people entered in the last `over_h` hours (at most WINDOW_H); leavers are not counted.

    With fewer than LEAST_JOINS joins or LEAST_HOURS hours nobody can tell, unless it is full already.
    """
    if left <= 0:
        return Forecast(0, joins, over_h, 0.0)
    if joins < LEAST_JOINS or over_h < LEAST_HOURS:
        return Forecast(left, joins, over_h, None)
    return Forecast(left, joins, over_h, left / (joins / over_h))


def alert_code(seen: Forecast, *, least_left: int, least_h: int) -> str:
    """The rule that says somebody must act: CODE-10 full, CODE-11 few seats, CODE-12 full soon; "" none."""
    if seen.left <= 0:
        return "CODE-10"
    if seen.left < least_left:
        return "CODE-11"
    if seen.hours is not None and seen.hours < least_h:
        return "CODE-12"
    return ""


def next_room_name(base: str, number: int) -> str:
    """What WeCom will call the next group it opens."""
    return f"{base}{number}"


def is_room_of(name: str, base: str) -> bool:
    """Whether a group's name is one that WeCom gives to groups it opens for this code."""
    return bool(base) and name.startswith(base) and name[len(base) :].isdecimal()
