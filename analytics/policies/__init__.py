"""Pure arithmetic of figures: intervals, shares, verdicts, how two figures go together."""

from collections.abc import Sequence
from statistics import StatisticsError
from statistics import correlation as _pearson

from analytics.enums import Course, Verdict
from tenants.rates import wilson

__all__ = ["PAIRS_LEAST", "against_base", "correlation", "share", "verdict_of", "wilson"]


def share(part: int | None, whole: int | None) -> float | None:
    """part ÷ whole; None where either is unknown or nothing is there to divide by."""
    return None if part is None or not whole else part / whole


def against_base(interval: tuple[float, float] | None, base_rate: float) -> str:
    """Where a rate lies against a fixed rate: "above", "below", or "unclear" when the interval covers it."""
    if interval is None or interval[0] <= base_rate <= interval[1]:
        return "unclear"
    return "above" if interval[0] > base_rate else "below"


def verdict_of(course: Course, *, actual: int | None, target: int, base: int | None, gone: float) -> Verdict:
    """How a figure stands to its target, by one rule for all of them (R96, R97).

    `gone`: which part of the period has passed, 0 to 1. What adds up is on course from target × gone; what climbs, from
    base + (target − base) × gone, base being where it stood before the period (0 where unknown); what holds, from the
    target itself, and has reached it only when the period is over. Unknown: no figure, or the period has not begun.
    """
    if actual is None or gone <= 0:
        return Verdict.UNKNOWN
    if course == Course.HOLDS:
        if actual < target:
            return Verdict.BEHIND
        return Verdict.REACHED if gone >= 1 else Verdict.ON_COURSE
    if actual >= target:
        return Verdict.REACHED
    start = min(base or 0, target) if course == Course.CLIMBS else 0
    due = start + (target - start) * min(gone, 1.0)
    return Verdict.ON_COURSE if gone < 1 and actual >= due else Verdict.BEHIND


PAIRS_LEAST = 14  # fewer days than this say nothing of two figures


def correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Pearson's r of two figures, -1 to 1; None below PAIRS_LEAST pairs or where one of them never moved."""
    if len(pairs) < PAIRS_LEAST:
        return None
    try:
        return max(-1.0, min(1.0, _pearson([x for x, _y in pairs], [y for _x, y in pairs])))
    except StatisticsError:
        return None
