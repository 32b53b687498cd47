"""Tiers in their order, and how near a deadline is: pure. The one work order (R123) is in team.selectors."""

from datetime import datetime

TIERS = ("S", "A+", "A", "B")
SOON_S = 1800


def urgency(due_at: datetime | None, now: datetime) -> str:
    """ "late", "soon" (half an hour or less) or ""."""
    if due_at is None:
        return ""
    left_s = (due_at - now).total_seconds()
    return "late" if left_s <= 0 else "soon" if left_s <= SOON_S else ""
