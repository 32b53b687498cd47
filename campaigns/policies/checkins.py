"""Streaks, goals, make-up cards and what they give (R86). Pure.

Everything follows from the days that count, whatever the order in which they came: checking in, making up and taking
back only change the set of days. Rewards of streaks are numbered and not dated, so that a day made up in between never
takes one away.
"""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from campaigns.enums.checkins import PERIOD_DAYS, DayState, GoalPeriod, RewardKind

DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """A check-in as it was announced. `first` and `last` are the campaign's days, both within. What is 0 is not given.

    `streak_days` in a row give `streak_points`, `card_days` in a row a make-up card, each time anew; `goal_days` within
    one period give `goal_points`, `goal_draws` and the gift. `reach_days`: how far back a card reaches.
    """

    first: date
    last: date
    period: str = GoalPeriod.WEEK
    goal_days: int = 5
    day_points: int = 0
    streak_days: int = 0
    streak_points: int = 0
    goal_points: int = 0
    goal_draws: int = 0
    has_gift: bool = False
    cards_start: int = 0
    card_days: int = 0
    reach_days: int = 0


@dataclass(frozen=True, order=True)
class Mark:
    """A day that counts; `is_made`: by a make-up card."""

    day: date
    is_made: bool = False


@dataclass(frozen=True)
class Reward:
    """`key` names it for good: the same days give the same keys."""

    key: str
    kind: str
    amount: int


def runs(days: Iterable[date]) -> list[tuple[date, int]]:
    """[(last day, length)] of each unbroken row of days, in order."""
    found: list[tuple[date, int]] = []
    for day in sorted(set(days)):
        if found and day - found[-1][0] == DAY:
            found[-1] = (day, found[-1][1] + 1)
        else:
            found.append((day, 1))
    return found


def streak_on(days: Iterable[date], today: date) -> int:
    """How many days in a row up to today, or up to yesterday as long as today is open."""
    return next((length for end, length in runs(days) if end in (today, today - DAY)), 0)


def _times(days: Iterable[date], each: int) -> int:
    """How many whole rows of `each` days there are."""
    return sum(length // each for _end, length in runs(days)) if each > 0 else 0


def period_number(terms: Terms, day: date) -> int:
    """The how manieth period a day falls in, from 1."""
    return (day - terms.first).days // PERIOD_DAYS[GoalPeriod(terms.period)] + 1


def period_bounds(terms: Terms, day: date) -> tuple[date, date]:
    """First and last day of the period of a day; the last period ends with the campaign."""
    length = PERIOD_DAYS[GoalPeriod(terms.period)]
    first = terms.first + (period_number(terms, day) - 1) * length * DAY
    return first, min(first + (length - 1) * DAY, terms.last)


def days_in_period(terms: Terms, marks: Iterable[Mark], day: date) -> int:
    """How many days count in the period of `day`."""
    first, last = period_bounds(terms, day)
    return len({one.day for one in marks if first <= one.day <= last})


def rewards_of(terms: Terms, marks: Sequence[Mark]) -> list[Reward]:
    """Everything that these days give. A day made up counts for streak and goal, and gives no points of its own."""
    days = {one.day for one in marks}
    found = [
        Reward(f"day:{one.day.isoformat()}", RewardKind.POINTS, terms.day_points)
        for one in sorted(marks)
        if not one.is_made
    ]
    found += [
        Reward(f"streak:{number}", RewardKind.POINTS, terms.streak_points)
        for number in range(1, _times(days, terms.streak_days) + 1)
    ]
    for number in sorted({period_number(terms, one) for one in days}):
        some_day = terms.first + (number - 1) * PERIOD_DAYS[GoalPeriod(terms.period)] * DAY
        if days_in_period(terms, marks, some_day) >= terms.goal_days:
            found += [
                Reward(f"goal:{number}:points", RewardKind.POINTS, terms.goal_points),
                Reward(f"goal:{number}:draws", RewardKind.DRAWS, terms.goal_draws),
                Reward(f"goal:{number}:gift", RewardKind.GIFT, int(terms.has_gift)),
            ]
    return [one for one in found if one.amount > 0]


def cards_left(terms: Terms, marks: Iterable[Mark]) -> int:
    """Make-up cards: those of the start and those earned by days done on the day itself, less those used."""
    held = list(marks)
    earned = _times((one.day for one in held if not one.is_made), terms.card_days)
    return max(terms.cards_start + earned - sum(one.is_made for one in held), 0)


def days_to_make_up(terms: Terms, marks: Iterable[Mark], today: date) -> list[date]:
    """Missed days that a card still reaches, the latest first."""
    held = {one.day for one in marks}
    earliest = max(terms.first, today - terms.reach_days * DAY)
    latest = min(today - DAY, terms.last)
    days = [latest - number * DAY for number in range(max((latest - earliest).days + 1, 0))]
    return [one for one in days if one not in held]


def task_of(tasks: str, first: date, day: date) -> str:
    """The task of a day: a line a day, from the top again when they are used up."""
    lines = [one.strip() for one in tasks.splitlines() if one.strip()]
    return lines[(day - first).days % len(lines)] if lines else ""


def month_weeks(
    terms: Terms, marks: Iterable[Mark], *, year: int, month: int, today: date
) -> list[list[tuple[date, DayState]]]:
    """The weeks of a month, Monday first, each day with how it looks; days of other months are left to the caller."""
    held = {one.day: one.is_made for one in marks}

    def state(day: date) -> DayState:
        if day in held:
            return DayState.MADE if held[day] else DayState.DONE
        if not terms.first <= day <= terms.last:
            return DayState.OFF
        if day == today:
            return DayState.TODAY
        return DayState.NEXT if day > today else DayState.MISSED

    weeks = calendar.Calendar(firstweekday=0).monthdatescalendar(year, month)
    return [[(day, state(day)) for day in week] for week in weeks]
