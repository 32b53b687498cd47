"""Who is at work at a moment, and what is night: pure. All times are on the company's wall."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

ONE_DAY = timedelta(days=1)
Span = tuple[time, time]


@dataclass(frozen=True)
class Hours:
    """One person's week {weekday: (start, end)}, Monday 0, and days off. A night shift ends the day after."""

    week: Mapping[int, Span] = field(default_factory=dict)
    days_off: Collection[date] = frozenset()


def is_on(hours: Hours, at: datetime) -> bool:
    """Whether the person works at a wall time. The start counts, the end does not.

    Who has no week declared works at any time but on days off; a night shift belongs to the day it begins on.
    """
    day, moment = at.date(), at.time()
    if not hours.week:
        return day not in hours.days_off
    return _began(hours, day, moment) or _runs_over(hours, day - ONE_DAY, moment)


def _began(hours: Hours, day: date, moment: time) -> bool:
    span = hours.week.get(day.weekday())
    if span is None or day in hours.days_off:
        return False
    start, end = span
    return start <= moment and (end <= start or moment < end)


def _runs_over(hours: Hours, yesterday: date, moment: time) -> bool:
    span = hours.week.get(yesterday.weekday())
    if span is None or yesterday in hours.days_off:
        return False
    start, end = span
    return end <= start and moment < end


def minutes_of(span: Span) -> int:
    """How long a shift is."""
    start, end = (one.hour * 60 + one.minute for one in span)
    return end - start if end > start else end - start + 24 * 60


def is_night(moment: time, begins: time, ends: time) -> bool:
    """Whether a wall time lies in the night; a night that ends at its beginning is none."""
    if begins <= ends:
        return begins <= moment < ends
    return moment >= begins or moment < ends


def night_of(at: datetime, ends: time) -> date:
    """The evening a moment of the night belongs to: 02:00 is of the day before."""
    return at.date() - ONE_DAY if at.time() < ends else at.date()
