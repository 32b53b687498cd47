"""Days that matter, clashes and where to try next, as rules."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.policies.touch import Limits, is_quiet
from sop.enums.calendar import Clash, Field
from sop.policies.clashes import Mark, clashes
from sop.policies.festivals import LUNAR, TERMS, festivals_between, festivals_of, nth_weekday
from sop.policies.replan import times_for
from tenants.clock import local

LIMITS = Limits("Asia/Shanghai", 3, 10, 5, time(22, 0), time(8, 0))
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)

# Year -> days as the State Council's and the Purple Mountain Observatory's calendars print them.
PRINTED = {
    "spring": {2023: (1, 22), 2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26), 2033: (1, 31)},
    "eve": {2023: (1, 21), 2024: (2, 9), 2025: (1, 28), 2026: (2, 16), 2027: (2, 5)},
    "lantern": {2023: (2, 5), 2024: (2, 24), 2025: (2, 12), 2026: (3, 3), 2027: (2, 20)},
    "dragon_boat": {2023: (6, 22), 2024: (6, 10), 2025: (5, 31), 2026: (6, 19), 2027: (6, 9)},
    "qixi": {2023: (8, 22), 2024: (8, 10), 2025: (8, 29), 2026: (8, 19), 2027: (8, 8)},
    "mid_autumn": {2023: (9, 29), 2024: (9, 17), 2025: (10, 6), 2026: (9, 25), 2027: (9, 15), 2033: (9, 8)},
    "double_ninth": {2023: (10, 23), 2024: (10, 11), 2025: (10, 29), 2026: (10, 18), 2027: (10, 8)},
    "qingming": {2023: (4, 5), 2024: (4, 4), 2025: (4, 4), 2026: (4, 5), 2027: (4, 5), 2028: (4, 4)},
    "xiaoxue": {2024: (11, 22), 2025: (11, 22), 2026: (11, 22)},
    "dongzhi": {2021: (12, 21), 2024: (12, 21), 2025: (12, 21), 2026: (12, 22)},
    "mothers": {2024: (5, 12), 2025: (5, 11), 2026: (5, 10)},
    "fathers": {2024: (6, 16), 2025: (6, 15), 2026: (6, 21)},
    "thanksgiving": {2024: (11, 28), 2025: (11, 27), 2026: (11, 26)},
    "women": {2026: (3, 8)},
    "labour": {2026: (5, 1)},
    "children": {2026: (6, 1)},
    "618": {2026: (6, 18)},
    "teachers": {2026: (9, 10)},
    "national": {2026: (10, 1)},
    "double_11": {2026: (11, 11)},
    "double_12": {2026: (12, 12)},
}  # fmt: skip


def falls(key: str, year: int) -> list[date]:
    return [one.first for one in festivals_of(year) if one.festival.key == key]


@pytest.mark.parametrize("key", PRINTED)
def test_a_festival_falls_on_its_printed_day(key: str) -> None:
    found = {year: falls(key, year) for year in PRINTED[key]}
    assert found == {year: [date(year, *at)] for year, at in PRINTED[key].items()}


def test_the_goods_season_runs_from_laba_to_the_little_new_year() -> None:
    goods = [
        one for one in festivals_between(date(2026, 1, 1), date(2026, 3, 1)) if one.festival.key == "goods"
    ]
    assert [(one.first, one.last) for one in goods] == [(date(2026, 1, 26), date(2026, 2, 10))]
    assert any(one.festival.key == "goods" for one in festivals_between(date(2026, 2, 2), date(2026, 2, 8)))


@given(year=st.integers(1980, 2055))
def test_every_year_has_each_festival_and_months_are_29_or_30_days(year: int) -> None:
    for key in LUNAR.keys() - {"laba", "little_new_year"}:
        assert len(falls(key, year)) == 1
    assert all(len(falls(key, year)) == 1 for key in TERMS)


@pytest.mark.parametrize("year", [1, 1900, 2100, 9998])
def test_a_year_nobody_prints_a_calendar_for_has_no_festivals_and_no_error(year: int) -> None:
    assert festivals_between(date(year, 6, 1), date(year, 6, 7)) == []


def test_a_fifth_monday_that_is_not_there_is_an_error() -> None:
    assert nth_weekday(2026, 3, 0, 5) == date(2026, 3, 30)
    with pytest.raises(ValueError, match="no such weekday"):
        nth_weekday(2026, 2, 0, 5)


def mark(
    key: str, minutes: int, source: str = "run:1", field: str = Field.GROUP, group: int = 1, **more
) -> Mark:
    return Mark(key, group, NOON + timedelta(minutes=minutes), source, field, **more)


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        (mark("a", 0), mark("b", 59, "run:2"), Clash.CLOSE),
        (mark("a", 0), mark("b", 60, "run:2"), ""),
        (mark("a", 0), mark("b", 30, "run:2", Field.PRIVATE), Clash.FIELDS),
        (mark("a", 0), mark("b", 30, "run:1", Field.PRIVATE), ""),  # escalates inside one run
        (mark("a", 0), mark("b", 0, "run:1", Field.MOMENTS), Clash.FIELDS),
        (mark("a", 0), mark("b", 0, "run:1"), Clash.CLOSE),
        (mark("a", 0), mark("b", 0, "run:1", group=2), ""),
        (mark("a", 0), mark("b", 30, "run:2", group=2), ""),
        (mark("a", 0, opens=True), mark("b", 30, "run:2", is_marketing=True), Clash.OFFER),
        (mark("a", 0, is_marketing=True), mark("b", 30, "run:2", opens=True), Clash.OFFER),
        (mark("e", 0, field="", until=NOON + timedelta(hours=2)), mark("b", 90, "run:2"), Clash.EVENT),
        (mark("e", 0, field="", until=NOON + timedelta(hours=2)), mark("b", 120, "run:2"), ""),
        (mark("e", 0, field="", until=NOON + timedelta(minutes=30)), mark("b", 45, "run:2"), ""),
        (mark("a", 0), mark("e", 30, "run:2", "", until=NOON + timedelta(hours=2)), ""),
        (mark("a", 0, is_open=False), mark("b", 30, "run:2", is_open=False), ""),
        (mark("a", 0, is_open=False), mark("b", 30, "run:2"), Clash.CLOSE),
        (mark("e", 0, field="", until=NOON + timedelta(minutes=30)), mark("b", 29, "run:2"), Clash.EVENT),
        (mark("e", 0, field="", until=NOON + timedelta(minutes=30)), mark("b", 30, "run:2"), ""),
        (mark("a", 0, field=""), mark("b", 30, "run:2"), ""),
        (mark("a", 0), mark("b", 30, "run:2", field=""), ""),
    ],
)  # fmt: skip
def test_two_marks_clash_by_their_rule(first: Mark, second: Mark, code: str) -> None:
    assert [one.code for one in clashes([second, first])] == ([code] if code else [])


def test_groups_that_share_a_member_and_frozen_groups_clash() -> None:
    rows = [mark("a", 0, group=1), mark("b", 20, "run:2", group=2), mark("c", 20, "run:3", group=3)]
    found = clashes(rows, shares={1: {2}, 2: {1}}, frozen={3})
    assert {(one.first, one.second, one.code) for one in found} == {
        ("a", "b", Clash.CLOSE),
        ("c", "", Clash.FROZEN),
    }


MARKS = st.builds(
    lambda n, minutes, source, field, group: mark(f"m{n}", minutes, f"run:{source}", field, group),
    st.integers(0, 10**6), st.integers(0, 600), st.integers(1, 3), st.sampled_from(list(Field)), st.integers(1, 3),
)  # fmt: skip


@given(rows=st.lists(MARKS, max_size=14, unique_by=lambda one: one.key))
def test_clashes_are_those_of_every_pair_looked_at_singly(rows: list[Mark]) -> None:
    pairs = {
        frozenset((one.first, one.second))
        for number, first in enumerate(rows)
        for second in rows[number + 1 :]
        for one in clashes([first, second])
    }
    together = clashes(rows)
    assert {frozenset((one.first, one.second)) for one in together} == pairs
    assert all(0 <= one.minutes < 60 for one in together)


@given(
    minutes=st.integers(-3000, 3000), ahead=st.integers(-3000, 3000), is_service=st.booleans(),
    ends=st.integers(0, 6000),
)  # fmt: skip
def test_times_to_try_are_to_come_awake_near_and_before_the_offers_end(
    minutes: int, ahead: int, is_service: bool, ends: int
) -> None:
    planned, now = NOON + timedelta(minutes=minutes), NOON + timedelta(minutes=ahead)
    until = NOON + timedelta(minutes=ends)
    tried = list(times_for(planned_at=planned, now=now, limits=LIMITS, is_service=is_service, until=until))
    own = local(planned, LIMITS.zone)
    for at in tried:
        wall = local(at, LIMITS.zone)
        far = abs((wall.hour * 60 + wall.minute) - (own.hour * 60 + own.minute))
        assert now < at < until
        assert wall.date() >= own.date()
        assert far <= 180
        assert is_service or not is_quiet(at, LIMITS)
    assert [local(one, LIMITS.zone).date() for one in tried] == sorted(
        local(one, LIMITS.zone).date() for one in tried
    )
    assert len(set(tried)) == len(tried)


def test_the_first_time_is_the_own_one_and_a_late_one_comes_before_the_quiet_hours() -> None:
    ten, late = (
        NOON + timedelta(hours=2),
        datetime(2026, 3, 2, 14, 30, tzinfo=UTC),
    )  # 14:00 and 22:30 in Shanghai
    assert next(times_for(planned_at=ten, now=NOON, limits=LIMITS, is_service=False)) == ten
    moved = next(times_for(planned_at=late, now=NOON, limits=LIMITS, is_service=False))
    assert f"{local(moved, LIMITS.zone):%d %H:%M}" == "02 21:30"


def test_a_run_says_the_same_in_two_groups_at_once_and_what_went_out_before_a_freeze_is_no_clash() -> None:
    both = [mark("a", 0, group=1), mark("b", 0, group=2)]
    assert clashes(both, shares={1: {2}, 2: {1}}) == []
    rows = [mark("a", 0, is_open=False), mark("b", 90)]
    assert [one.first for one in clashes(rows, frozen={1})] == ["b"]


def test_seven_days_from_today_are_tried_and_none_that_comes_at_once() -> None:
    week_ago, minute = NOON - timedelta(days=7), timedelta(minutes=1)
    tried = list(times_for(planned_at=week_ago, now=NOON, limits=LIMITS, is_service=False))
    days = [local(one, LIMITS.zone).date() for one in tried]
    assert (days[0], days[-1]) == (date(2026, 3, 2), date(2026, 3, 8))
    for ahead, first in ((5, NOON + timedelta(minutes=35)), (6, NOON + 6 * minute)):
        planned = NOON + ahead * minute
        assert next(times_for(planned_at=planned, now=NOON, limits=LIMITS, is_service=False)) == first
