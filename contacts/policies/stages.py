"""The seven trust stages (R33), pure: which one the evidence reaches, and what a move may be.

Each stage has one rule over counted acts; the furthest whose rule holds is reached, whatever lies before it. Acts of
others about a person are no evidence, and nothing is guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

UNAWARE, CURIOUS, MET, UNDERSTANDS, FAMILIAR, BOUGHT, SHARES = range(1, 8)
FIRST, LAST = UNAWARE, SHARES
STAGES: Final = tuple(range(FIRST, LAST + 1))

# What is counted of a person.
SEEN, FRIENDS, SPOKE, LEARNT, DAYS, ORDERS = "seen", "friends", "spoke", "learnt", "days", "orders"


@dataclass(frozen=True, slots=True)
class Need:
    """One way into a stage: each of these counts at least so often."""

    stage: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reached:
    """The furthest stage the evidence reaches and what was counted for it: {count: [found, needed]}."""

    stage: int
    evidence: Mapping[str, tuple[int, int]]


def needs_of(*, learnt: int, days: int) -> tuple[Need, ...]:
    """The rules, furthest first; `learnt` lessons or views for stage 4, `days` active days for stage 5.

    Sharing has no act on record of its own yet: staff say it, with a reason.
    """
    return (
        Need(BOUGHT, {ORDERS: 1}),
        Need(FAMILIAR, {DAYS: days, SPOKE: 1}),
        Need(UNDERSTANDS, {LEARNT: learnt}),
        Need(MET, {FRIENDS: 1}),
        Need(MET, {SPOKE: 1}),
        Need(CURIOUS, {SEEN: 1}),
    )


def reached(counts: Mapping[str, int], needs: tuple[Need, ...]) -> Reached:
    """The furthest stage whose rule holds; the first stage needs nothing."""
    for need in needs:
        if all(counts.get(name, 0) >= least for name, least in need.counts.items()):
            return Reached(
                need.stage, {name: (counts.get(name, 0), least) for name, least in need.counts.items()}
            )
    return Reached(UNAWARE, {})


def moves_forward(present: int, found: Reached) -> bool:
    """The system only moves forward; back is for people, with a reason."""
    return found.stage > present
