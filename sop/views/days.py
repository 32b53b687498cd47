"""Days that an address names."""

from datetime import date

FIRST_YEAR, LAST_YEAR = 2000, 2100  # beyond, weeks and camps around the day would leave the calendar


def day_named(raw: str | None) -> date:
    """The day; raises ValueError for no date, and for one in a year that no plan is of."""
    day = date.fromisoformat(raw or "")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(raw)
    return day
