"""On which days groups may change hands: WeCom gives one new owner so many a day; pure (PROTOCOL 3.5)."""

from collections.abc import Mapping
from datetime import date, timedelta


def spread(
    *, count: int, taken: Mapping[date, int], today: date, most: int, per_call: int
) -> list[tuple[date, int]]:
    """(day, how many groups) of each call, earliest first. `taken`: what the new owner gets on a day already."""
    calls, day, left = list[tuple[date, int]](), today, count
    while left:
        room = max(most - taken.get(day, 0), 0)
        here = min(room, left)
        calls += [(day, min(per_call, here - at)) for at in range(0, here, per_call)]
        left -= here
        day += timedelta(days=1)
    return calls
