"""What a version did, told from chance by the draw itself: rates of arms, their difference, its interval. Pure.

The unit is the group. Its outcome is buyers ÷ its cohort, frozen at the start; each group counts the same, however
many sit in it. An arm's rate is the mean of its groups within each stratum, the strata weighted by how many groups they
hold. A group stays in the arm it was drawn into whatever happened to it (intention to treat).

**Test.** If a version changes nothing, a group's outcome is what it is in either arm, and the draw that was made is one
of all draws that could have been made. p is the share of those with a difference at least as large, the one made among
them. All of them are tried where they are few, otherwise a sample that the seed fixes. p is twice the smaller side.

**Interval.** Those effects that the same test does not refuse. A draw speaks against an effect from one value of it
on, (difference made − difference of the draw) ÷ (1 − how far the draw is the one made), so the interval's ends are two
of these values: nothing is approximated, and it leaves out 0 exactly when the test says so.

Rates are counted in whole billionths, so that draws with the same difference are the same to the last digit.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import combinations, product
from math import comb, lcm, prod, sqrt
from random import Random
from statistics import NormalDist, fmean, variance

BILLION = 1_000_000_000
DRAWS = 9_999
SHOWN_MISS = Fraction(1, 10)  # intervals shown hold 90%
ALPHA = Fraction(1, 20)  # what a finding may be wrong by, all comparisons of a test together
LEAST_POWER = 0.6  # with less, no version is ever named better or worse
# Student's 95% points for 1 to 10 degrees of freedom.
_STUDENT = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812)
MOST_LISTED = 5_000  # draws of one stratum that are written out rather than drawn one by one
# A group's rate and whether it is treated stand in one number, so that a sum of such numbers holds both sums.
_MARK = 1 << 16


class Finding(StrEnum):
    """What may be said of one version beside another."""

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "unclear"  # the interval holds 0: no difference can be told, which is not "no difference"
    WEAK = "weak"  # too few groups to find what was looked for: no version is named, whatever the figures


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one group: `buyers` of the `cohort` (≥ 1) that sat in it at the start."""

    group_id: int
    stratum: str
    arm: str
    buyers: int
    cohort: int

    @property
    def billionths(self) -> int:
        return (2 * self.buyers * BILLION + self.cohort) // (2 * self.cohort)


@dataclass(frozen=True, slots=True)
class ArmRate:
    """An arm's rate with its 90% interval (None with one group, which shows no spread)."""

    arm: str
    groups: int
    buyers: int
    cohort: int
    rate: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Difference:
    """`treated` less `control`, as a share of people (0.03: three more of a hundred).

    `low`, `high`: the 90% interval; None: the groups are too few to bound it on that side. `draws`: how many draws were
    compared, the one made among them; `is_whole`: these are all there are.
    """

    treated: str
    control: str
    effect: float
    low: float | None
    high: float | None
    p: float
    draws: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class _Cell:
    """The groups of both arms in one stratum. `scale` makes strata add up in whole numbers by their weight;
    `wide` is more than any sum of these weights."""

    packed: tuple[int, ...]
    treated: int  # how many of them
    rates: int  # sum of the treated ones
    scale: int
    wide: int


def arm_rates(outcomes: Sequence[Outcome]) -> list[ArmRate]:
    """Each arm's rate, by name. The difference of two of them is what `difference` tells."""
    return [_arm_rate(arm, outcomes) for arm in sorted({one.arm for one in outcomes})]


def _arm_rate(arm: str, outcomes: Sequence[Outcome]) -> ArmRate:
    own = [one for one in outcomes if one.arm == arm]
    within = _by_stratum(own)
    sizes = _sizes(outcomes)
    whole = sum(sizes[name] for name in within)
    parts = {name: sizes[name] / whole for name in within}
    rate = sum(parts[name] * fmean(one.billionths for one in all_) for name, all_ in within.items()) / BILLION
    low = high = None
    if len(own) > 1:
        spread = variance(one.billionths / BILLION for one in own)
        error = sqrt(spread * sum(parts[name] ** 2 / len(all_) for name, all_ in within.items()))
        reach = error * _student(len(own) - 1)
        low, high = max(0.0, rate - reach), min(1.0, rate + reach)
    return ArmRate(
        arm, len(own), sum(one.buyers for one in own), sum(one.cohort for one in own), rate, low, high
    )


def difference(
    outcomes: Sequence[Outcome], *, treated: str, control: str, seed: str, draws: int = DRAWS,
    miss: Fraction = SHOWN_MISS,
) -> Difference:  # fmt: skip
    """One arm less another, with the interval that misses the truth in `miss` of all tests.

    Strata that lack one of both arms tell nothing and are left out. The same input gives the same answer.
    Raises ValueError when no stratum holds both.
    """
    cells = _cells(outcomes, treated, control)
    if not cells:
        raise ValueError("no stratum holds both arms")
    values, same, is_whole = _values(cells, seed, draws)
    compared = len(values) + same + 1
    most = 1 + same + sum(1 for value in values if value <= 0)
    least = 1 + same + sum(1 for value in values if value >= 0)
    values.sort()
    place = int(miss / 2 * compared) - same  # the interval begins at the value of this place, counted from 1
    is_bounded = 1 <= place <= len(values)
    return Difference(
        treated=treated,
        control=control,
        effect=_made(cells) / BILLION,
        low=values[place - 1] / BILLION if is_bounded else None,
        high=values[-place] / BILLION if is_bounded else None,
        p=min(1.0, 2 * min(most, least) / compared),
        draws=compared,
        is_whole=is_whole,
    )


