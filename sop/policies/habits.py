"""How members of a camp behave, as shares counted from past camps or, where there are none, assumed and said so."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

ASSUMED_HITS = 2  # an assumption counts as if it had happened so often: history soon outweighs it


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `of`, together with what is assumed as long as `of` is small. Raises ValueError for hits > of."""

    assumed: float
    hits: int = 0
    of: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.hits <= self.of or not 0 < self.assumed < 1:
            raise ValueError(f"{self.hits} of {self.of}, assumed {self.assumed}")

    @property
    def value(self) -> float:
        """The share to expect, between 0 and 1."""
        return (self.hits + ASSUMED_HITS) / (self.of + ASSUMED_HITS / self.assumed)

    def draw(self, dice: random.Random) -> float:
        """A share that what was counted leaves possible: narrow when much is known."""
        missed = self.of - self.hits + ASSUMED_HITS / self.assumed - ASSUMED_HITS
        return dice.betavariate(self.hits + ASSUMED_HITS, missed)


@dataclass(frozen=True, slots=True)
class Habits:
    """Shares of members unless said otherwise. `told`: a day with at least one message; `asked`: with marketing."""

    late: Share = Share(0.2)  # came after the first day
    overlap: Share = Share(0.1)  # sits in another group of the same camp too
    new: Share = Share(0.8)  # was first seen within the days of a new member before joining
    friends: Share = Share(0.7)  # is a friend of somebody who carries the camp out
    opted_out: Share = Share(0.01)
    leaves: Share = Share(0.004)  # of days of members
    interacts_told: Share = Share(0.06)  # of days of members who have not done the key interaction
    interacts_untold: Share = Share(0.02)
    buys_asked: Share = Share(0.01)  # of days of members who have not bought
    buys_unasked: Share = Share(0.002)
    order_fen: tuple[int, ...] = ()  # amounts of past orders; empty: income is unknown
    camps: int = 0  # past camps it was counted from

    def as_dict(self) -> dict[str, Any]:
        """For keeping: {"late": [assumed, hits, of], ..., "order_fen": [...], "camps": n}."""
        found: dict[str, Any] = {"order_fen": list(self.order_fen), "camps": self.camps}
        for name in SHARES:
            share = getattr(self, name)
            found[name] = [share.assumed, share.hits, share.of]
        return found


SHARES = tuple(one.name for one in fields(Habits) if one.name not in ("order_fen", "camps"))


def habits_of(kept: Mapping[str, Any]) -> Habits:
    """The inverse of `Habits.as_dict`. A share that was not kept yet is the assumed one."""
    shares = {name: Share(*kept[name]) for name in SHARES if name in kept}
    return Habits(**shares, order_fen=tuple(kept["order_fen"]), camps=kept["camps"])


def counted(name: str, hits: int, of: int) -> Share:
    """The share of that name with what was counted."""
    return Share(getattr(Habits(), name).assumed, hits, of)


@dataclass(frozen=True, slots=True)
class Span:
    """A figure with what 80 of 100 flights lay between."""

    middle: int
    low: int
    high: int


def span_of(values: list[int]) -> Span:
    """Median, tenth and ninetieth percentile of at least one value."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return Span(ordered[round(0.5 * last)], ordered[round(0.1 * last)], ordered[round(0.9 * last)])
