"""The planner's rules: the optimum against brute force, the bound on large weeks, and what binds each message."""

import itertools
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop.policies.schedule import Need, Option, Place, Schedule, Wish, first_come, lacking, plan_week

pytestmark = pytest.mark.unit
PLACES = [Place("CAP-01", str(number), "") for number in range(4)]

_uses = st.dictionaries(st.sampled_from(PLACES), st.integers(1, 3), max_size=4).map(
    lambda one: tuple(one.items())
)
_options = st.lists(st.builds(Option, st.integers(1, 60), _uses), min_size=1, max_size=3).map(tuple)
_weeks = st.lists(_options, min_size=1, max_size=6).map(
    lambda some: [Wish(n, options, 1, "", options[0].uses) for n, options in enumerate(some)]
)
_rooms = st.dictionaries(st.sampled_from(PLACES), st.integers(0, 5), max_size=4)


def used_by(wishes: list[Wish], chosen: dict[int, int | None]) -> tuple[int, Counter[Place]]:
    used: Counter[Place] = Counter()
    value = 0
    for wish in wishes:
        taken = chosen[wish.key]
        if taken is not None:
            value += wish.options[taken].value
            used.update(dict(wish.options[taken].uses))
    return value, used


def fits(used: Counter[Place], room: dict[Place, int]) -> bool:
    return all(used[place] <= most for place, most in room.items())


def has_its_needs(wishes: list[Wish], chosen: dict[int, int | None]) -> bool:
    """Counted by hand: of each need enough of the named options are carried out."""
    needs = [
        need for one in wishes if (taken := chosen[one.key]) is not None for need in one.options[taken].needs
    ]
    return all(
        len([pair for pair in need.any_of if chosen[pair[0]] == pair[1]]) >= need.least for need in needs
    )


def best_of_all(wishes: list[Wish], room: dict[Place, int]) -> int:
    ways = itertools.product(*([None, *range(len(one.options))] for one in wishes))
    chosen = (dict(zip((one.key for one in wishes), way, strict=True)) for way in ways)
    found = (used_by(wishes, one) for one in chosen if has_its_needs(wishes, one))
    return max(value for value, used in found if fits(used, room))


def check(wishes: list[Wish], room: dict[Place, int], made: Schedule) -> None:
    value, used = used_by(wishes, dict(made.chosen))
    assert value == made.value <= made.bound
    assert fits(used, room)
    assert has_its_needs(wishes, dict(made.chosen))


@st.composite
def _weeks_with_needs(draw: st.DrawFn) -> list[Wish]:
    """Some wishes give something, some sell and need one or two of those that are before them."""
    giving = [
        Wish(n, options, 1, "", options[0].uses)
        for n, options in enumerate(draw(st.lists(_options, min_size=1, max_size=3)))
    ]
    pairs = [(one.key, n) for one in giving for n in range(len(one.options))]
    some = st.frozensets(st.sampled_from(pairs), max_size=4)
    needs = st.lists(st.builds(Need, st.just("VALUE-01"), some, st.integers(1, 2)), max_size=2).map(tuple)
    selling = []
    for n, options in enumerate(draw(st.lists(_options, min_size=1, max_size=2))):
        bound = tuple(Option(one.value, one.uses, None, draw(needs)) for one in options)
        selling.append(Wish(10 + n, bound, draw(st.integers(1, len(bound))), "", bound[0].uses))
    return draw(st.permutations([*giving, *selling]))


@given(_weeks_with_needs(), _rooms)
def test_what_needs_something_before_it_is_planned_as_well_as_trying_everything(
    wishes: list[Wish], room: dict[Place, int]
) -> None:
    made = plan_week(wishes, room)
    check(wishes, room, made)
    assert made.is_proven
    assert made.value == made.bound == best_of_all(wishes, room)
    for wish in wishes:
        if made.chosen[wish.key] != 0 and lacking(wish.options[0], made.chosen):
            assert made.binding[wish.key] == Place("VALUE-01", "", "")


@given(_weeks_with_needs(), _rooms)
def test_first_come_sends_nothing_that_lacks_what_it_needs(
    wishes: list[Wish], room: dict[Place, int]
) -> None:
    made = first_come(wishes, room)
    check(wishes, room, made)
    assert made.value <= best_of_all(wishes, room)


@given(_weeks_with_needs(), _rooms, st.integers(0, 20))
def test_a_search_with_needs_that_is_cut_off_still_keeps_them_and_the_bound(
    wishes: list[Wish], room: dict[Place, int], nodes: int
) -> None:
    made = plan_week(wishes, room, nodes=nodes, rounds=5)
    check(wishes, room, made)
    assert made.bound >= best_of_all(wishes, room)


@given(_weeks, _rooms)
def test_a_small_week_is_planned_as_well_as_trying_everything(
    wishes: list[Wish], room: dict[Place, int]
) -> None:
    made = plan_week(wishes, room)
    check(wishes, room, made)
    assert made.is_proven
    assert made.value == made.bound == best_of_all(wishes, room)


