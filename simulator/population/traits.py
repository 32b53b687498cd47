"""Who a person is: circle, intent and habits, fixed by the seed and the person's id."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import lru_cache

from simulator.world.model import Corp, stream

INTENTS = ("will_buy", "curious", "lurker", "leaver")
INTENT_WEIGHTS = (12, 28, 48, 12)
CIRCLES = ("core", "active", "periphery")


@dataclass(frozen=True)
class Customer:
    """A customer's nature. Chances are per day or per message."""

    intent: str
    circle: str
    lesson_p: float
    assignment_p: float
    click_p: float
    adds_staff_p: float
    leave_p: float
    wakes_at: int
    sleeps_at: int


@dataclass(frozen=True)
class StaffHabits:
    """A staff member's reliability. The chances of prompt, late and reminded add up to less than one."""

    prompt_p: float
    late_p: float
    reminded_p: float
    reads_after_s: int
    wakes_at: int
    sleeps_at: int


_BY_INTENT = {
    # lesson, assignment, click, adds staff, leaves
    "will_buy": (0.75, 0.6, 0.15, 0.7, 0.001),
    "curious": (0.28, 0.45, 0.06, 0.45, 0.004),
    "lurker": (0.02, 0.15, 0.012, 0.25, 0.004),
    "leaver": (0.04, 0.1, 0.01, 0.15, 0.09),
}


def customer(corp: Corp, external_userid: str) -> Customer:
    """The customer's nature; the same at every call."""
    return _nature(corp.seed, external_userid)


@lru_cache(maxsize=200_000)
def _nature(seed: int, external_userid: str) -> Customer:
    rng = stream("customer", seed, external_userid)
    intent = rng.choices(INTENTS, INTENT_WEIGHTS)[0]
    lesson_p, assignment_p, click_p, adds_staff_p, leave_p = _BY_INTENT[intent]
    circle = {"will_buy": "core", "curious": "active"}.get(intent, "periphery")
    warmth = rng.uniform(0.7, 1.2)
    return Customer(
        intent=intent,
        circle=circle,
        lesson_p=min(0.95, lesson_p * warmth),
        assignment_p=min(0.95, assignment_p * warmth),
        click_p=click_p * warmth,
        adds_staff_p=min(0.9, adds_staff_p * warmth),
        leave_p=leave_p,
        wakes_at=rng.choice((7, 7, 8, 9)),
        sleeps_at=rng.choice((21, 22, 22, 23)),
    )


def staff(corp: Corp, userid: str) -> StaffHabits:
    """The staff member's habits; the same at every call."""
    rng = stream("staff", corp.seed, userid)
    return StaffHabits(
        prompt_p=rng.uniform(0.8, 0.93),
        late_p=0.04,
        reminded_p=0.02,
        reads_after_s=rng.randint(60, 900),
        wakes_at=8,
        sleeps_at=22,
    )


def log_uniform(rng: random.Random, low: float, high: float) -> float:
    """A delay that is often short and sometimes long."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))
