"""Streaks, goals and make-up cards (R86): everything follows from the set of days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.enums.checkins import DayState, GoalPeriod
from campaigns.policies.checkins import (
    Mark,
    Terms,
    cards_left,
    days_in_period,
    days_to_make_up,
    month_weeks,
    period_bounds,
    rewards_of,
    streak_on,
    task_of,
)

FIRST = date(2026, 11, 23)
LAST = FIRST + timedelta(days=59)
TERMS = Terms(
    first=FIRST, last=LAST, period=GoalPeriod.WEEK, goal_days=5, day_points=5, streak_days=3, streak_points=10,
    goal_points=30, goal_draws=2, has_gift=True, cards_start=1, card_days=7, reach_days=14,
)  # fmt: skip


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)


def _marks(done: str) -> list[Mark]:
    """ "xx.m": done, done, missed, made up."""
    return [Mark(_day(number), one == "m") for number, one in enumerate(done) if one in "xm"]


def _given(done: str) -> dict[str, int]:
    return {one.key: one.amount for one in rewards_of(TERMS, _marks(done))}


sets_of_days = st.dictionaries(st.integers(0, 59), st.booleans(), max_size=60)


def _as_marks(days: dict[int, bool]) -> list[Mark]:
    return [Mark(_day(number), is_made) for number, is_made in sorted(days.items())]


@pytest.mark.parametrize(
    ("done", "today", "streak"),
    [("xxx", 2, 3), ("xxx", 3, 3), ("xxx", 4, 0), ("xx.x", 3, 1), ("xxmx", 3, 4), ("", 0, 0), ("x..", 0, 1)],
)
def test_a_row_runs_until_yesterday_as_long_as_today_is_open(done: str, today: int, streak: int) -> None:
    assert streak_on((one.day for one in _marks(done)), _day(today)) == streak


def test_a_week_with_a_day_made_up_gives_what_was_announced() -> None:
    assert _given("xxx") == {**{f"day:{_day(n)}": 5 for n in range(3)}, "streak:1": 10}
    whole = _given("xxmxxx")
    assert f"day:{_day(2)}" not in whole
    assert whole["streak:2"] == 10
    assert (whole["goal:1:points"], whole["goal:1:draws"], whole["goal:1:gift"]) == (30, 2, 1)
    # Five days, but of two weeks: no goal.
    assert not any(key.startswith("goal") for key in _given("....xxxxx"[:9]))
    assert "goal:2:points" in _given(".......xxxxx")


def test_the_last_week_ends_with_the_campaign() -> None:
    assert period_bounds(TERMS, _day(58)) == (_day(56), LAST)
    assert period_bounds(TERMS, _day(6)) == (FIRST, _day(6))
    assert days_in_period(TERMS, _marks("xxxxxxxx"), _day(7)) == 1


def test_a_card_reaches_back_so_far_and_each_is_used_once() -> None:
    assert cards_left(TERMS, _marks("x.x")) == 1
    assert cards_left(TERMS, _marks("xmx")) == 0
    assert cards_left(TERMS, _marks("xxxxxxx")) == 2
    # Days made up earn no cards: a card that earned itself would never end.
    assert cards_left(TERMS, _marks("xxxmxxx")) == 0
    assert days_to_make_up(TERMS, _marks("x.x"), _day(3)) == [_day(1)]
    assert days_to_make_up(TERMS, [], _day(20))[-1] == _day(6)
    assert days_to_make_up(TERMS, [], FIRST) == []
    assert days_to_make_up(TERMS, [], LAST + timedelta(days=9))[0] == LAST


def test_a_day_has_its_task_and_the_tasks_begin_again() -> None:
    tasks = "一\n\n 二 \n三"
    assert [task_of(tasks, FIRST, _day(n)) for n in range(4)] == ["一", "二", "三", "一"]
    assert task_of(" \n", FIRST, FIRST) == ""


def test_the_calendar_says_of_each_day_what_it_is() -> None:
    weeks = month_weeks(TERMS, _marks("x.m"), year=2026, month=11, today=_day(4))
    shown = {day: state for week in weeks for day, state in week}
    assert weeks[0][0][0].weekday() == 0
    assert [shown[_day(n)] for n in range(6)] == [
        DayState.DONE, DayState.MISSED, DayState.MADE, DayState.MISSED, DayState.TODAY, DayState.NEXT,
    ]  # fmt: skip
    assert shown[FIRST - timedelta(days=1)] == DayState.OFF


@given(days=sets_of_days, more=sets_of_days)
def test_more_days_never_take_anything_away(days: dict[int, bool], more: dict[int, bool]) -> None:
    before = {one.key: one.amount for one in rewards_of(TERMS, _as_marks(days))}
    after = {one.key: one.amount for one in rewards_of(TERMS, _as_marks({**more, **days}))}
    assert before.items() <= after.items()


@given(days=sets_of_days)
def test_points_are_what_anybody_counts_by_hand(days: dict[int, bool]) -> None:
    found = rewards_of(TERMS, list(reversed(_as_marks(days))))
    assert len({one.key for one in found}) == len(found)
    line = "".join("x" if number in days else "." for number in range(60))
    rows = sum(len(one) // 3 for one in line.split("."))
    goals = sum(line[start : start + 7].count("x") >= 5 for start in range(0, 60, 7))
    own = sum(not is_made for is_made in days.values())
    points = sum(one.amount for one in found if one.kind == "points")
    assert points == 5 * own + 10 * rows + 30 * goals
    assert sum(one.kind == "gift" for one in found) == goals


@given(days=sets_of_days, today=st.integers(0, 59))
def test_the_row_of_today_is_in_the_days_and_no_longer_than_they_are(
    days: dict[int, bool], today: int
) -> None:
    marks = _as_marks(days)
    streak = streak_on((one.day for one in marks), _day(today))
    end = today if today in days else today - 1
    assert all(end - back in days for back in range(streak))
    assert streak == 0 or end - streak not in days


@given(days=sets_of_days, today=st.integers(0, 70))
def test_whatever_can_be_made_up_is_missed_within_reach_and_before_today(
    days: dict[int, bool], today: int
) -> None:
    for day in days_to_make_up(TERMS, _as_marks(days), _day(today)):
        assert (day - FIRST).days not in days
        assert max(FIRST, _day(today - 14)) <= day < _day(today)
        assert day <= LAST
