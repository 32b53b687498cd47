"""Helpers of a group (R22), pure: where they come from, and which weeks the owner's load is compared over."""

from dataclasses import dataclass
from datetime import datetime, timedelta

EARLY, GROWN = "early", "grown"
WEEK = timedelta(days=7)


def origin_of(
    *, joined_at: datetime, made_at: datetime | None, was_invited_with: bool, first_days: int
) -> str:
    """Invited early: came with the group or in its first days; else grown in it. Unknown beginnings count as grown."""
    if was_invited_with:
        return EARLY
    if made_at is None:
        return GROWN
    return EARLY if joined_at - made_at <= timedelta(days=first_days) else GROWN


@dataclass(frozen=True, slots=True)
class Week:
    """[start, end) of seven days."""

    start: datetime
    end: datetime


def weeks_of(
    *, since: datetime, heard_from: datetime, heard_until: datetime, now: datetime, most: int
) -> tuple[list[Week], list[Week]]:
    """Full weeks before and after a moment in which messages are known, at most so many each, oldest first."""
    before: list[Week] = []
    while len(before) < most and since - WEEK * (len(before) + 1) >= heard_from:
        start = since - WEEK * (len(before) + 1)
        before.append(Week(start, start + WEEK))
    after: list[Week] = []
    while len(after) < most and since + WEEK * (len(after) + 1) <= min(now, heard_until):
        start = since + WEEK * len(after)
        after.append(Week(start, start + WEEK))
    return before[::-1], after


def load_change(before: float | None, after: float | None) -> float | None:
    """How much of the load is left, as a share of what it was minus 1; None where there is nothing to compare."""
    if before is None or after is None or before == 0:
        return None
    return after / before - 1