def _by_stratum(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    within = defaultdict(list)
    for one in outcomes:
        within[one.stratum].append(one)
    return dict(within)


def _sizes(outcomes: Sequence[Outcome]) -> Mapping[str, int]:
    return {name: len(all_) for name, all_ in _by_stratum(outcomes).items()}


def _cells(outcomes: Sequence[Outcome], treated: str, control: str) -> list[_Cell]:
    sizes = _sizes(outcomes)
    found = []
    for name, all_ in sorted(_by_stratum([one for one in outcomes if one.arm in (treated, control)]).items()):
        mine = [one for one in all_ if one.arm == treated]
        if 0 < len(mine) < len(all_):
            found.append((name, sorted(all_, key=lambda one: one.group_id), mine))
    common = lcm(*(len(mine) * (len(all_) - len(mine)) for _name, all_, mine in found))
    scales = [sizes[name] * common // (len(mine) * (len(all_) - len(mine))) for name, all_, mine in found]
    wide = 1 + sum(
        scale * len(all_) * len(mine) for scale, (_name, all_, mine) in zip(scales, found, strict=True)
    )
    return [
        _Cell(
            packed=tuple(one.billionths * _MARK + (one.arm == treated) for one in all_),
            treated=len(mine),
            rates=sum(one.billionths for one in mine),
            scale=scale,
            wide=wide,
        )
        for scale, (_name, all_, mine) in zip(scales, found, strict=True)
    ]


def _made(cells: Sequence[_Cell]) -> float:
    """The difference that the draw made, in billionths."""
    top = bottom = 0
    for cell in cells:
        groups, everything = len(cell.packed), sum(one // _MARK for one in cell.packed)
        top += cell.scale * (groups * cell.rates - cell.treated * everything)
        bottom += cell.scale * cell.treated * (groups - cell.treated)
    return top / bottom


def _values(cells: Sequence[_Cell], seed: str, draws: int) -> tuple[list[float], int, bool]:
    """From which effect on each other draw speaks against it; how many draws were the one made; whether all were tried.

    The draw made is not among them where all are tried.
    """
    is_whole = prod(comb(len(cell.packed), cell.treated) for cell in cells) <= draws + 1
    values, same = [], 0
    for parts in _all_draws(cells) if is_whole else _some_draws(cells, seed, draws):
        rates, left = divmod(sum(parts), cells[0].wide)
        if left:
            values.append(rates / left)
        elif not is_whole:
            same += 1
    return values, same, is_whole


def _all_draws(cells: Sequence[_Cell]) -> Iterator[tuple[int, ...]]:
    return product(*(_listed(cell) for cell in cells))


def _some_draws(cells: Sequence[_Cell], seed: str, draws: int) -> Iterator[tuple[int, ...]]:
    random = Random(f"qunce.lift:{seed}")
    return zip(*(_sampled(cell, random, draws) for cell in cells), strict=True)


def _sampled(cell: _Cell, random: Random, draws: int) -> list[int]:
    if comb(len(cell.packed), cell.treated) <= MOST_LISTED:
        return random.choices(_listed(cell), k=draws)  # ten times as fast as drawing each anew
    return [_part(cell, random.sample(cell.packed, cell.treated)) for _number in range(draws)]


def _listed(cell: _Cell) -> list[int]:
    return [_part(cell, chosen) for chosen in combinations(cell.packed, cell.treated)]


def _part(cell: _Cell, chosen: Sequence[int]) -> int:
    """What one draw in this stratum adds: difference made less difference of the draw, and how far it is from the one
    made, in one number."""
    rates, treated = divmod(sum(chosen), _MARK)
    weight = cell.scale * len(cell.packed)
    return weight * (cell.rates - rates) * cell.wide + weight * (cell.treated - treated)


def findings(differences: Sequence[Difference], powers: Sequence[float | None]) -> list[Finding]:
    """What may be said of each comparison of one test; `powers`: the chance, told before the start, to find what was
    looked for (None: not known, as good as none).

    By Holm's rule all of them together are wrong in at most ALPHA of tests in which nothing makes a difference.
    """
    order = sorted(range(len(differences)), key=lambda number: differences[number].p)
    found, holds = [Finding.UNCLEAR] * len(differences), True
    for rank, number in enumerate(order):
        one = differences[number]
        holds = holds and one.p <= ALPHA / (len(order) - rank)
        if (powers[number] or 0.0) < LEAST_POWER:
            found[number] = Finding.WEAK
        elif holds and one.effect:
            found[number] = Finding.BETTER if one.effect > 0 else Finding.WORSE
    return found


def _student(freedom: int) -> float:
    """What a 90% interval reaches, in standard errors: the 95% point of Student's distribution."""
    if freedom <= len(_STUDENT):
        return _STUDENT[freedom - 1]
    z = NormalDist().inv_cdf(0.95)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
