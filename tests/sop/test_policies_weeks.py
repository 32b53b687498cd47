"""Small but hard weeks: several limits bind at once, values are equal, people overlap. The plan against every way.

Each week is drawn as the planner makes it: messages with staff minutes, groups with a day's limit, crowds of people who
had something earlier, WeCom's quota, quiet hours, moves to later days.
"""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sop.policies.schedule import Option, Place, Wish, _Search, first_come, plan_week

pytestmark = pytest.mark.unit
DAYS = 3
VALUES = (30, 30, 31, 45, 45, 60, 90)
Week = tuple[list[Wish], dict[Place, int]]
_few = st.integers(0, 2)


@st.composite
def _crowd(draw: st.DrawFn, messages: int) -> tuple[frozenset[int], int, int, int]:
    """(messages, had today, room of the week, private messages left)"""
    reached = draw(st.frozensets(st.integers(0, messages - 1), min_size=2))
    return reached, draw(st.integers(0, 1)), draw(st.integers(1, 4)), draw(st.integers(0, 3))


def _uses(day: int, group: int, staff: int, cost: int, mine: list[int]) -> tuple[tuple[Place, int], ...]:
    """What a message uses on a day, in the order the gate asks; the third "group" is a private message."""
    found = [(Place("GROUP-01", str(group), str(day)), 1)] if group < 2 else []
    found += [(Place("QUOTA-01", str(n), ""), 1) for n in mine if group == 2]
    found += [(Place("CAP-01", str(n), str(day)), 1) for n in mine]
    found += [(Place("CAP-02", str(n), ""), 1) for n in mine]
    return (*found, *([(Place("LOAD-01", str(staff), str(day)), cost)] if cost else ()))


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    """Four to seven messages on three days."""
    count = draw(st.integers(4, 7))
    crowds = draw(st.lists(_crowd(count), min_size=1, max_size=4))
    per_day, minutes = draw(st.integers(1, 2)), draw(st.integers(15, 40))
    room: dict[Place, int] = {
        Place("GROUP-01", str(n), str(day)): 1 + n for n in range(2) for day in range(DAYS)
    }
    room |= {Place("LOAD-01", str(n), str(day)): minutes for n in range(2) for day in range(DAYS)}
    for n, (_reached, today, week, quota) in enumerate(crowds):
        room |= {
            Place("CAP-01", str(n), str(day)): max(0, per_day - (today if not day else 0))
            for day in range(DAYS)
        }
        room |= {Place("CAP-02", str(n), ""): week, Place("QUOTA-01", str(n), ""): quota}
    wishes = []
    for number in range(count):
        group, staff = draw(_few), draw(st.integers(0, 1))
        cost = draw(st.sampled_from((0, 5, 10, 13, 15, 20)))
        mine = [n for n, one in enumerate(crowds) if number in one[0]]
        value, day, is_quiet = draw(st.sampled_from(VALUES)), draw(_few), draw(st.integers(0, 5)) == 0
        later = [day + n for n in range(1, draw(_few) + 1) if day + n < DAYS]
        options = [
            Option(value - n * max(1, value // 50), _uses(at, group, staff, cost, mine), at)
            for n, at in enumerate([*([] if is_quiet else [day]), *later], start=int(is_quiet))
        ]
        own = _uses(day, group, staff, cost, mine)
        wishes.append(Wish(number, tuple(options), int(not is_quiet), "QUIET-01" if is_quiet else "", own))
    return wishes, room


def best_of(wishes: list[Wish], room: dict[Place, int], used: Counter[Place] | None = None) -> int:
    """The value of the best of every way to carry these wishes out beside what is used."""
    if not wishes:
        return 0
    used = Counter() if used is None else used
    first, rest = wishes[0], wishes[1:]
    best = best_of(rest, room, used)
    for option in first.options:
        if all(used[place] + amount <= room[place] for place, amount in option.uses):
            used.update(dict(option.uses))
            best = max(best, option.value + best_of(rest, room, used))
            used.subtract(dict(option.uses))
    return best


def used_by(wishes: list[Wish], chosen: dict[int, int | None], but: int | None = None) -> Counter[Place]:
    used: Counter[Place] = Counter()
    for wish in wishes:
        taken = chosen[wish.key]
        if taken is not None and wish.key != but:
            used.update(dict(wish.options[taken].uses))
    return used


def binds(wish: Wish, used: Counter[Place], room: dict[Place, int]) -> Place | None:
    """The first limit, in the order the gate asks, that has no room for a wish at its own time."""
    if wish.ruled_out:
        return Place(wish.ruled_out, "", "")
    return next((place for place, amount in wish.uses if used[place] + amount > room[place]), None)


@given(weeks())
def test_a_hard_week_is_worth_as_much_as_its_best_way_and_names_what_binds(week: Week) -> None:
    wishes, room = week
    made = plan_week(wishes, room)
    chosen = dict(made.chosen)
    assert all(count <= room[place] for place, count in used_by(wishes, chosen).items())
    worth = sum(one.options[n].value for one in wishes if (n := chosen[one.key]) is not None)
    best = best_of(wishes, room)
    assert (made.value, made.bound, made.is_proven) == (worth, best, True)
    assert worth == best
    told = {one.key: binds(one, used_by(wishes, chosen, one.key), room) for one in wishes}
    late = {one.key for one in wishes if one.ruled_out or chosen[one.key] != 0}
    assert made.binding == {key: place for key, place in told.items() if key in late}
    assert None not in made.binding.values()


@given(weeks())
@settings(max_examples=60)
def test_the_search_finds_the_best_from_a_poor_start(week: Week) -> None:
    """Greed and exchange often have the best already: here the search begins with nothing, and with one wish alone."""
    wishes, room = week
    best = best_of(wishes, room)
    for first in (None, 0):
        search = _Search(wishes, room)
        start = [-1] * len(wishes)
        if first is not None and search.options[first]:
            start[first] = 0
        search._keep(start)
        bound = search._find_prices(rounds=250)
        search._branch(50_000)
        assert (search.best_value, search.is_proven) == (best, True)
        assert bound > best - 0.001


@given(weeks(), st.integers(0, 30))
@settings(max_examples=60)
def test_a_search_that_is_cut_off_never_says_less_than_the_best(week: Week, nodes: int) -> None:
    wishes, room = week
    made = plan_week(wishes, room, nodes=nodes, rounds=3)
    best = best_of(wishes, room)
    assert made.value <= best <= made.bound
    assert not made.is_proven or made.value == best
    assert all(count <= room[place] for place, count in used_by(wishes, dict(made.chosen)).items())


@given(weeks())
@settings(max_examples=60)
def test_first_come_takes_declared_options_alone_and_names_what_was_full_then(week: Week) -> None:
    wishes, room = week
    made = first_come(wishes, room)
    used: Counter[Place] = Counter()
    for wish in wishes:
        free = [
            n
            for n, one in enumerate(wish.options[: wish.declared])
            if all(used[place] + amount <= room[place] for place, amount in one.uses)
        ]
        assert made.chosen[wish.key] == (free[0] if free else None)
        if wish.key in made.binding:
            assert made.binding[wish.key] == binds(wish, used, room)
        if free:
            used.update(dict(wish.options[free[0]].uses))
    assert made.value <= best_of(wishes, room)
