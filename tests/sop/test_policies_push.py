"""The weekly push table's rules: what lacks, what fits, what a copy and a drag change (R61, R62)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop.enums import ContentType
from sop.policies.push import PLACES, Targets, copied, mix, suggested, swapped, too_many_ads
from sop.policies.topics import wilson_low

pytestmark = pytest.mark.unit
TYPES = [
    ContentType.NORMS,
    ContentType.VALUE,
    ContentType.TOPIC,
    ContentType.ACTIVITY,
    ContentType.MARKETING,
]
filled_weeks = st.dictionaries(st.sampled_from(PLACES), st.sampled_from(TYPES))


def test_the_mix_of_the_reference_week_says_what_lacks() -> None:
    types = ["norms", *["value"] * 6, *["topic"] * 2, *["activity"] * 2, *["marketing"] * 5]
    lacks = {one.content_type: one.lacks for one in mix(types, Targets())}
    assert lacks == {"norms": 0, "value": 3, "topic": 0, "activity": -1, "marketing": -5}


def test_care_counts_as_value_in_the_mix() -> None:
    shares = {one.content_type: one.count for one in mix(["care", "value"], Targets())}
    assert shares["value"] == 2


@given(filled=filled_weeks)
def test_following_every_suggestion_meets_every_target_that_fits(filled) -> None:
    targets = Targets(marketing_percent=100)
    whole = {**filled, **suggested(filled, targets)}
    assert set(whole) == set(PLACES)
    before = [one for one in mix(filled.values(), targets) if not one.is_limit]
    after = [one for one in mix(whole.values(), targets) if not one.is_limit]
    if sum(max(one.lacks, 0) for one in before) <= len(PLACES) - len(filled):
        assert all(one.is_fine for one in after)


@given(filled=filled_weeks)
def test_no_suggestion_ever_sells(filled) -> None:
    assert ContentType.MARKETING not in suggested(filled, Targets()).values()


@given(filled=filled_weeks, percent=st.integers(0, 100))
def test_taking_ads_out_keeps_the_limit_and_takes_no_more_than_needed(filled, percent) -> None:
    gone = too_many_ads(filled, percent)
    left = {place: kind for place, kind in filled.items() if place not in gone}
    ads = sum(kind == ContentType.MARKETING for kind in left.values())
    assert 100 * ads <= percent * len(left)
    assert all(filled[place] == ContentType.MARKETING for place in gone)
    if gone:
        one_less = {**left, gone[-1]: ContentType.MARKETING}
        assert 100 * (ads + 1) > percent * len(one_less)


@given(filled=filled_weeks, source=st.sampled_from(PLACES), target=st.sampled_from(PLACES))
def test_a_drag_loses_nothing_and_a_second_one_takes_it_back(filled, source, target) -> None:
    def applied(week, first, second):
        changed = {**week, **swapped(week, first, second)}
        return {place: kind for place, kind in changed.items() if kind is not None}

    once = applied(filled, source, target)
    assert sorted(once.values()) == sorted(filled.values())
    if source in filled:
        assert applied(once, target, source) == filled


@given(source=st.lists(st.sampled_from(PLACES)), taken=st.lists(st.sampled_from(PLACES)))
def test_a_copy_never_covers_what_stands_there_unless_told_to(source, taken) -> None:
    assert not set(copied(source, taken, chosen=None, overwrite=False)) & set(taken)
    assert set(copied(source, taken, chosen=None, overwrite=True)) == set(source)


def test_a_topic_with_two_of_three_ranks_below_one_with_half_of_three_hundred() -> None:
    assert wilson_low(2, 3) < wilson_low(150, 300)
    assert wilson_low(0, 0) == 0


def test_a_week_that_just_keeps_the_limit_loses_no_ad() -> None:
    half = dict(zip(PLACES, [ContentType.MARKETING, ContentType.VALUE] * 2, strict=False))
    assert too_many_ads(half, 50) == []
    assert too_many_ads(half, 49) == [PLACES[2]]


def test_what_lacks_is_suggested_as_often_as_it_lacks_and_then_value() -> None:
    targets = Targets(norms=1, value_percent=0, topics=1, activities=0)
    told = list(suggested({}, targets).values())
    assert told[:2] == [ContentType.NORMS, ContentType.TOPIC]
    assert set(told[2:]) == {ContentType.VALUE.value}
