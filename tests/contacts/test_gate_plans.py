"""100,000 random plans through the gate's rules, against an account of their own: who was really reached by what.

The account knows nothing of the ledger: it looks only at what was asked and answered. A plan that breaks a rule is
made smaller, touch by touch, until nothing more can be taken away, so that a failure names the smallest case.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

import pytest

from contacts.policies import touch_count
from contacts.policies.touch import Ahead, Coming, Decision, Ledger, Limits, Person, TouchRequest, screen
from contacts.policies.touch_count import Count

pytestmark = pytest.mark.unit

PARTS, PLANS = 10, 10_000
NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
# Six records of four people: 2 is also 5, 3 is also 6.
PERSON = {1: 1, 2: 2, 3: 3, 4: 4, 5: 2, 6: 3}
RECORDS = {1: (1,), 2: (2, 5), 3: (3, 6), 4: (4,)}
PEOPLE = {
    one: Person(f"wm{one}", person_id=person, records=RECORDS[person] if len(RECORDS[person]) > 1 else ())
    for one, person in PERSON.items()
}
SOME = [(1,), (2, 5), (1, 2, 3), (3, 6), (4, 5), (1, 2, 3, 4, 5, 6), (6,), (2,), (5, 6, 1)]


@dataclass(frozen=True)
class Plan:
    limits: Limits
    quota: int
    touches: tuple[TouchRequest, ...]
    coming: tuple[tuple[int, int], ...]  # (record, priority) of what is still to come


def make(dice: random.Random) -> Plan:
    limits = Limits(
        "Asia/Shanghai", dice.randint(0, 3), dice.randint(0, 4), dice.randint(0, 3), time(22), time(8)
    )
    touches = tuple(
        TouchRequest(
            key=f"k{dice.randint(0, 6)}" if dice.random() < 0.2 else f"n{number}",
            channel="x",
            customer_ids=dice.choice(SOME),
            group_id=(place := dice.randint(0, 1)) if is_group else None,
            chat_id=f"wr{place}" if is_group else "",
            is_service=dice.random() < 0.1,
            wecom_quota=dice.random() < 0.4,
            priority=dice.choice((10, 50, 90)),
        )
        for number, is_group in enumerate(dice.choices((True, False), k=dice.randint(1, 6)))
    )
    coming = tuple((dice.randint(1, 6), dice.choice((10, 50))) for _ in range(dice.choice((0, 0, 1, 2))))
    return Plan(limits, dice.randint(0, 2), touches, coming)


def run(plan: Plan) -> list[Decision]:
    ledger = Ledger(
        chat_quota=dict.fromkeys(("wr0", "wr1"), plan.quota),
        person_quota=dict.fromkeys((f"wm{one}" for one in PERSON), plan.quota),
    )
    ahead: dict[int, list[Coming]] = {}
    for number, (record, priority) in enumerate(plan.coming):
        ahead.setdefault(record, []).append(Coming(f"c{number}", priority, NOON + timedelta(hours=2)))
    count = Count(ledger, PEOPLE, plan.limits, NOON, Ahead(people=ahead))
    known: dict[str, set[int]] = {}
    made = []
    for touch in plan.touches:
        seen = screen(touch, PEOPLE, plan.limits, NOON)
        seen = count.decide(touch, seen, known.get(touch.key, set())) if seen.allowed else seen
        known.setdefault(touch.key, set()).update(PERSON[one] for one in seen.customer_ids)
        made.append(seen)
    return made


def broken(plan: Plan) -> str:
    """The first rule that the answers break; "" when they keep all."""
    days: Counter[int] = Counter()
    groups: Counter[int] = Counter()
    sends: Counter[str] = Counter()
    reached: set[tuple[str, int]] = set()
    told: set[str] = set()
    for touch, made in zip(plan.touches, run(plan), strict=True):
        if fault := _shape(touch, made):
            return fault
        fresh = {PERSON[one] for one in made.customer_ids} - {who for key, who in reached if key == touch.key}
        if not made.allowed and (fault := _refusal(plan, touch, made, days, groups, sends)):
            return fault
        for who in fresh:
            reached.add((touch.key, who))
            days[who] += not touch.is_service
        if made.allowed and touch.group_id is not None and touch.key not in told:
            groups[touch.group_id] += not touch.is_service
            sends[touch.chat_id] += touch.wecom_quota
        elif made.allowed and touch.wecom_quota and touch.group_id is None:
            sends.update(f"wm{one}" for one in made.customer_ids if PERSON[one] in fresh)
        if made.allowed:
            told.add(touch.key)
    most = min(plan.limits.per_day, plan.limits.per_week)
    over = [
        *(f"person {who}: {n} of {most}" for who, n in days.items() if n > most),
        *(f"group {one}: {n}" for one, n in groups.items() if n > plan.limits.group_per_day),
        *(f"quota {one}: {n} of {plan.quota}" for one, n in sends.items() if n > plan.quota),
    ]
    return over[0] if over else ""


def _shape(touch: TouchRequest, made: Decision) -> str:
    if made.allowed != (made.rule_code == "") or made.allowed != (0 not in made.blocked):
        return f"{touch.key}: a refusal names its rule, and only a refusal"
    if not made.allowed and made.customer_ids:
        return f"{touch.key}: refused, yet somebody is reached"
    if touch.group_id is not None:
        return "" if made.customer_ids in ((), touch.customer_ids) else f"{touch.key}: half a group"
    people = [PERSON[one] for one in made.customer_ids]
    if len(people) != len(set(people)):
        return f"{touch.key}: one person twice"
    every = set(made.customer_ids) | set(made.blocked) - {0}
    return "" if every == set(touch.customer_ids) else f"{touch.key}: somebody is neither reached nor named"


def _refusal(
    plan: Plan,
    touch: TouchRequest,
    made: Decision,
    days: Counter[int],
    groups: Counter[int],
    sends: Counter[str],
) -> str:
    """A refusal by a cap is true: the place named is really used up."""
    most = min(plan.limits.per_day, plan.limits.per_week)
    for one, rule in made.blocked.items():
        if one and rule in ("CAP-01", "CAP-02") and days[PERSON[one]] < most:
            return f"{touch.key}: {rule} for {one}, who has places left"
        if one and rule == "KEPT-01" and not _kept(plan, touch, one, days, most):
            return f"{touch.key}: kept for nothing"
    if made.rule_code == "GROUP-01" and groups[touch.group_id or 0] < plan.limits.group_per_day:
        return f"{touch.key}: the group has places left"
    if made.rule_code == "QUOTA-01" and touch.group_id is not None and sends[touch.chat_id] < plan.quota:
        return f"{touch.key}: the quota is not used up"
    return ""


def _kept(plan: Plan, touch: TouchRequest, one: int, days: Counter[int], most: int) -> bool:
    coming = [p for record, p in plan.coming if PERSON[record] == PERSON[one] and p < touch.priority]
    return bool(coming) and days[PERSON[one]] + len(coming) >= most > days[PERSON[one]]


def smallest(plan: Plan, is_broken: Callable[[Plan], str]) -> Plan:
    """The same fault with as few touches as possible."""
    for number in range(len(plan.touches)):
        less = replace(plan, touches=plan.touches[:number] + plan.touches[number + 1 :])
        if is_broken(less):
            return smallest(less, is_broken)
    return plan


@pytest.mark.parametrize("part", range(PARTS))
def test_no_random_plan_passes_a_cap_or_a_quota(part: int) -> None:
    dice = random.Random(f"gate {part}")
    found = next((plan for plan in (make(dice) for _number in range(PLANS)) if broken(plan)), None)
    least = smallest(found, broken) if found else None
    assert least is None, f"{broken(least)} in {least}"


def test_a_fault_in_the_gate_is_found_and_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(touch_count, "person_of", lambda customer_id, people: customer_id)
    dice = random.Random("fault")
    found = next(plan for plan in (make(dice) for _number in range(PLANS)) if broken(plan))
    least = smallest(found, broken)
    assert len(least.touches) <= 2
    assert broken(least)
