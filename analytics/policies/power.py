"""What a test can find, told before it starts: the smallest detectable effect, from the groups' own past. Pure.

No formula and no bell curve: the draw is made many times over with what the groups did in a past period of the same
length, in which no version was at work. Each time the interval of the difference says which effect would have been
needed for the test to find it. Four of five draws find the smallest detectable effect; in generated
worlds 71% of tests do (docs/insights.md): that rarer buyers differ less than frequent ones is not reckoned with yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf
from random import Random

from analytics.policies.lift import ALPHA, Outcome, difference
from analytics.policies.randomising import assign

CHANCE = 0.8
TRIALS = 200
DRAWS = 399
BASE_RATE = 0.10  # R104: until own history exists
BASE_SPREAD = 0.04  # standard deviation of groups' rates around it, as long as nothing is known of them


@dataclass(frozen=True, slots=True)
class Past:
    """What a group did before: `buyers` of the `cohort` (≥ 1) in a period as long as the test's."""

    group_id: int
    stratum: str
    buyers: int
    cohort: int


@dataclass(frozen=True, slots=True)
class Reach:
    """Which effects a test finds. `needed`: of each trial the effect that it would have taken, rising; inf: none."""

    needed: tuple[float, ...]

    @property
    def smallest(self) -> float | None:
        """The smallest effect found with a chance of 80%; None: no effect of any size, the groups are too few."""
        found = self.needed[ceil(CHANCE * len(self.needed)) - 1]
        return None if found == inf else found

    def power(self, effect: float) -> float:
        """The chance to find this effect, 0 to 1."""
        return sum(1 for one in self.needed if one < abs(effect)) / len(self.needed)


def reach(
    past: Sequence[Past], *, arms: Sequence[str], seed: str, comparisons: int = 1, trials: int = TRIALS,
    draws: int = DRAWS,
) -> Reach:  # fmt: skip
    """Which effects a test of these groups finds between any two of its arms, were it drawn today.

    `comparisons`: how many are judged together; each may then be wrong less often. Safe to repeat: the same input
    gives the same answer. Raises ValueError with fewer than two arms.
    """
    if len(arms) < 2:
        raise ValueError("a test needs two arms")
    stratum_of = {one.group_id: one.stratum for one in past}
    needed = []
    for trial in range(trials):
        drawn = assign(stratum_of, arms=arms, seed=f"{seed}:{trial}")
        needed.append(_needed(past, drawn, arms, f"{seed}:{trial}", draws, ALPHA / comparisons))
    return Reach(tuple(sorted(needed)))


def _needed(
    past: Sequence[Past], drawn: Mapping[int, str], arms: Sequence[str], seed: str, draws: int, miss: Fraction
) -> float:
    outcomes = [
        Outcome(one.group_id, one.stratum, drawn[one.group_id], one.buyers, one.cohort) for one in past
    ]
    found = difference(outcomes, treated=arms[0], control=arms[1], seed=seed, draws=draws, miss=miss)
    return inf if found.low is None else -found.low


def assumed_past(
    cohorts: Mapping[int, int], stratum_of: Mapping[int, str], *, seed: str, base_rate: float = BASE_RATE,
    spread: float = BASE_SPREAD,
) -> list[Past]:  # fmt: skip
    """Groups without history: each with a rate around the base rate, and buyers by chance. Whoever shows what follows
    says that it is assumed."""
    random = Random(f"qunce.lift.past:{seed}")
    whole = base_rate * (1 - base_rate) / spread**2 - 1
    found = []
    for group_id, cohort in sorted(cohorts.items()):
        rate = random.betavariate(base_rate * whole, (1 - base_rate) * whole)
        buyers = sum(random.random() < rate for _person in range(cohort))
        found.append(Past(group_id, stratum_of[group_id], buyers, cohort))
    return found
