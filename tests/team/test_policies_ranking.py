"""Who may be called better than colleagues, and who may not (R127)."""

import random
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from team.policies.ranking import OTHERS_LEAST, Cell, Standing, standings, sure_for

pytestmark = pytest.mark.unit

LEAST = 30


@st.composite
def tables(draw: st.DrawFn) -> list[Cell]:
    """Cells of up to eight people over up to four difficulties."""
    people = draw(st.integers(1, 8))
    made = []
    for staff_id in range(1, people + 1):
        for stratum in draw(st.sets(st.sampled_from("SABC"), max_size=4)):
            cases = draw(st.integers(0, 300))
            made.append(Cell(staff_id, stratum, cases, draw(st.integers(0, cases))))
    return made


def by_id(found: Iterable[Standing]) -> dict[int, Standing]:
    return {one.staff_id: one for one in found}


def test_a_harder_mix_is_no_worse_person() -> None:
    """Everybody reaches 60% of S and 10% of B: the one with B only has the lowest rate and no difference."""
    cells = [
        *(Cell(one, "S", 100, 60) for one in (1, 2, 3)), *(Cell(one, "B", 100, 10) for one in (1, 2, 3)),
        Cell(4, "B", 200, 20), Cell(5, "S", 200, 120),
    ]  # fmt: skip
    found = by_id(standings(cells, cases_least=LEAST))
    assert [round(found[one].rate or 0, 2) for one in (1, 4, 5)] == [0.35, 0.10, 0.60]
    assert [round(found[one].difference or 0, 9) for one in (1, 4, 5)] == [0, 0, 0]
    assert {one.verdict for one in found.values()} == {"level"}
    assert {(one.best, one.worst) for one in found.values()} == {(1, 5)}


def test_who_sells_more_of_equally_difficult_cases_is_named_though_the_raw_rate_is_lower() -> None:
    """Simpson: with hard cases only, 20% where the others reach 10% is better than 55% where they reach 60%."""
    cells = [
        *(Cell(one, "S", 400, 240) for one in (1, 2, 3)), *(Cell(one, "B", 400, 40) for one in (1, 2, 3)),
        Cell(4, "B", 400, 80), Cell(5, "S", 400, 160),
    ]  # fmt: skip
    found = by_id(standings(cells, cases_least=LEAST))
    better, worse = found[4], found[5]
    assert (better.rate, worse.rate) == (0.2, 0.4)
    assert (better.verdict, worse.verdict) == ("above", "below")
    assert (better.best, worse.worst) == (1, 5)
    assert (better.worst or 0) < (worse.best or 0)


def test_who_has_nearly_all_cases_is_measured_by_the_others_not_by_themselves() -> None:
    cells = [Cell(1, "S", 900, 450), Cell(2, "S", 50, 5), Cell(3, "S", 50, 5)]
    found = by_id(standings(cells, cases_least=LEAST))
    assert (found[1].expected_rate, found[1].difference) == (0.1, 0.4)


def test_few_cases_are_shown_and_not_placed() -> None:
    cells = [*(Cell(one, "S", 100, 30) for one in (1, 2, 3)), Cell(4, "S", 29, 29)]
    found = standings(cells, cases_least=LEAST)
    assert [one.staff_id for one in found if one.is_placed] == [1, 2, 3]
    last = found[-1]
    assert (last.staff_id, last.rate, last.verdict, last.best, last.low) == (4, 1.0, "", None, None)


def test_a_case_more_makes_the_thirtieth() -> None:
    cells = [*(Cell(one, "S", 100, 30) for one in (1, 2, 3)), Cell(4, "S", 30, 30)]
    assert len([one for one in standings(cells, cases_least=LEAST) if one.is_placed]) == 4


def test_two_people_are_no_table_and_a_difficulty_of_two_is_no_comparison() -> None:
    """A duel would tell each the other's very figures."""
    duel = standings([Cell(1, "S", 500, 400), Cell(2, "S", 500, 100)], cases_least=LEAST)
    assert [(one.is_placed, one.compared, one.difference) for one in duel] == [(False, 0, None)] * 2
    mixed = [*(Cell(one, "S", 100, 50) for one in (1, 2, 3)), Cell(1, "B", 80, 80), Cell(2, "B", 90, 0)]
    first = by_id(standings(mixed, cases_least=LEAST))[1]
    assert (first.cases, first.compared, first.reached) == (180, 100, 50)
    assert [(one.stratum, one.expected, one.others_rate) for one in first.lines] == [
        ("B", None, None), ("S", 50.0, 0.5),
    ]  # fmt: skip


@pytest.mark.parametrize(("others", "compared"), [(4, 0), (5, 50)])
def test_a_difficulty_that_colleagues_had_nine_times_is_no_comparison_and_ten_times_is(
    others: int, compared: int
) -> None:
    cells = [Cell(1, "S", 50, 20), Cell(2, "S", 5, 2), Cell(3, "S", others, 2)]
    assert by_id(standings(cells, cases_least=LEAST))[1].compared == compared


