"""The circles of a group (R21), pure: core, influence, periphery by what was done in the 14 days before a day.

Core: active on enough days, and gave something: a share, an answer to another member, a referral. Influence: active on
some days, or gave. Everybody else: periphery. Facts are sets of days, so neither order nor repetition matters.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

CORE, INFLUENCE, PERIPHERY = "core", "influence", "periphery"
CIRCLES: Final = (CORE, INFLUENCE, PERIPHERY)
ENGAGED: Final = (CORE, INFLUENCE)
SHARE, ANSWER, REFERRAL = "share", "answer", "referral"
WINDOW_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Rule:
    """The tenant's settings."""

    core_days: int = 8
    influence_days: int = 4


@dataclass(frozen=True)
class Did:
    """What is known of one member of one group: local days active, and {share | answer | referral: its days}."""

    active: frozenset[date] = frozenset()
    gave: Mapping[str, frozenset[date]] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """The circle of a day, and what was counted for it."""

    circle: str
    active_days: int = 0
    gave: Mapping[str, int] = field(default_factory=dict)  # {kind: days on which}


def standing(did: Did, day: date, rule: Rule) -> Standing:
    """Where somebody stands on a day, by the 14 days before it."""
    first = day - timedelta(days=WINDOW_DAYS)
    active = sum(first <= one < day for one in did.active)
    gave = {kind: sum(first <= one < day for one in days) for kind, days in sorted(did.gave.items())}
    gave = {kind: count for kind, count in gave.items() if count}
    if active >= rule.core_days and gave:
        return Standing(CORE, active, gave)
    if active >= rule.influence_days or gave:
        return Standing(INFLUENCE, active, gave)
    return Standing(PERIPHERY, active, gave)


@dataclass(frozen=True)
class Spell:
    """A circle held from a day until another; None: still. `last` is the standing of its last day."""

    from_day: date
    until_day: date | None
    last: Standing


def spells(did: Did, days: Iterable[date], rule: Rule, *, last_day: date) -> list[Spell]:
    """The spells over the days on which somebody sat in the group; one that reaches `last_day` is still open."""
    found: list[Spell] = []
    for day in sorted(set(days)):
        now = standing(did, day, rule)
        before = found[-1] if found else None
        if before and before.until_day == day and before.last.circle == now.circle:
            found[-1] = Spell(before.from_day, day + timedelta(days=1), now)
        else:
            found.append(Spell(day, day + timedelta(days=1), now))
    if found and found[-1].until_day == last_day + timedelta(days=1):
        found[-1] = Spell(found[-1].from_day, None, found[-1].last)
    return found


@dataclass(frozen=True)
class Beside:
    """Share of the periphery active on days after core activity and on other days; None: too few such days."""

    days_after: int
    days_other: int
    after: float | None
    other: float | None


LEAST_DAYS: Final = 3


def beside(
    *, days: Iterable[date], core_active: Iterable[date], periphery_share: Mapping[date, float]
) -> Beside:
    """Set the periphery's activity on days whose day before saw the core give, beside the other days.

    An association: nothing here says that one brings the other.
    """
    seen = set(core_active)
    wanted = [day for day in sorted(set(days)) if day in periphery_share]
    after = [periphery_share[day] for day in wanted if day - timedelta(days=1) in seen]
    other = [periphery_share[day] for day in wanted if day - timedelta(days=1) not in seen]
    return Beside(len(after), len(other), _mean(after), _mean(other))


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if len(values) >= LEAST_DAYS else None
