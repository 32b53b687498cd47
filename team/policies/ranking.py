"""How far a person's rate lies from colleagues' with cases of the same difficulty (R127). Pure.

Everybody is compared with the others, difficulty by difficulty: what would the colleagues have reached with this
person's mix? A person is never compared with themselves. Whoever has few cases is not placed. The interval holds for
all who are placed together (Šidák), so one page in twenty at most names somebody by chance alone; it joins Wilson's
interval of the person with the uncertainty of the colleagues' rates (Newcombe, Zou and Donner: MOVER). Cases are taken
as independent of each other: people of one group resemble each other, so where they are counted the page says that
the interval is rather too narrow.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from tenants.rates import wilson

SURE = 0.95  # that no interval of the whole table misses
OTHERS_LEAST = (
    2  # colleagues a difficulty needs beside the person: fewer would be a duel, and would show a single one
)
OTHERS_CASES = 10  # cases these must have together
PLACED_LEAST = 3  # people below whom nobody is placed


@dataclass(frozen=True)
class Cell:
    """What one person had of one difficulty: `hits` of `cases`."""

    staff_id: int
    stratum: str
    cases: int
    hits: int


@dataclass(frozen=True)
class Line:
    """One difficulty of one person beside the colleagues'. `expected`: hits at the colleagues' rate, None without."""

    stratum: str
    cases: int
    hits: int
    others: int
    others_hits: int
    expected: float | None

    @property
    def rate(self) -> float | None:
        return self.hits / self.cases if self.cases else None

    @property
    def others_rate(self) -> float | None:
        return self.others_hits / self.others if self.expected is not None else None


@dataclass(frozen=True)
class Standing:
    """One person. The difference is in shares of one: 0.05 is five points above what colleagues reach with this mix.

    `compared`, `reached`: the cases that had colleagues to compare with, and their hits. `low`, `high`, `best`, `worst`
    are None for whoever is not placed: too few cases, or too few people. `best` to `worst` are the places that cannot
    be excluded.
    """

    staff_id: int
    lines: tuple[Line, ...]
    compared: int
    reached: int
    expected: float
    low: float | None = None
    high: float | None = None
    best: int | None = None
    worst: int | None = None

    @property
    def cases(self) -> int:
        return sum(one.cases for one in self.lines)

    @property
    def hits(self) -> int:
        return sum(one.hits for one in self.lines)

    @property
    def rate(self) -> float | None:
        return self.hits / self.cases if self.cases else None

    @property
    def expected_rate(self) -> float | None:
        return self.expected / self.compared if self.compared else None

    @property
    def difference(self) -> float | None:
        return (self.reached - self.expected) / self.compared if self.compared else None

    @property
    def is_placed(self) -> bool:
        return self.low is not None

    @property
    def verdict(self) -> str:
        """ "above", "below", "level" (cannot be told apart), or "" for whoever is not placed."""
        if self.low is None or self.high is None:
            return ""
        return "above" if self.low > 0 else "below" if self.high < 0 else "level"


def standings(cells: Iterable[Cell], *, cases_least: int) -> list[Standing]:
    """Everybody who had a case: the placed first, by the middle of their possible places, equals by id.

    `cases_least`: comparable cases that a place needs. The order of the cells is of no account.
    """
    people = _lines(cells)
    made = [_unplaced(staff_id, lines) for staff_id, lines in sorted(people.items())]
    enough = [one for one in made if one.compared >= max(cases_least, 1)]
    if len(enough) < PLACED_LEAST:
        return made
    z = sure_for(len(enough))
    placed = _places([_measured(one, z) for one in enough])
    known = {one.staff_id for one in placed}
    return placed + [one for one in made if one.staff_id not in known]


def sure_for(people: int) -> float:
    """How many standard errors an interval reaches so that all of `people` hold together with SURE."""
    return NormalDist().inv_cdf(0.5 + 0.5 * SURE ** (1 / max(people, 1)))


def _lines(cells: Iterable[Cell]) -> dict[int, tuple[Line, ...]]:
    had: dict[str, dict[int, list[int]]] = defaultdict(dict)
    for cell in cells:
        counts = had[cell.stratum].setdefault(cell.staff_id, [0, 0])
        counts[0] += cell.cases
        counts[1] += cell.hits
    people: dict[int, list[Line]] = defaultdict(list)
    for stratum, who in sorted(had.items()):
        all_cases, all_hits = (sum(counts[place] for counts in who.values()) for place in (0, 1))
        busy = sum(1 for counts in who.values() if counts[0])
        for staff_id, (cases, hits) in who.items():
            if not cases:
                continue
            others, others_hits = all_cases - cases, all_hits - hits
            fits = busy - 1 >= OTHERS_LEAST and others >= OTHERS_CASES
            expected = cases * others_hits / others if fits else None
            people[staff_id].append(Line(stratum, cases, hits, others, others_hits, expected))
    return {staff_id: tuple(lines) for staff_id, lines in people.items()}


def _unplaced(staff_id: int, lines: tuple[Line, ...]) -> Standing:
    fit = [one for one in lines if one.expected is not None]
    return Standing(
        staff_id, lines, sum(one.cases for one in fit), sum(one.hits for one in fit),
        sum(one.expected or 0.0 for one in fit),
    )  # fmt: skip


def _measured(one: Standing, z: float) -> Standing:
    """With the interval of the difference."""
    cases = one.compared
    own, expected = one.reached / cases, one.expected / cases
    own_low, own_high = wilson(one.reached, cases, z) or (0.0, 1.0)
    # A rate of 0 or 1 among the colleagues is not known for certain either: two of each are added (Agresti, Coull).
    spread = z * sqrt(
        sum(
            (line.cases / cases) ** 2 * soft * (1 - soft) / line.others
            for line in one.lines
            if line.expected is not None
            for soft in [(line.others_hits + 2) / (line.others + 4)]
        )
    )
    middle = own - expected
    return Standing(
        one.staff_id, one.lines, cases, one.reached, one.expected,
        low=middle - sqrt((own - own_low) ** 2 + spread**2),
        high=middle + sqrt((own_high - own) ** 2 + spread**2),
    )  # fmt: skip


def _places(measured: list[Standing]) -> list[Standing]:
    """With the places that the intervals leave open: whoever lies wholly above is ahead for certain."""
    placed = []
    for one in measured:
        ahead = sum(1 for other in measured if (other.low or 0.0) > (one.high or 0.0))
        behind = sum(1 for other in measured if (other.high or 0.0) < (one.low or 0.0))
        placed.append(Standing(
            one.staff_id, one.lines, one.compared, one.reached, one.expected, one.low, one.high,
            best=1 + ahead, worst=len(measured) - behind,
        ))  # fmt: skip
    return sorted(placed, key=lambda one: ((one.best or 0) + (one.worst or 0), one.staff_id))
