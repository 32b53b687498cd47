"""Where an event stands to what is held of its group, and what it tells."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from groups.policies import spells
from groups.policies.hearing import READ_LAG, Held, Place, after_event, place_of
from groups.policies.wire import ADD, DELETE, Change

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MOMENTS = st.integers(-40, 40).map(lambda seconds: NOON + timedelta(seconds=seconds))
VERSIONS = st.sampled_from(["", "v1", "v2", "v3"])
CHANGES = st.builds(
    Change, kind=st.just("update"), chat_id=st.just("wr1"), occurred_at=MOMENTS,
    detail=st.sampled_from([ADD, DELETE, "change_name"]), userids=st.sampled_from([(), ("wm1",)]),
    scene=st.sampled_from(["", "0"]), last_version=VERSIONS, current_version=VERSIONS,
    received_at=st.none() | MOMENTS,
)  # fmt: skip
LIVING = st.builds(Held, version=VERSIONS, as_of=st.none() | MOMENTS, read_at=st.none() | MOMENTS)
MEMBER_CHANGES = CHANGES.filter(lambda one: one.detail in (ADD, DELETE))


@st.composite
def lives(draw):
    """The spells of somebody who came and went, as events and reads have told them so far."""
    own = ()
    for at, move in draw(
        st.lists(st.tuples(MOMENTS, st.sampled_from(["join", "leave", "in", "out"])), max_size=6)
    ):
        if move == "in":
            own = spells.settle_present(own, joined_at=at)
        elif move == "out":
            own = spells.settle_absent(own, at=at)
        else:
            own = (spells.join if move == "join" else spells.leave)(own, at=at)
    return own


@given(held=LIVING, change=CHANGES)
def test_an_event_is_in_a_read_exactly_when_it_came_long_enough_before(held, change):
    is_in = None not in (held.read_at, change.received_at) and change.received_at + READ_LAG <= held.read_at
    assert (place_of(held, change) is Place.READ) == is_in


@given(held=LIVING, change=CHANGES)
def test_an_event_is_applied_only_right_after_what_is_held(held, change):
    if place_of(held, change) is Place.NEXT:
        assert change.is_delta
        assert (change.last_version, held.as_of < change.occurred_at) == (held.version, True)


@given(held=LIVING, change=CHANGES)
def test_what_says_not_whom_it_moved_leaves_the_truth_open_unless_it_was_read(held, change):
    if not change.is_delta:
        assert place_of(held, change) in (Place.READ, Place.OPEN)


@given(ended_at=MOMENTS, change=CHANGES)
def test_after_the_end_only_what_is_older_needs_no_look(ended_at, change):
    place = place_of(Held("", NOON, NOON, ended_at), change)
    assert place is (Place.ENDED if change.occurred_at <= ended_at else Place.OPEN)


@given(before=lives(), change=MEMBER_CHANGES)
def test_an_event_that_was_read_dates_and_moves_only_whom_it_saw_go_later(before, change):
    held = Held("v1", NOON, NOON)
    after, is_contrary = after_event(Place.READ, held, change, before)
    if spells.is_present(after) != spells.is_present(before):
        assert (is_contrary, change.detail) == (True, DELETE)
        assert before[-1].joined_at < change.occurred_at
    ends = [one.joined_at if change.detail == ADD else one.left_at for one in after]
    assert any(one and abs(one - change.occurred_at) <= spells.MATCH for one in ends)
    again, _ = after_event(Place.READ, held, change, after)
    assert [(one.joined_at, one.left_at) for one in again] == [(one.joined_at, one.left_at) for one in after]
    if not is_contrary:
        assert after_event(Place.PAST, held, change, before) == (after, False)


@given(before=lives(), change=MEMBER_CHANGES)
def test_the_next_event_says_who_is_there_unless_a_later_one_was_heard(before, change):
    after, is_contrary = after_event(Place.NEXT, Held("v1", NOON, None), change, before)
    assert not is_contrary
    if all(
        moment < change.occurred_at for one in before for moment in (one.joined_at, one.left_at) if moment
    ):
        assert spells.is_present(after) == (change.detail == ADD)


@given(before=lives(), change=MEMBER_CHANGES, ended_at=MOMENTS)
def test_nobody_sits_in_a_dissolved_group(before, change, ended_at):
    after, _ = after_event(Place.ENDED, Held("", NOON, NOON, ended_at), change, before)
    assert not spells.is_present(after)
