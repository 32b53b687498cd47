"""What is said of a version: the test is exact, its interval agrees with it, and a weak test names nobody (R104)."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, product
from random import Random
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.policies.lift import Difference, Finding, Outcome, arm_rates, difference, findings
from analytics.policies.power import Past, Reach, assumed_past, reach
from benchmarks import lift as calibration

pytestmark = pytest.mark.unit

PAIR = ("A", "base")
TEN = tuple(range(10))


def outcomes_of(rates: dict[str, list[tuple[str, int]]], cohort: int = 100) -> list[Outcome]:
    """{stratum: [(arm, buyers), ...]} with one group for each pair."""
    pairs = [(name, arm, buyers) for name, all_ in rates.items() for arm, buyers in all_]
    return [Outcome(n, name, arm, buyers, cohort) for n, (name, arm, buyers) in enumerate(pairs, 1)]


def compare(outcomes: list[Outcome], **asked) -> Difference:
    return difference(outcomes, treated="A", control="base", seed="s", **asked)


SMALL = st.lists(st.integers(0, 100), min_size=2, max_size=7).flatmap(
    lambda buyers: st.integers(1, len(buyers) - 1).map(
        lambda cut: [("A" if n < cut else "base", one) for n, one in enumerate(buyers)]
    )
)
SETS = st.dictionaries(st.sampled_from(["x", "y"]), SMALL, min_size=1)


def test_the_exact_p_of_a_known_case():
    # All three of A above all three others: one draw of 20 is as large, and twice that for both sides.
    found = compare(
        outcomes_of({"x": [*[("A", 20 + n) for n in range(3)], *[("base", 5 + n) for n in range(3)]]})
    )
    assert (found.p, found.draws, found.is_whole) == (0.1, 20, True)
    assert found.effect == pytest.approx(0.15)


@given(SMALL)
@settings(max_examples=60, deadline=None)
def test_whatever_the_groups_do_at_most_p_of_all_draws_are_as_sure(groups):
    """The test is exact: over every draw that could have been made, p ≤ x in at most x of them."""
    buyers, treated = [one for _arm, one in groups], sum(arm == "A" for arm, _one in groups)
    told = []
    for chosen in combinations(range(len(buyers)), treated):
        rows = [("A" if n in chosen else "base", one) for n, one in enumerate(buyers)]
        told.append(compare(outcomes_of({"x": rows})).p)
    for limit in set(told):
        assert sum(p <= limit for p in told) <= limit * len(told) + 1e-9


def _relabelled(outcomes: list[Outcome]) -> Iterator[list[Outcome]]:
    """Every draw that could have been made: as many of A in each stratum."""
    strata = [
        [one for one in outcomes if one.stratum == name] for name in sorted({one.stratum for one in outcomes})
    ]
    chosen = [combinations(all_, sum(one.arm == "A" for one in all_)) for all_ in strata]
    for treated in product(*chosen):
        ids = {one.group_id for part in treated for one in part}
        yield [replace(one, arm="A" if one.group_id in ids else "base") for one in outcomes]


def _by_hand(outcomes: list[Outcome]) -> float:
    rates = {one.arm: one.rate for one in arm_rates(outcomes)}
    return rates["A"] - rates["base"]


@given(SETS)
@settings(max_examples=25, deadline=None)
def test_p_is_what_trying_every_draw_by_hand_gives(sets):
    outcomes = outcomes_of(sets)
    made, tried = _by_hand(outcomes), [_by_hand(rows) for rows in _relabelled(outcomes)]
    most, least = sum(one >= made - 1e-9 for one in tried), sum(one <= made + 1e-9 for one in tried)
    assert compare(outcomes).p == pytest.approx(min(1.0, 2 * min(most, least) / len(tried)))


@given(SETS, st.sampled_from([Fraction(1, 10), Fraction(1, 3), Fraction(1, 20)]), st.integers(0, 40))
@settings(deadline=None)
def test_the_interval_leaves_out_nothing_exactly_when_the_test_says_so(sets, miss, draws):
    """Both with all draws and with a sample of them."""
    found = compare(outcomes_of(sets), miss=miss, draws=draws)
    holds = (found.low is None or found.low <= 0) and (found.high is None or found.high >= 0)
    assert holds == (found.p > miss)


def test_a_sample_that_holds_the_draw_made_agrees_with_its_interval_too():
    miss = Fraction(1, 3)
    for number in range(400):
        random = Random(number)
        rows = outcomes_of({"x": [("A" if n < 3 else "base", random.randint(0, 9)) for n in range(6)]})
        found = difference(rows, treated="A", control="base", seed=str(number), draws=18, miss=miss)
        holds = (found.low is None or found.low <= 0) and (found.high is None or found.high >= 0)
        assert holds == (found.p > miss)


def test_strata_too_large_to_write_out_are_sampled_alike():
    """Sixteen of one sort have 12,870 draws: drawn one by one, they give what writing them out gives."""
    rows = outcomes_of({"x": [("A" if n % 2 else "base", (5 * n) % 17) for n in range(16)]})
    sampled, whole = compare(rows), compare(rows, draws=20_000)
    assert (sampled.is_whole, whole.is_whole) == (False, True)
    assert sampled.p == pytest.approx(whole.p, abs=0.02)
    assert (sampled.low, sampled.high) == (
        pytest.approx(whole.low, abs=0.004),
        pytest.approx(whole.high, abs=0.004),
    )


@given(SETS)
@settings(deadline=None)
def test_the_other_way_round_everything_is_mirrored(sets):
    outcomes = outcomes_of(sets)
    there = compare(outcomes, miss=Fraction(1, 3))
    back = difference(outcomes, treated="base", control="A", seed="s", miss=Fraction(1, 3))
    assert back.p == there.p
    assert back.effect == pytest.approx(-there.effect)
    assert back.low == pytest.approx(None if there.high is None else -there.high)
    assert back.high == pytest.approx(None if there.low is None else -there.low)


@given(SETS, st.integers(1, 500))
@settings(deadline=None)
def test_who_buys_more_by_so_much_moves_the_interval_by_just_that(sets, more):
    outcomes = outcomes_of(sets, cohort=1000)
    moved = [
        Outcome(one.group_id, one.stratum, one.arm, one.buyers + more * (one.arm == "A"), 1000)
        for one in outcomes
    ]
    before, after = (compare(rows, miss=Fraction(1, 3)) for rows in (outcomes, moved))
    assert after.effect == pytest.approx(before.effect + more / 1000)
    assert after.low == (None if before.low is None else pytest.approx(before.low + more / 1000))
    assert after.high == (None if before.high is None else pytest.approx(before.high + more / 1000))


def test_each_group_counts_the_same_and_strata_by_how_many_groups_they_hold():
    big = Outcome(1, "x", "A", 0, 10_000)
    rows = [big, Outcome(2, "x", "A", 10, 20), Outcome(3, "x", "base", 1, 4), Outcome(4, "x", "base", 1, 4),
            Outcome(5, "y", "A", 3, 10), Outcome(6, "y", "base", 1, 10)]  # fmt: skip
    rates = {one.arm: one for one in arm_rates(rows)}
    assert rates["A"].rate == pytest.approx((4 * 0.25 + 2 * 0.3) / 6)
    assert (rates["A"].buyers, rates["A"].cohort, rates["A"].groups) == (13, 10_030, 3)
    assert compare(rows).effect == pytest.approx(rates["A"].rate - rates["base"].rate)


def test_an_arms_interval_is_students_over_its_groups():
    rows = outcomes_of({"x": [("A", 10), ("A", 14), ("A", 18), ("base", 5), ("base", 5)]})
    one = arm_rates(rows)[0]
    assert one.rate == pytest.approx(0.14)
    assert (one.low, one.high) == (
        pytest.approx(0.14 - 2.92 * 0.04 / 3**0.5, abs=1e-4),
        pytest.approx(0.2074, abs=1e-4),
    )


def test_the_same_seed_gives_the_same_answer_and_another_nearly_the_same():
    rows = outcomes_of({"x": [("A" if n % 2 else "base", (7 * n) % 31) for n in range(40)]})
    first, again = compare(rows), compare(rows)
    other = difference(rows, treated="A", control="base", seed="t")
    assert first == again
    assert not first.is_whole
    assert first.draws == 10_000
    assert other.p == pytest.approx(first.p, abs=0.03)


def test_four_groups_bound_no_interval_and_name_nobody():
    found = compare(outcomes_of({"x": [("A", 90), ("A", 95), ("base", 1), ("base", 2)]}))
    assert (found.low, found.high) == (None, None)
    assert findings([found], [1.0]) == [Finding.UNCLEAR]


def test_a_weak_test_names_nobody_however_clear_its_figures():
    rows = outcomes_of({"x": [*[("A", 50 + n) for n in TEN], *[("base", n) for n in TEN]]})
    found = compare(rows)
    assert found.p < 0.001
    assert findings([found], [0.6]) == [Finding.BETTER]
    assert findings([found], [0.59]) == [Finding.WEAK]
    assert findings([found], [None]) == [Finding.WEAK]


def test_of_two_versions_each_has_to_be_surer():
    """0.03 alone is enough; beside another comparison it is not, unless the other one is surer still."""

    def told(p: float, effect: float = 0.1) -> Difference:
        return Difference("A", "base", effect, 0.0, 0.2, p, 10_000, False)

    assert findings([told(0.03)], [0.9]) == [Finding.BETTER]
    for other in (0.5, 0.04):
        assert findings([told(0.03), told(other)], [0.9, 0.9]) == [Finding.UNCLEAR, Finding.UNCLEAR]
    assert findings([told(0.03), told(0.02, -0.1)], [0.9, 0.9]) == [Finding.BETTER, Finding.WORSE]


def test_more_groups_find_smaller_effects():
    def smallest(groups: int) -> float:
        past = [Past(n, "x", (n * 7) % 12 + 4, 100) for n in range(groups)]
        return reach(past, arms=PAIR, seed="s", trials=60, draws=199).smallest

    assert 0 < smallest(40) < smallest(10) < 0.2


def test_four_groups_find_no_effect_of_any_size():
    told = reach([Past(n, "x", 10, 100) for n in range(4)], arms=PAIR, seed="s", trials=20)
    assert told.smallest is None
    assert told.power(0.5) == 0


def test_power_grows_from_none_to_four_of_five_at_the_smallest_detectable_effect():
    told = Reach(tuple(n / 100 for n in range(1, 101)))
    assert told.smallest == 0.8
    assert [told.power(effect) for effect in (0.0, 0.5, 0.805, -0.805, 2.0)] == [0.0, 0.49, 0.8, 0.8, 1.0]


def test_groups_without_a_past_are_assumed_around_the_base_rate():
    cohorts = dict.fromkeys(range(400), 100)
    past = assumed_past(cohorts, dict.fromkeys(cohorts, "x"), seed="s")
    assert fmean(one.buyers / one.cohort for one in past) == pytest.approx(0.10, abs=0.01)
    assert assumed_past(cohorts, dict.fromkeys(cohorts, "x"), seed="s") == past


def test_no_arms_to_compare_are_refused():
    with pytest.raises(ValueError, match="no stratum holds both arms"):
        compare(outcomes_of({"x": [("A", 1)], "y": [("base", 1)]}))
    with pytest.raises(ValueError, match="two arms"):
        reach([Past(1, "x", 1, 10)], arms=("A",), seed="s")


def test_in_generated_worlds_the_interval_holds_the_truth_and_nothing_is_seldom_named():
    """200 worlds of each kind; bounds are 90% and 5% with four standard deviations (1,000: docs/insights.md)."""
    held, worlds = calibration.coverage(200, seed=8, draws=399)
    assert 0.90 - 0.085 <= held / worlds <= 0.90 + 0.085
    alarms, worlds = calibration.false_alarms(200, seed=8, draws=399, arms=calibration.THREE)
    assert alarms / worlds <= 0.05 + 0.062
