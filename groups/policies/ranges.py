"""Which local days a page is asked about: the last so many, or from one day to another."""

from dataclasses import dataclass
from datetime import date, timedelta

PRESETS = (1, 7, 14, 30)
DEFAULT_DAYS = 7
LONGEST_DAYS = 92
UNREADABLE, BACKWARD, AHEAD, TOO_LONG = "unreadable", "backward", "ahead", "too_long"


@dataclass(frozen=True)
class Days:
    """Local calendar days, both ends included. `preset`: the choice that gives them, None for free ones.

    `wrong`: why the wish could not be met; then these are the default days.
    """

    first: date
    last: date
    preset: int | None = None
    wrong: str = ""

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def query(self) -> str:
        """The same days as a query string."""
        if self.preset is not None:
            return f"days={self.preset}"
        return f"from={self.first.isoformat()}&to={self.last.isoformat()}"


def last_days(count: int, *, today: date, wrong: str = "") -> Days:
    """The last `count` days, today included."""
    return Days(today - timedelta(days=count - 1), today, count, wrong)


def days_asked(*, days: str, first: str, last: str, today: date) -> Days:
    """What a query string asks for. An end after today is today; an empty end is today, an empty start the same day."""
    if not first and not last:
        is_known = days in map(str, PRESETS)
        return last_days(int(days) if is_known else DEFAULT_DAYS, today=today)
    try:
        end = min(date.fromisoformat(last) if last else today, today)
        start = date.fromisoformat(first) if first else end
    except ValueError:
        return last_days(DEFAULT_DAYS, today=today, wrong=UNREADABLE)
    if wrong := _fault(start, end, today, last):
        return last_days(DEFAULT_DAYS, today=today, wrong=wrong)
    return Days(start, end)


def _fault(start: date, end: date, today: date, last: str) -> str:
    if start > today:
        return AHEAD
    if start > end:
        return BACKWARD
    return TOO_LONG if (end - start).days >= LONGEST_DAYS else ""
