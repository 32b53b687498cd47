"""python -m benchmarks.lift [--worlds 1000] [--seed 8]: does the test of versions say what it claims (R104)?

Makes worlds in which the truth is known, and asks the product's own policies. Needs no database.

A world: 12 to 60 groups of 30 to 200 people, of three types and any age, of which types and ages buy differently and
each group differs from its like; one base rate between 5 and 20%. What a group did before resembles what it does now.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from analytics.policies.lift import Difference, Finding, Outcome, difference, findings
from analytics.policies.power import Past, reach
from analytics.policies.randomising import Candidate, assign, strata

KINDS = {"new": 0.0, "paid": 0.04, "flash": -0.015}
WEEK = 7
PAIR = ("A", "base")
THREE = ("A", "B", "base")


@dataclass(frozen=True)
class World:
    """Groups and what nobody knows of them: `rates`, the chance of each group's people to buy without any version."""

    stratum_of: dict[int, str]
    cohorts: dict[int, int]
    rates: dict[int, float]
    past: tuple[Past, ...]
    arms: tuple[str, ...]


def world(random: Random, *, arms: tuple[str, ...]) -> World:
    base, spread = random.uniform(0.05, 0.20), random.uniform(0.01, 0.04)
    groups = [
        Candidate(number, random.choice(tuple(KINDS)), random.randint(30, 200), random.randint(0, 300))
        for number in range(1, random.randint(12, 60) + 1)
    ]
    stratum_of = strata(groups, arms=len(arms))
    rates = {
        one.group_id: min(
            0.9, max(0.005, base + KINDS[one.kind] - 0.01 * (one.age_days > WEEK) + random.gauss(0, spread))
        )
        for one in groups
    }
    cohorts = {one.group_id: one.members for one in groups}
    past = tuple(
        Past(number, stratum_of[number], _buyers(random, cohorts[number], rate), cohorts[number])
        for number, rate in rates.items()
    )
    return World(stratum_of, cohorts, rates, past, arms)


def _buyers(random: Random, people: int, rate: float) -> int:
    return sum(random.random() < rate for _person in range(people))


def test_of(
    one: World, random: Random, *, effects: dict[str, float], seed: str
) -> tuple[list[Outcome], dict]:
    """The world after its test: outcomes of all groups, and each arm's true effect (the mean over all groups)."""
    drawn = assign(one.stratum_of, arms=one.arms, seed=seed)
    after = {
        arm: {group: min(1.0, max(0.0, rate + effects.get(arm, 0.0))) for group, rate in one.rates.items()}
        for arm in one.arms
    }
    outcomes = []
    for group, arm in drawn.items():
        cohort = one.cohorts[group]
        bought = _buyers(random, cohort, after[arm][group])
        outcomes.append(Outcome(group, one.stratum_of[group], arm, bought, cohort))
    return outcomes, {arm: sum(rates.values()) / len(rates) for arm, rates in after.items()}


def compared(
    outcomes: list[Outcome], arms: tuple[str, ...], seed: str, draws: int, miss: Fraction = Fraction(1, 10)
) -> list[Difference]:
    """Every arm but the last beside the last, which is the base."""
    return [
        difference(outcomes, treated=arm, control=arms[-1], seed=seed, draws=draws, miss=miss)
        for arm in arms[:-1]
    ]


def coverage(worlds: int, *, seed: int, draws: int) -> tuple[int, int]:
    """In how many worlds the 90% interval holds the truth, of how many. Effects: from -4 to 8 of a hundred people."""
    held = 0
    for number in range(worlds):
        random = Random(f"{seed}:cover:{number}")
        one = world(random, arms=PAIR)
        outcomes, truth = test_of(one, random, effects={"A": random.uniform(-0.04, 0.08)}, seed=f"{number}")
        found = compared(outcomes, PAIR, f"{number}", draws)[0]
        real = truth["A"] - truth["base"]
        held += (found.low is None or found.low <= real) and (found.high is None or real <= found.high)
    return held, worlds


def false_alarms(worlds: int, *, seed: int, draws: int, arms: tuple[str, ...]) -> tuple[int, int]:
    """In how many worlds where no version changes anything one is named, of how many; every test counts as strong."""
    alarms = 0
    for number in range(worlds):
        random = Random(f"{seed}:{'/'.join(arms)}:{number}")
        outcomes, _truth = test_of(world(random, arms=arms), random, effects={}, seed=f"{number}")
        found = findings(compared(outcomes, arms, f"{number}", draws), [1.0] * (len(arms) - 1))
        alarms += any(one in (Finding.BETTER, Finding.WORSE) for one in found)
    return alarms, worlds


def told_power(worlds: int, *, seed: int, draws: int, again: int = 10) -> tuple[int, int]:
    """How often an effect as large as the smallest detectable one that was told before is found: 80% is claimed."""
    hits = tried = 0
    for number in range(worlds):
        random = Random(f"{seed}:power:{number}")
        one = world(random, arms=PAIR)
        smallest = reach(one.past, arms=PAIR, seed=f"{seed}:{number}").smallest
        if smallest is None:
            continue
        for time_ in range(again):
            name = f"{number}:{time_}"
            outcomes, _truth = test_of(one, random, effects={"A": smallest}, seed=name)
            hits += findings(compared(outcomes, PAIR, name, draws), [1.0])[0] == Finding.BETTER
            tried += 1
    return hits, tried


def measured(worlds: int, seed: int, draws: int) -> Iterator[tuple[str, int, int]]:
    """(what was counted, how often, of how many)."""
    yield "90% interval holds the truth", *coverage(worlds, seed=seed, draws=draws)
    yield "A/A: a version named", *false_alarms(worlds, seed=seed, draws=draws, arms=PAIR)
    yield "A/A/A: any version named", *false_alarms(worlds, seed=seed, draws=draws, arms=THREE)
    yield (
        "effect as small as told before, found",
        *told_power(max(worlds // 10, 1), seed=seed, draws=draws),
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lift")
    parser.add_argument("--worlds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--draws", type=int, default=1999)
    asked = parser.parse_args(arguments)
    started = time.perf_counter()
    for what, count, whole in measured(asked.worlds, asked.seed, asked.draws):
        told = {"what": what, "count": count, "of": whole, "share": round(count / whole, 4)}
        print(json.dumps(told, ensure_ascii=False), flush=True)
    print(f"{time.perf_counter() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
