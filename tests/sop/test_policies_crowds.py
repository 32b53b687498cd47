"""People as crowds: whoever is left out of the limits could never have been the first to be full."""

import itertools
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop.policies.crowds import NO_LIMIT, Crowd, binding, crowds_of

pytestmark = pytest.mark.unit
MESSAGES, PRIVATE = range(4), frozenset({0, 1})
DAYS = range(3)  # the first is today
WINDOWS = (0, 1, 1)  # of WeCom's limit, by day
PER_DAY, PER_WEEK = 2, 3


@dataclass(frozen=True)
class Somebody:
    """One person as the gate would see them."""

    gets: frozenset[int]
    today: int
    week: int
    quota: tuple[int, ...]


_people = st.builds(
    Somebody,
    st.frozensets(st.sampled_from(list(MESSAGES)), min_size=1),
    st.integers(0, 2),
    st.integers(0, 3),
    st.one_of(st.just(NO_LIMIT), st.tuples(st.integers(0, 2), st.integers(0, 2))),
)
_towns = st.lists(_people, min_size=1, max_size=8)


def crowds(people: list[Somebody]) -> list[Crowd]:
    numbered = dict(enumerate(people))
    return crowds_of(
        {number: one.gets for number, one in numbered.items()},
        today={number: one.today for number, one in numbered.items() if one.today},
        week={number: one.week for number, one in numbered.items() if one.week},
        quota={number: one.quota for number, one in numbered.items() if one.quota},
    )


def has_room(
    gets: frozenset[int], today: int, week: int, quota: tuple[int, ...], way: tuple[object, ...]
) -> bool:
    """Whether one person may get what a way sends: `way[message]` is its day, None for not sent."""
    days = [(way[one], one) for one in gets if way[one] is not None]
    if len(days) > max(0, PER_WEEK - week):
        return False
    for day in DAYS:
        here = sum(1 for at, _one in days if at == day)
        if here > max(0, PER_DAY - (today if day == 0 else 0)):
            return False
    used = [0, 0]
    for at, one in days:
        used[WINDOWS[int(str(at))]] += one in PRIVATE
    return quota == NO_LIMIT or all(n <= left for n, left in zip(used, quota, strict=True))


@given(_towns)
def test_whatever_the_kept_crowds_allow_everybody_may_get(people: list[Somebody]) -> None:
    kept = binding(crowds(people))
    for way in itertools.product([None, *DAYS], repeat=len(MESSAGES)):
        everybody = all(has_room(one.gets, one.today, one.week, one.quota, way) for one in people)
        told = all(has_room(one.touches, one.had_today, one.had_week, one.quota, way) for one in kept)
        assert told == everybody


@given(_towns)
def test_everybody_is_counted_once_and_no_kept_crowd_is_covered_by_another(people: list[Somebody]) -> None:
    every = crowds(people)
    assert sum(one.size for one in every) == len(people)
    assert len({(one.touches, one.had_today, one.had_week, one.quota) for one in every}) == len(every)
    for one, other in itertools.permutations(binding(every), 2):
        is_covered = (
            one.touches <= other.touches
            and one.had_today <= other.had_today
            and one.had_week <= other.had_week
        )
        may_get_less = other.quota == NO_LIMIT != one.quota or any(
            mine < theirs for mine, theirs in zip(one.quota, other.quota, strict=False)
        )
        assert not is_covered or may_get_less


def test_who_had_more_in_the_week_stays_beside_a_larger_crowd() -> None:
    larger = Crowd(50, frozenset({1, 2, 3}), 0, 0, NO_LIMIT)
    tired = Crowd(2, frozenset({1, 2}), 0, 14, NO_LIMIT)
    fresh = Crowd(9, frozenset({1, 2}), 0, 0, NO_LIMIT)
    assert binding([fresh, tired, larger]) == [larger, tired]
