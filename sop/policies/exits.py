"""Who has left a run by a rule of its version. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leads.enums import TIERS
from sop.enums.exits import GROUP_EXITS, PERSON_EXITS, ExitRule

NUMBERED = frozenset({ExitRule.STAGE, ExitRule.GROUP_SIZE, ExitRule.CUSTOMER_TAG, ExitRule.GROUP_TAG})
STAGES = range(1, 8)


@dataclass(frozen=True)
class Exit:
    """One rule. `value`: a tag's id, a tier, a stage, a number of customers; None for a rule that needs none."""

    rule: ExitRule
    value: Any = None

    @property
    def is_personal(self) -> bool:
        return self.rule in PERSON_EXITS


@dataclass(frozen=True)
class PersonFacts:
    """What is known of a person at one moment. `tier` "" and `stage` 0: none."""

    bought: bool = False
    opted_out: bool = False
    present: bool = True
    tags: frozenset[int] = field(default_factory=frozenset)
    tier: str = ""
    stage: int = 0


@dataclass(frozen=True)
class GroupFacts:
    """What is known of a group at one moment. `customers` are those in it now."""

    customers: int = 0
    tags: frozenset[int] = field(default_factory=frozenset)
    frozen: bool = False
    ended: bool = False


def read(stored: Iterable[Mapping[str, Any]]) -> list[Exit]:
    """The rules of a version as stored. Raises ValueError for one that can never be judged."""
    return [_one(raw) for raw in stored]


def _one(raw: Mapping[str, Any]) -> Exit:
    rule, value = ExitRule(raw["rule"]), raw.get("value")
    if rule in NUMBERED and not (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        raise ValueError(f"{rule} needs a number")
    if rule == ExitRule.TIER and value not in TIERS:
        raise ValueError(f"{rule} needs a tier")
    if rule == ExitRule.STAGE and value not in STAGES:
        raise ValueError(f"{rule} needs a stage from 1 to 7")
    return Exit(rule, value)


def write(exits: Iterable[Exit]) -> list[dict[str, Any]]:
    """As `read` takes them, each rule with one value once, in the order of the rules."""
    order = [*PERSON_EXITS, *GROUP_EXITS]
    every = {(one.rule, one.value): one for one in exits}
    rows = sorted(every.values(), key=lambda one: (order.index(one.rule), str(one.value)))
    return [
        {"rule": one.rule.value} if one.value is None else {"rule": one.rule.value, "value": one.value}
        for one in rows
    ]


def person_exit(exits: Sequence[Exit], facts: PersonFacts) -> Exit | None:
    """The first rule that takes this person out, or None."""
    return next((one for one in exits if one.is_personal and _holds_for_person(one, facts)), None)


def _holds_for_person(one: Exit, facts: PersonFacts) -> bool:
    if one.rule == ExitRule.TIER:
        return facts.tier in TIERS and TIERS.index(facts.tier) <= TIERS.index(one.value)
    return {
        ExitRule.BOUGHT: facts.bought,
        ExitRule.OPTED_OUT: facts.opted_out,
        ExitRule.LEFT: not facts.present,
        ExitRule.CUSTOMER_TAG: one.value in facts.tags,
        ExitRule.STAGE: bool(facts.stage) and facts.stage >= (one.value or 0),
    }[one.rule]


def group_exit(exits: Sequence[Exit], facts: GroupFacts) -> Exit | None:
    """The first rule that takes this group out, or None."""
    return next((one for one in exits if not one.is_personal and _holds_for_group(one, facts)), None)


def _holds_for_group(one: Exit, facts: GroupFacts) -> bool:
    return {
        ExitRule.GROUP_SIZE: facts.customers >= (one.value or 0),
        ExitRule.GROUP_TAG: one.value in facts.tags,
        ExitRule.FROZEN: facts.frozen,
        ExitRule.ENDED: facts.ended,
    }[one.rule]