@given(_weeks, _rooms)
def test_first_come_keeps_every_limit_and_is_never_better(wishes: list[Wish], room: dict[Place, int]) -> None:
    made = first_come(wishes, room)
    check(wishes, room, made)
    assert made.value <= plan_week(wishes, room).value


@given(_weeks, _rooms)
def test_what_is_not_at_its_own_time_names_a_place_that_has_no_room(
    wishes: list[Wish], room: dict[Place, int]
) -> None:
    made = plan_week(wishes, room)
    for wish in wishes:
        if made.chosen[wish.key] is None:
            place = made.binding[wish.key]
            _value, used = used_by(wishes, dict(made.chosen))
            assert used[place] + dict(wish.uses)[place] > room[place]
    assert set(made.binding) == {one.key for one in wishes if made.chosen[one.key] != 0}


@given(_weeks, _rooms, st.integers(0, 20))
def test_a_search_that_is_cut_off_still_keeps_limits_and_bound(
    wishes: list[Wish], room: dict[Place, int], nodes: int
) -> None:
    made = plan_week(wishes, room, nodes=nodes, rounds=5)
    check(wishes, room, made)
    assert made.bound >= best_of_all(wishes, room)


def test_a_cap_of_one_gives_the_place_to_what_is_worth_more_and_moves_the_other() -> None:
    today, tomorrow = Place("CAP-01", "crowd:0", "2026-03-02"), Place("CAP-01", "crowd:0", "2026-03-03")
    cheap = Wish(1, (Option(30, ((today, 1),)), Option(29, ((tomorrow, 1),))), 1, "", ((today, 1),))
    dear = Wish(2, (Option(90, ((today, 1),)),), 1, "", ((today, 1),))
    room = {today: 1, tomorrow: 1}
    assert first_come([cheap, dear], room).chosen == {1: 0, 2: None}
    made = plan_week([cheap, dear], room)
    assert (made.chosen, made.value) == ({1: 1, 2: 0}, 119)
    assert made.binding == {1: today}


def test_quiet_hours_are_named_where_no_time_is_left() -> None:
    wish = Wish(1, (), 0, "QUIET-01")
    for made in (plan_week([wish], {}), first_come([wish], {})):
        assert made.chosen == {1: None}
        assert made.binding == {1: Place("QUIET-01", "", "")}


def large_week(dice: random.Random) -> tuple[list[Wish], dict[Place, int]]:
    """Twenty groups, five messages a group and day, a third of the people in two groups, five staff."""
    crowds = [{one} for one in range(20)] + [set(dice.sample(range(20), 2)) for _ in range(20)]
    room = {Place("CAP-02", str(n), ""): 15 for n in range(40)}
    room |= {Place("CAP-01", str(n), str(day)): 3 for n in range(40) for day in range(7)}
    room |= {Place("QUOTA-01", str(n), str(day)): 1 for n in range(20) for day in range(7)}
    room |= {Place("LOAD-01", str(n), str(day)): 180 for n in range(5) for day in range(7)}
    wishes = []
    for day, group, number in itertools.product(range(7), range(20), range(5)):
        value, minutes = dice.choice((10, 30, 50, 80)) * dice.randint(100, 200), dice.choice((5, 10, 15))
        options = []
        for later in range(2 if day < 6 else 1):
            mine = [n for n, some in enumerate(crowds) if group in some]
            uses = [(Place("CAP-01", str(n), str(day + later)), 1) for n in mine]
            uses += [(Place("CAP-02", str(n), ""), 1) for n in mine]
            uses += [(Place("QUOTA-01", str(group), str(day + later)), 1)] if number == 0 else []
            uses.append((Place("LOAD-01", str(group % 5), str(day + later)), minutes))
            options.append(Option(value - later * (value // 50), tuple(uses)))
        wishes.append(Wish(len(wishes), tuple(options), 1, "", options[0].uses))
    return wishes, room


def test_a_large_week_comes_within_two_percent_of_its_bound() -> None:
    wishes, room = large_week(random.Random("week"))
    made = plan_week(wishes, room)
    check(wishes, room, made)
    assert len(wishes) == 700
    assert made.gap_percent < 2
    assert made.value > 1.5 * first_come(wishes, room).value
    assert plan_week(wishes, room) == made


def test_options_that_use_more_than_the_last_one_are_counted_with_their_most() -> None:
    place = PLACES[0]
    wishes = [
        Wish(n, (Option(10, ((place, 3),)), Option(9, ((place, 1),))), 1, "", ((place, 3),)) for n in (1, 2)
    ]
    made = plan_week(wishes, {place: 5})
    assert (made.value, sorted(one or 0 for one in made.chosen.values())) == (19, [0, 1])
