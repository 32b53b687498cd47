"""Whether a camp's orders came in the two peaks that links 4 and 5 expect: the opening and the end (R46). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

AROUND = 1  # days after the opening, and on both sides of the end, that belong to a peak


@dataclass(frozen=True)
class Peak:
    """An expected peak: camp days `first` to `last`, the orders in them, and whether they stand out. `came` None:
    nothing can be said, because there are no orders or the days have not come."""

    name: str
    first: int
    last: int
    orders: int
    came: bool | None


def peaks(orders: Sequence[int], *, opening: int, end: int, today: int) -> list[Peak]:
    """The two peaks of orders by camp day (`orders[0]` is day 1), without one that lies after the last day.

    A peak came when its days hold more orders a day, on average, than the days outside both. `today` is the camp day it
    is; days after it are unknown.
    """
    last = len(orders)
    spans = [
        ("opening", max(opening, 1), min(opening + AROUND, last)),
        ("end", max(end - AROUND, 1), min(end + AROUND, last)),
    ]
    spans = [one for one in spans if one[1] <= one[2]]
    known = min(today, last)
    inside = {day for _name, first, stop in spans for day in range(first, stop + 1)}
    outside = [orders[day - 1] for day in range(1, known + 1) if day not in inside]
    usual = sum(outside) / len(outside) if outside else 0.0
    return [_peak(name, first, stop, orders, known, usual) for name, first, stop in spans]


def _peak(name: str, first: int, last: int, orders: Sequence[int], known: int, usual: float) -> Peak:
    days = [orders[day - 1] for day in range(first, min(last, known) + 1)]
    total = sum(days)
    if not days or not sum(orders[:known]):
        return Peak(name, first, last, total, None)
    is_over = known >= last
    came = total / len(days) > usual
    return Peak(name, first, last, total, came if came or is_over else None)
