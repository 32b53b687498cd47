"""Whether money spent on one channel would buy more on another (R106). Pure; it compares, it names no cause."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

from tenants.rates import wilson

FEW = 30  # people below whom a channel is not judged
SURE = 0.95  # of all comparisons together


@dataclass(frozen=True, slots=True)
class Spend:
    """One channel: what it cost in fen, whom that brought, and how many of them bought."""

    channel_id: int
    cost_fen: int
    people: int
    bought: int

    def buyer_fen(self, z: float) -> tuple[float, float] | None:
        """What a buyer costs, (at least, at most); None for few people or no cost. `at most` is infinite for none."""
        if self.people < FEW or self.cost_fen <= 0:
            return None
        low, high = wilson(self.bought, self.people, z) or (0.0, 1.0)
        each = self.cost_fen / self.people
        return each / high, (each / low if low > 0 else float("inf"))


@dataclass(frozen=True, slots=True)
class Shift:
    """Money would buy more at `to` than at `away`: even at its dearest a buyer costs less there."""

    away: Spend
    to: Spend


def judged(spends: Iterable[Spend]) -> list[Spend]:
    """The channels that can be compared: with a cost, and not of too few people."""
    return [one for one in spends if one.people >= FEW and one.cost_fen > 0]


def shift(spends: Iterable[Spend]) -> Shift | None:
    """The clearest move, from the dearest channel to the cheapest; None where chance could explain every difference.

    The intervals hold for all pairs together (Bonferroni), so that of many alike channels hardly ever one is named.
    The same in any order of `spends`.
    """
    found = sorted(judged(spends), key=lambda one: one.channel_id)
    pairs = len(found) * (len(found) - 1) // 2
    if not pairs:
        return None
    z = NormalDist().inv_cdf(1 - (1 - SURE) / (2 * pairs))
    best: tuple[float, Shift] | None = None
    for to in found:
        for away in found:
            cheap, dear = to.buyer_fen(z), away.buyer_fen(z)
            if cheap is None or dear is None or cheap[1] >= dear[0]:
                continue
            gap = dear[0] / cheap[1]
            if best is None or gap > best[0]:
                best = gap, Shift(away, to)
    return best[1] if best else None
