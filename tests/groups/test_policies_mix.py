"""The mix of a super-user group: 30 to 70, give or take five points, and what an invitation does to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groups.policies.mix import Band, Mix, breaks

pytestmark = pytest.mark.unit

BAND = Band()
mixes = st.integers(0, 500).flatmap(lambda n: st.integers(0, n).map(lambda supers: Mix(supers, n)))


def test_thirty_of_a_hundred_is_on_target_and_thirty_six_is_off():
    assert not Mix(30, 100).is_off(BAND)
    assert Mix(36, 100).is_off(BAND)


def test_the_edges_belong_to_the_band():
    for supers in (25, 35):
        assert not Mix(supers, 100).is_off(BAND)
    for supers in (24, 36):
        assert Mix(supers, 100).is_off(BAND)


def test_an_invitation_that_leaves_the_band_breaks_it_and_a_step_back_does_not():
    assert breaks(Mix(35, 100), Mix(36, 101), BAND)
    assert not breaks(Mix(30, 100), Mix(31, 101), BAND)
    assert not breaks(Mix(50, 100), Mix(50, 101), BAND)
    assert breaks(Mix(50, 100), Mix(51, 101), BAND)


def test_the_first_person_of_an_empty_group_is_warned_about():
    assert breaks(Mix(0, 0), Mix(1, 1), BAND)
    assert Mix(0, 0).share is None


@given(before=mixes, supers=st.integers(0, 20), potentials=st.integers(0, 20))
def test_what_stays_in_the_band_never_breaks_it(before, supers, potentials):
    after = before.joined_by(supers=supers, potentials=potentials)
    assert after.customers == before.customers + supers + potentials
    if not after.is_off(BAND):
        assert not breaks(before, after, BAND)
    elif not before.is_off(BAND):
        assert breaks(before, after, BAND)


@given(before=mixes)
def test_inviting_nobody_breaks_nothing_that_was_not_broken(before):
    if before.customers:
        assert not breaks(before, before, BAND)


def test_a_step_towards_the_band_counts_by_share_not_by_heads():
    assert not breaks(Mix(50, 100), Mix(51, 103), BAND)
    assert breaks(Mix(10, 100), Mix(10, 101), BAND)
    assert not breaks(Mix(50, 100), Mix(100, 200), BAND)


def test_who_is_no_super_user_may_become_one():
    assert Mix(3, 10).potentials == 7
