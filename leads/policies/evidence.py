"""How past camps went: who would have stood in which tier, did what how often, and bought (R69). Pure.

A rate comes with its people and the 95% interval, and without a causal word: who buys also clicks more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from leads.enums import TIERS
from leads.policies.rules import INQUIRY, MESSAGE_KIND, REFUND_KIND, Condition, Rule
from leads.policies.tiers import Act, Mark, Tally, Window, tier_of
from tenants.rates import wilson

LEAST = (1, 2, 3, 4, 5, 7, 10)
FEW = 30  # people below whom a rate says little


@dataclass(frozen=True)
class Past:
    """One person in a camp that is over: the tier by each rule when they bought or when it ended, and what they did.

    `did` counts behaviours inside the camp until the order, clicks within the gap once: {"purchase_click": 4}.
    """

    customer_id: int
    tiers: tuple[str, ...]
    has_bought: bool
    did: dict[str, int]


@dataclass(frozen=True)
class Rate:
    """Of `people`, `bought`; the interval is None where nobody is."""

    people: int
    bought: int

    @property
    def rate(self) -> float | None:
        return self.bought / self.people if self.people else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson(self.bought, self.people)

    @property
    def is_few(self) -> bool:
        return self.people < FEW


def past_of(
    customer_id: int,
    acts: Iterable[Act],
    *,
    rules: Sequence[Rule],
    kinds: Iterable[str],
    window: Window,
    marks: Sequence[Mark] = (),
) -> Past:
    """Judge one person of a camp that is over by each of these rules. The last rule says which order counts.

    Bought: an order inside the camp that was not given back in full since.
    """
    known = list(acts)
    least = rules[-1].won_min_fen
    end = window.ends_at - timedelta(microseconds=1)
    results = [
        tier_of(known, rule=replace(rule, won_min_fen=least), window=window, as_of=end, marks=marks)
        for rule in rules
    ]
    won = results[-1].won
    until = won.at if won else end
    inside = [one for one in known if window.starts_at <= one.at <= until]
    return Past(
        customer_id=customer_id,
        tiers=tuple(one.tier for one in results),
        has_bought=won is not None and not _given_back(won, known),
        did=_counted(inside, kinds, rules[-1]),
    )


def _given_back(order: Act, acts: Iterable[Act]) -> bool:
    """Whether refunds since the order took all of it back; a refund without an amount takes back all."""
    backs = {one.key: one for one in acts if one.kind == REFUND_KIND and one.at >= order.at}.values()
    if any(one.amount_fen is None or order.amount_fen is None for one in backs):
        return True
    return bool(backs) and sum(one.amount_fen or 0 for one in backs) >= (order.amount_fen or 0)


def _counted(acts: Iterable[Act], kinds: Iterable[str], rule: Rule) -> dict[str, int]:
    ordered = sorted({one.key: one for one in acts}.values(), key=lambda one: (one.at, one.key, one.id))
    tallies = {kind: Tally(Condition(kind, frozenset([kind]), 1), rule.click_gap_s) for kind in kinds}
    asked = 0
    for act in ordered:
        if act.kind in tallies:
            tallies[act.kind].add(act)
        elif act.kind == MESSAGE_KIND and any(word in act.text for word in rule.keywords):
            asked += 1
    found = {kind: len(tally.items) for kind, tally in tallies.items() if tally.items}
    return found | ({INQUIRY: asked} if asked else {})


def by_tier(people: Iterable[Past], rule: int) -> dict[str, Rate]:
    """{tier or "" for unranked: rate} by the rule at this place, the highest first."""
    seen = list(people)
    return {tier: _rate(one for one in seen if one.tiers[rule] == tier) for tier in (*TIERS, "")}


def by_behaviour(people: Iterable[Past], kind: str) -> list[tuple[int, Rate]]:
    """[(times at least, rate)], first (0, rate of those who never did it); a step nobody reached is left out."""
    seen = list(people)
    never = (0, _rate(one for one in seen if not one.did.get(kind)))
    steps = [(least, _rate(one for one in seen if one.did.get(kind, 0) >= least)) for least in LEAST]
    return [never, *(one for one in steps if one[1].people)]


def _rate(people: Iterable[Past]) -> Rate:
    found = [one.has_bought for one in people]
    return Rate(len(found), sum(found))
