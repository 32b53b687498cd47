"""The one work order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from team.policies import Standing, in_work_order, urgency

pytestmark = pytest.mark.unit
NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def order(*rows: tuple[int | None, str]) -> list[int]:
    made = [
        (Standing(None if after is None else NOW + timedelta(minutes=after), tier, number), number)
        for number, (after, tier) in enumerate(rows)
    ]
    return in_work_order(made, NOW)


def test_past_due_comes_first_by_tier_then_by_how_long() -> None:
    assert order((5, "S"), (-1, "B"), (-30, "A"), (-10, "S"), (-20, "A"), (0, "")) == [3, 2, 4, 1, 5, 0]


def test_what_is_not_due_goes_by_time_left_then_tier() -> None:
    assert order((60, "S"), (10, "B"), (60, "A+"), (60, "")) == [1, 0, 2, 3]


def test_what_has_no_deadline_comes_last_by_tier() -> None:
    assert order((None, ""), (None, "S"), (600, "B")) == [2, 1, 0]


@pytest.mark.parametrize(("minutes", "word"), [(0, "late"), (-5, "late"), (30, "soon"), (31, ""), (None, "")])
def test_urgency_at_its_bounds(minutes: int | None, word: str) -> None:
    assert urgency(None if minutes is None else NOW + timedelta(minutes=minutes), NOW) == word


@given(
    st.lists(
        st.tuples(st.none() | st.integers(-90, 90), st.sampled_from(["S", "A+", "A", "B", ""])), max_size=30
    )
)
def test_order_is_total_and_keeps_late_before_open(rows: list[tuple[int | None, str]]) -> None:
    found = order(*rows)
    assert sorted(found) == list(range(len(rows)))
    late = [rows[number][0] is not None and rows[number][0] <= 0 for number in found]  # type: ignore[operator]
    assert late == sorted(late, reverse=True)
