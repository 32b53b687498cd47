"""The two peaks of orders that a camp expects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop.policies.peaks import peaks

pytestmark = pytest.mark.unit
ORDERS = st.lists(st.integers(0, 50), min_size=1, max_size=40)


def test_days_that_hold_more_than_the_days_between_are_a_peak_and_others_are_not() -> None:
    opening, end = peaks([0, 5, 4, 1, 1, 1, 0, 1, 0], opening=2, end=8, today=9)
    assert (opening.first, opening.last, opening.orders, opening.came) == (2, 3, 9, True)
    assert (end.first, end.last, end.orders, end.came) == (7, 9, 1, False)


def test_nothing_is_said_of_days_that_have_not_come_or_without_any_order() -> None:
    assert [one.came for one in peaks([3, 2, 0, 0, 0, 0], opening=1, end=6, today=4)] == [True, None]
    assert [one.came for one in peaks([0] * 9, opening=1, end=9, today=9)] == [None, None]


@given(orders=ORDERS, opening=st.integers(-3, 45), end=st.integers(-3, 45), today=st.integers(0, 45))
def test_a_peak_never_counts_more_than_there_is_and_stays_within_the_camp(
    orders: list[int], opening: int, end: int, today: int
) -> None:
    for one in peaks(orders, opening=opening, end=end, today=today):
        assert 1 <= one.first <= one.last <= len(orders)
        assert 0 <= one.orders <= sum(orders[:today])
        assert one.came is None or sum(orders) > 0


def test_days_like_all_others_are_no_peak() -> None:
    assert [one.came for one in peaks([2] * 9, opening=2, end=7, today=9)] == [False, False]
    assert [one.came for one in peaks([2] * 9, opening=2, end=7, today=7)] == [False, None]


def test_days_that_have_not_come_are_no_quiet_days() -> None:
    """Two orders a day at the opening against three since: the empty days ahead do not make it a peak."""
    assert peaks([2, 2, 3, 3, 0, 0, 0, 0, 0], opening=1, end=9, today=4)[0].came is False
