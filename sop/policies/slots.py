"""Morning, noon and evening of a camp day, pure."""

from datetime import time

NOON_FROM, EVENING_FROM = time(11), time(17)
# When a step is put that comes from another part of the day.
SLOT_TIMES = (time(8, 30), time(12), time(20))


def slot_of(at: time) -> int:
    """0 morning, 1 noon, 2 evening."""
    return 0 if at < NOON_FROM else 1 if at < EVENING_FROM else 2


def time_in(slot: int, at: time | None) -> time:
    """The time of a step that is put into this part of the day: its own when that lies in it."""
    return at if at is not None and slot_of(at) == slot else SLOT_TIMES[slot]
