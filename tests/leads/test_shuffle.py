"""The promise at its full size: 100,000 behaviours in 20 orders of arrival end in identical tiers and histories."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from leads.policies.history import log_rows, tier_at
from leads.policies.rules import BUILT_IN, rule_parse
from leads.policies.tiers import Act, Result, Window, tier_of

pytestmark = pytest.mark.unit

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(days=33))
AS_OF = START + timedelta(days=20)
RULE = rule_parse(1, BUILT_IN)
BEHAVIOURS, PEOPLE, ORDERS = 100_000, 2_000, 20
KINDS = ["purchase_click", "pay_click", "lesson", "assignment", "message", "order"]
WEIGHTS = [10, 0.3, 12, 10, 6, 0.4]


def stream(rng: random.Random) -> list[tuple[int, Act]]:
    """Every tenth behaviour shares its moment with another one, so that ties in time are tried too."""
    made = []
    for number in range(BEHAVIOURS):
        second = rng.randrange(20 * 86400) // 600 * 600 if number % 10 == 0 else rng.randrange(20 * 86400)
        kind = rng.choices(KINDS, WEIGHTS)[0]
        one = Act(
            id=number, key=f"e{number}", kind=kind, at=START + timedelta(seconds=second),
            object_id=rng.choice("abc"), text=rng.choice(["多少钱", "好的"]) if kind == "message" else "",
        )  # fmt: skip
        made.append((rng.randrange(PEOPLE), one))
    return made


def judged(arrived: dict[int, list[Act]]) -> dict[int, Result]:
    return {who: tier_of(acts, rule=RULE, window=WINDOW, as_of=AS_OF) for who, acts in arrived.items()}


def test_100000_behaviours_in_20_orders_give_identical_tiers_and_histories():
    rng = random.Random(20261122)
    arrivals = stream(rng)
    expected: dict[int, Result] = {}
    for order in range(ORDERS):
        rng.shuffle(arrivals)
        arrived: dict[int, list[Act]] = defaultdict(list)
        logs: dict[int, dict[datetime, str]] = defaultdict(dict)
        for who, act in arrivals:
            arrived[who].append(act)
            # A history is written while behaviours still arrive, so what comes late has to correct it.
            if order % 5 == 0 and len(arrived[who]) == BEHAVIOURS // PEOPLE // 2:
                half = tier_of(arrived[who], rule=RULE, window=WINDOW, as_of=AS_OF)
                logs[who].update({at: now for at, _, now in log_rows({}, half.steps)})
        found = judged(arrived)
        expected = expected or found
        assert found == expected
        for who, result in found.items():
            logs[who].update({at: now for at, _, now in log_rows(logs[who], result.steps)})
            assert all(tier_at(result.steps, at) == now for at, now in logs[who].items())
            assert {one.at for one in result.steps} <= set(logs[who])
    assert {one.tier for one in expected.values()} == {"", "A+", "A", "B"}