@pytest.mark.parametrize("reached", [0, 10])
def test_the_fewer_cases_colleagues_had_the_less_is_certain_to_both_sides_also_where_none_succeeded(
    reached: int,
) -> None:
    """Nobody's nought of a few is a certain nought."""
    ends = []
    for times in (1, 100):
        cells = [
            Cell(1, "S", 60, 30), Cell(2, "S", 60, 30), Cell(3, "S", 60, 30),
            *(Cell(one, "A", 20 * times, reached * times) for one in (4, 5)), Cell(6, "A", 60, 30),
        ]  # fmt: skip
        one = by_id(standings(cells, cases_least=LEAST))[6]
        assert one.low is not None
        assert one.high is not None
        ends.append((one.low, one.high))
    (few_low, few_high), (many_low, many_high) = ends
    assert few_low < many_low - 0.005
    assert few_high > many_high + 0.005


@given(tables())
@settings(max_examples=300, deadline=None)
def test_what_holds_for_any_table(cells: list[Cell]) -> None:
    found = standings(cells, cases_least=LEAST)
    placed = [one for one in found if one.is_placed]
    count = len(placed)
    assert {one.staff_id for one in found} == {one.staff_id for one in cells if one.cases}
    assert sum(one.cases for one in found) == sum(one.cases for one in cells)
    assert sum(one.hits for one in found) == sum(one.hits for one in cells)
    assert count == 0 or count >= OTHERS_LEAST + 1
    for one in placed:
        assert one.compared >= LEAST
        assert one.low is not None
        assert one.high is not None
        assert one.difference is not None
        assert one.low <= one.difference + 1e-9
        assert one.difference <= one.high + 1e-9
        assert one.low < one.high
        assert 1 <= (one.best or 0) <= (one.worst or 0) <= count
    for one in placed:  # whoever lies wholly above stands ahead, in the places and on the page
        for other in placed:
            if (one.low or 0) > (other.high or 0):
                assert (one.best or 0) < (other.best or 0)
                assert (one.worst or 0) < (other.worst or 0)
                assert placed.index(one) < placed.index(other)


@given(tables(), st.randoms())
@settings(max_examples=100, deadline=None)
def test_the_order_of_cells_and_their_cutting_are_of_no_account(
    cells: list[Cell], chance: random.Random
) -> None:
    cut = [
        part
        for one in cells
        for part in (
            Cell(one.staff_id, one.stratum, one.cases - one.hits, 0),
            Cell(one.staff_id, one.stratum, one.hits, one.hits),
        )
    ]
    chance.shuffle(cut)
    assert standings(cut, cases_least=LEAST) == standings(cells, cases_least=LEAST)


@given(tables(), st.integers(1, 8))
@settings(max_examples=200, deadline=None)
def test_a_better_result_never_lowers_anybody(cells: list[Cell], staff_id: int) -> None:
    """One miss of a person turns into a hit: their difference, its ends and their places do not fall."""
    place = next(
        (n for n, one in enumerate(cells) if one.staff_id == staff_id and one.hits < one.cases), None
    )
    if place is None:
        return
    old = cells[place]
    better = [*cells[:place], Cell(staff_id, old.stratum, old.cases, old.hits + 1), *cells[place + 1 :]]
    before, after = (by_id(standings(some, cases_least=LEAST))[staff_id] for some in (cells, better))
    assert before.is_placed == after.is_placed
    if (
        before.low is not None
        and after.low is not None
        and before.high is not None
        and after.high is not None
    ):
        assert after.low >= before.low - 1e-9
        assert after.high >= before.high - 1e-9
        assert (after.difference or 0) >= (before.difference or 0) - 1e-9


def world(chance: random.Random, skill: dict[int, float]) -> list[Cell]:
    """Twelve people with mixes of their own; a person's rate is the difficulty's and what they add to it."""
    rates = {"S": 0.55, "A+": 0.4, "A": 0.2, "B": 0.08}
    cells = []
    for staff_id in range(1, 13):
        for stratum, rate in rates.items():
            cases = chance.choice((0, 20, 40, 80, 120))
            share = min(rate + skill.get(staff_id, 0.0), 1.0)
            cells.append(Cell(staff_id, stratum, cases, sum(chance.random() < share for _ in range(cases))))
    return cells


def test_where_nobody_differs_one_page_in_twenty_names_somebody_at_most() -> None:
    chance, wrong, pages = random.Random(127), 0, 400
    for _ in range(pages):
        found = standings(world(chance, {}), cases_least=LEAST)
        wrong += any(one.verdict in ("above", "below") for one in found)
    assert wrong / pages <= 0.05 + 0.02


def test_who_truly_differs_is_found_and_the_interval_holds_the_truth() -> None:
    chance, found_out, held, pages = random.Random(7), 0, 0, 200
    for _ in range(pages):
        one = by_id(standings(world(chance, {1: 0.2}), cases_least=LEAST))[1]
        if one.low is None or one.high is None:
            held, found_out = held + 1, found_out + 1
            continue
        found_out += one.verdict == "above"
        held += one.low <= 0.2 <= one.high
    assert found_out / pages >= 0.8
    assert held / pages >= 0.95


def test_more_people_need_more_certainty() -> None:
    assert [round(sure_for(one), 2) for one in (1, 2, 20)] == [1.96, 2.24, 3.02]
