"""The tie of a staff member and a customer, whatever order its events arrive in."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.enums import FollowState
from contacts.policies.follow import after_event, after_listing

pytestmark = pytest.mark.unit
START = datetime(2026, 3, 1, tzinfo=UTC)


def _replay(events: list[tuple[str, int]]) -> str:
    state, at = "", None
    for told, second in events:
        told_at = START + timedelta(seconds=second)
        after = after_event(state=state, event_at=at, told=told, told_at=told_at)
        if after == told and (at is None or told_at >= at):
            at = told_at
        state = after
    return state


@given(st.lists(st.tuples(st.sampled_from(FollowState.values), st.integers(0, 4)), max_size=5))
def test_any_order_of_the_same_events_ends_in_the_same_state(events: list[tuple[str, int]]) -> None:
    assert len({_replay(list(order)) for order in permutations(events)}) <= 1


def test_half_friend_becomes_a_friend_and_then_leaves() -> None:
    assert _replay([("half", 0), ("full", 5), ("customer_deleted", 9)]) == "customer_deleted"
    assert _replay([("customer_deleted", 9), ("full", 12)]) == "full"


def test_full_list_ends_a_tie_it_does_not_show_unless_an_event_is_newer() -> None:
    later = START + timedelta(hours=1)
    assert after_listing(state="full", event_at=START, is_listed=False, read_at=later) == "staff_deleted"
    assert after_listing(state="full", event_at=later, is_listed=False, read_at=START) == "full"
    assert after_listing(state="half", event_at=START, is_listed=False, read_at=later) == "half"


def test_full_list_keeps_that_the_customer_left() -> None:
    later = START + timedelta(hours=1)
    assert (
        after_listing(state="customer_deleted", event_at=START, is_listed=True, read_at=later)
        == "customer_deleted"
    )
    assert after_listing(state="", event_at=None, is_listed=True, read_at=later) == "full"
