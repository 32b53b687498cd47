"""Time that passed inside a team's working hours. Pure."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from tenants.clock import at_local, local

_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
MOST_DAYS = 400  # a longer wait is as long as this one


@dataclass(frozen=True)
class WorkTime:
    """Hours of a working day on the wall of `zone` (IANA), the working days of a week (Monday 1), and the dates that
    are an exception: `off` are holidays, `on` are worked although the week says otherwise."""

    zone: str
    start: time
    end: time
    days: frozenset[int]
    off: frozenset[date] = field(default_factory=frozenset)
    on: frozenset[date] = field(default_factory=frozenset)

    def is_worked(self, day: date) -> bool:
        """Whether anybody works on a day at all."""
        return day in self.on or (day not in self.off and day.isoweekday() in self.days)

    def seconds(self, since: datetime, until: datetime) -> int:
        """Whole seconds of working time in [since, until), aware moments; 0 where `until` is not later."""
        total, day = timedelta(), local(since, self.zone).date()
        last = min(local(until, self.zone).date(), day + timedelta(days=MOST_DAYS))
        while day <= last:
            if self.is_worked(day) and self.start < self.end:
                begins, ends = at_local(day, self.start, self.zone), at_local(day, self.end, self.zone)
                total += max(min(until, ends) - max(since, begins), timedelta())
            day += timedelta(days=1)
        return int(total.total_seconds())

    def after(self, since: datetime, minutes: int) -> datetime | None:
        """When so many working minutes have passed since a moment, UTC; None: never within MOST_DAYS."""
        left, day = timedelta(minutes=minutes), local(since, self.zone).date()
        for _number in range(MOST_DAYS):
            if self.is_worked(day) and self.start < self.end:
                begins = max(since, at_local(day, self.start, self.zone))
                room = at_local(day, self.end, self.zone) - begins
                if room >= left and room > timedelta():
                    return begins + left
                left -= max(room, timedelta())
            day += timedelta(days=1)
        return None


def dates_in(text: str) -> frozenset[date]:
    """Dates such as 2026-10-01 in whatever is written around them; impossible ones are left out."""
    found = set()
    for told in _DATE.findall(text):
        year, month, day = map(int, told.split("-"))
        try:
            found.add(date(year, month, day))
        except ValueError:
            continue
    return frozenset(found)


def weekdays_in(text: str) -> frozenset[int]:
    """Digits 1 (Monday) to 7."""
    return frozenset(int(one) for one in text if one in "1234567")
