"""The seven trust stages (R33), pure: which one the evidence reaches, and what a move may be.

Each stage has one rule over counted acts; the furthest whose rule holds is reached, whatever lies before it. Acts of
others about a person are no evidence, and nothing is guessed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

UNAWARE, CURIOUS, MET, UNDERSTANDS, FAMILIAR, BOUGHT, SHARES = range(1, 8)
FIRST, LAST = UNAWARE, SHARES
STAGES: Final = tuple(range(FIRST, LAST + 1))

# What is counted of a person; `brought`: others who joined a group by this person's invitation.
SEEN, FRIENDS, SPOKE, LEARNT, DAYS, ORDERS, BROUGHT = (
    "seen", "friends", "spoke", "learnt", "days", "orders", "brought",
)  # fmt: skip
COUNTS: Final = (SEEN, FRIENDS, SPOKE, LEARNT, DAYS, ORDERS, BROUGHT)
MOST: Final = 1000  # a rule may ask for at most so many of anything


@dataclass(frozen=True)
class StageRule:
    """What brings people to one stage: each of these counts at least so often, or `any_of` them. Without counts nobody
    gets there by itself: staff say it, with a reason."""

    counts: Mapping[str, int]
    any_of: bool = False


# Where a company set nothing of its own. The first stage needs nothing.
BUILT_IN: Final[Mapping[int, StageRule]] = {
    CURIOUS: StageRule({SEEN: 1}),
    MET: StageRule({FRIENDS: 1, SPOKE: 1}, any_of=True),
    UNDERSTANDS: StageRule({LEARNT: 3}),
    FAMILIAR: StageRule({SPOKE: 1, DAYS: 8}),
    BOUGHT: StageRule({ORDERS: 1}),
    SHARES: StageRule({ORDERS: 1, BROUGHT: 1}),
}


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


def needs_of(rules: Mapping[int, StageRule]) -> tuple[Need, ...]:
    """The ways into the stages, furthest stage first; one with `any_of` has a way for each count."""
    ways: list[Need] = []
    for stage in sorted(rules, reverse=True):
        rule = rules[stage]
        told = {name: rule.counts[name] for name in COUNTS if name in rule.counts}
        each = [{name: least} for name, least in told.items()] if rule.any_of else [told] if told else []
        ways += [Need(stage, counts) for counts in each]
    return tuple(ways)


def waits_for(name: str, counts: Mapping[str, int], needs: Iterable[Need]) -> bool:
    """Whether some way into a stage asks for this count and has everything else it asks for."""
    return any(
        name in need.counts
        and all(counts.get(other, 0) >= least for other, least in need.counts.items() if other != name)
        for need in needs
    )


def is_rule(stage: int, rule: StageRule) -> bool:
    """Whether a company may set it: a stage after the first, known counts, each 1 to MOST."""
    fits = all(name in COUNTS and 1 <= least <= MOST for name, least in rule.counts.items())
    return FIRST < stage <= LAST and fits


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
