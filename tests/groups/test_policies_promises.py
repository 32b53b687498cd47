"""The ledger counts what was due and what was delivered; a written line says when it falls due."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groups.enums import PromiseState
from groups.policies.promises import DUE_TIME, Stand, due_of_line, ledger_of

pytestmark = pytest.mark.unit

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 31)
OPEN, KEPT, BROKEN, WITHDRAWN = (
    PromiseState.OPEN, PromiseState.KEPT, PromiseState.BROKEN, PromiseState.WITHDRAWN,
)  # fmt: skip
stands = st.lists(
    st.builds(
        Stand,
        state=st.sampled_from(PromiseState.values),
        due_at=st.integers(-3000, 3000).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    )
)


def test_exactly_due_is_due_and_one_second_before_is_not():
    assert ledger_of([Stand(OPEN, NOW)], NOW).overdue == 1
    ahead = ledger_of([Stand(OPEN, NOW + timedelta(seconds=1))], NOW)
    assert (ahead.due, ahead.overdue, ahead.next_due_at) == (0, 0, NOW + timedelta(seconds=1))


def test_a_broken_promise_counts_at_once_and_a_withdrawn_one_never():
    later, before = NOW + timedelta(days=1), NOW - timedelta(days=1)
    found = ledger_of([Stand(BROKEN, later), Stand(WITHDRAWN, before), Stand(KEPT, before)], NOW)
    assert (found.due, found.kept, found.open, found.overdue) == (2, 1, 1, 0)
    assert found.gap == 0.5


def test_a_promise_kept_ahead_of_time_is_no_delivery_of_what_is_due():
    found = ledger_of([Stand(KEPT, NOW + timedelta(days=1)), Stand(OPEN, NOW)], NOW)
    assert (found.due, found.kept) == (1, 0)


def test_nothing_due_has_no_gap_and_no_colour():
    found = ledger_of([Stand(OPEN, NOW + timedelta(days=1))], NOW)
    assert (found.gap, found.tone(10)) == (None, "")


def test_one_of_ten_is_amber_and_two_of_ten_are_red():
    before = NOW - timedelta(days=1)
    for missing, tone in ((0, "ok"), (1, "warn"), (2, "bad")):
        rows = [Stand(OPEN, before)] * missing + [Stand(KEPT, before)] * (10 - missing)
        assert ledger_of(rows, NOW).tone(10) == tone


@given(rows=stands)
def test_the_ledger_adds_up_in_any_order(rows):
    found = ledger_of(rows, NOW)
    assert found == ledger_of(reversed(rows), NOW)
    broken = sum(one.state == BROKEN for one in rows)
    assert found.due == found.kept + found.overdue + broken
    assert found.open >= 0
    assert (found.next_due_at is None) == (found.ahead == 0)


@given(rows=stands, hours=st.integers(0, 100))
def test_time_alone_never_makes_less_due(rows, hours):
    later = ledger_of(rows, NOW + timedelta(hours=hours))
    assert later.due >= ledger_of(rows, NOW).due


@pytest.mark.parametrize(
    ("line", "day", "at"),
    [
        ("每晚 20:00 老师带读", LAST, time(20, 0)),
        ("作业 24 小时内点评", LAST, DUE_TIME),
        ("第3天 20:30 直播答疑", date(2026, 3, 4), time(20, 30)),
        ("3月15日发资料包", date(2026, 3, 15), DUE_TIME),
        ("2026-03-20 9:05 结营测评", date(2026, 3, 20), time(9, 5)),
        ("1月5日回访", date(2027, 1, 5), DUE_TIME),
        ("13月45日", LAST, DUE_TIME),
        ("Day 1 welcome kit", FIRST, DUE_TIME),
        ("第0天", LAST, DUE_TIME),
    ],
)
def test_a_line_says_when_it_falls_due(line, day, at):
    assert due_of_line(line, first=FIRST, last=LAST) == (day, at)


def test_a_line_without_a_day_in_a_group_without_an_end_is_due_in_a_week():
    assert due_of_line("送资料包", first=FIRST, last=None) == (date(2026, 3, 9), DUE_TIME)


@given(line=st.text(max_size=60))
def test_any_line_has_a_due_moment(line):
    day, at = due_of_line(line, first=FIRST, last=LAST)
    assert day.year >= 1
    assert 0 <= at.hour <= 23
