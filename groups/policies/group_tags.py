"""When a rule gives a group its tag, and on what evidence (R27), pure.

A fact of a group is a whole number or a word; None means that nobody knows it. A condition compares one fact with
one value. What is not known never meets a condition: silence of a group that nobody hears proves nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from groups.enums import Kind, PaymentBasis, Purpose, Risk, Scenario, State

AT_LEAST, AT_MOST, IS = "at_least", "at_most", "is"
CONDITIONS_MAX, NUMBER_MAX = 3, 100_000
SIZE, FILL, STAFF, CUSTOMER_SHARE = "size", "fill_percent", "staff", "customer_percent"
AGE, LEFT, SILENT, ACTIVE, BUYERS = "age_days", "left_days", "silent_days", "active_percent", "buyer_percent"
KIND, STATE, SCENARIO, PURPOSE, PAYMENT = "kind", "state", "scenario", "purpose", "payment_basis"
HEALTH, FROZEN, SERIES = "health", "frozen", "series"

NUMBERS = (SIZE, FILL, STAFF, CUSTOMER_SHARE, AGE, LEFT, SILENT, ACTIVE, BUYERS)
# Words that a fact can be: the stored value. SERIES is any text; compared without regard to case and margins.
WORDS: dict[str, tuple[str, ...]] = {
    KIND: tuple(Kind.values),
    STATE: tuple(State.values),
    SCENARIO: tuple(Scenario.values),
    PURPOSE: tuple(Purpose.values),
    PAYMENT: tuple(PaymentBasis.values),
    HEALTH: tuple(str(one.value) for one in Risk),
    FROZEN: ("yes", "no"),
}
Value = int | str
Facts = Mapping[str, Value | None]


@dataclass(frozen=True, slots=True)
class GroupCondition:
    """`fact` is at least, at most (numbers) or is (words) `value`."""

    fact: str
    op: str
    value: Value


@dataclass(frozen=True, slots=True)
class GroupVerdict:
    """Whether a rule holds, and what was seen for each of its conditions, in their order."""

    holds: bool
    seen: tuple[tuple[GroupCondition, Value | None], ...]


def is_valid(condition: GroupCondition) -> bool:
    """Whether the fact exists, can be compared so, and with that value."""
    value = condition.value
    if condition.fact in NUMBERS:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return condition.op in (AT_LEAST, AT_MOST) and is_whole and 0 <= int(value) <= NUMBER_MAX
    if condition.op != IS or not isinstance(value, str) or not value.strip():
        return False
    return condition.fact == SERIES or value in WORDS.get(condition.fact, ())


def meets(condition: GroupCondition, seen: Value | None) -> bool:
    """Whether one fact meets one condition. What is not known does not."""
    if seen is None:
        return False
    if condition.op == IS:
        return str(seen).strip().casefold() == str(condition.value).strip().casefold()
    return seen >= condition.value if condition.op == AT_LEAST else seen <= condition.value  # type: ignore[operator]


def group_judged(conditions: Sequence[GroupCondition], *, needs_all: bool, facts: Facts) -> GroupVerdict:
    """Whether the conditions hold on these facts; a rule without conditions never holds."""
    seen = tuple((one, facts.get(one.fact)) for one in conditions)
    met = [meets(one, value) for one, value in seen]
    return GroupVerdict(bool(met) and (all(met) if needs_all else any(met)), seen)


def share_percent(part: int, whole: int) -> int | None:
    """Whole percent, rounded down; None when there is nobody to divide by."""
    return 100 * part // whole if whole else None


def evidence_from(verdict: GroupVerdict, *, version: int, needs_all: bool) -> dict[str, Any]:
    """The verdict as it is kept with the tag: JSON values."""
    found = [
        {"fact": one.fact, "op": one.op, "value": one.value, "seen": value} for one, value in verdict.seen
    ]
    return {"version": version, "needs_all": needs_all, "found": found}


def group_conditions_from(raw: Sequence[Mapping[str, Any]]) -> tuple[GroupCondition, ...]:
    """Stored conditions, typed."""
    return tuple(GroupCondition(one["fact"], one["op"], one["value"]) for one in raw)


def group_conditions_to(conditions: Sequence[GroupCondition]) -> list[dict[str, Any]]:
    """The same as they are stored."""
    return [{"fact": one.fact, "op": one.op, "value": one.value} for one in conditions]
