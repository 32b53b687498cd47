"""Sharing leads out by skill and load (R71): whom each should go to, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from leads.enums import TIERS, URGENT_TIERS, ShareReason, Tier

# How much work an open lead is: the sooner it must be answered, the more.
WEIGHTS: Mapping[str, int] = {Tier.S: 4, Tier.A_PLUS: 3, Tier.A: 2, Tier.B: 1, "": 1}
# Who closes: those who sell take what is urgent; those who run groups take those who still learn.
SKILLED: Mapping[str, frozenset[str]] = {
    **{tier: frozenset({"sales", "ops_sales"}) for tier in URGENT_TIERS},
    Tier.B: frozenset({"operations", "ops_sales"}),
}


@dataclass(frozen=True)
class ToShare:
    """A lead to give away. `friends`: staff who can write to the customer at once."""

    lead_id: int
    tier: str
    owner_id: int | None = None
    friends: frozenset[int] = frozenset()


@dataclass
class Hand:
    """A colleague who may take leads. `load`: the weight of their open leads; `kind`: a StaffKind or "" unknown."""

    staff_id: int
    load: int = 0
    kind: str = ""
    is_away: bool = False


@dataclass(frozen=True)
class Proposal:
    """Who should take a lead. `load` is theirs before it. `reasons`: ShareReason, the strongest first."""

    lead_id: int
    staff_id: int | None
    reasons: tuple[str, ...] = ()
    load: int = 0


@dataclass
class _Round:
    hands: dict[int, Hand]
    made: dict[int, Proposal] = field(default_factory=dict)


def share_out(leads: Iterable[ToShare], hands: Iterable[Hand]) -> list[Proposal]:
    """A proposal for each lead, in the order given.

    Whoever is away gets nothing. A customer's friends come first, because only they can write at once; among them, or
    among all, those with the skill for the tier where anybody has it; among those, whoever carries least. The urgent
    are shared first. The same input gives the same answer. Nobody at work: `staff_id` None.
    """
    rows = list(leads)
    state = _Round({one.staff_id: Hand(one.staff_id, one.load, one.kind) for one in hands if not one.is_away})
    for lead in sorted(rows, key=lambda one: (_rank(one.tier), one.lead_id)):
        if lead.owner_id in state.hands:  # what is shared again weighs on nobody while it is on the table
            state.hands[lead.owner_id].load -= WEIGHTS.get(lead.tier, 1)
    for lead in sorted(rows, key=lambda one: (_rank(one.tier), one.lead_id)):
        state.made[lead.lead_id] = _propose(lead, state.hands)
    return [state.made[one.lead_id] for one in rows]


def _rank(tier: str) -> int:
    return TIERS.index(tier) if tier in TIERS else len(TIERS)


def _propose(lead: ToShare, hands: Mapping[int, Hand]) -> Proposal:
    able = list(hands.values())
    if not able:
        return Proposal(lead.lead_id, None, (ShareReason.NOBODY,))
    reasons: list[str] = []
    friends = [one for one in able if one.staff_id in lead.friends]
    if friends:
        able = friends
        reasons.append(ShareReason.FRIEND)
    skilled = [one for one in able if one.kind in SKILLED.get(lead.tier, frozenset())]
    if skilled and len(skilled) < len(able):
        reasons.append(ShareReason.SKILL)
    able = skilled or able
    least = min(one.load for one in able)
    if len(able) > 1:
        reasons.append(ShareReason.LEAST)
    chosen = next((one for one in able if one.staff_id == lead.owner_id and one.load == least), None)
    chosen = chosen or min(able, key=lambda one: (one.load, one.staff_id))
    load = chosen.load
    chosen.load += WEIGHTS.get(lead.tier, 1)
    return Proposal(lead.lead_id, chosen.staff_id, tuple(reasons or [ShareReason.ONLY]), load)
