"""When a rule gives a tag, and on what evidence (R32), pure.

A fact is a count: how often somebody did a thing within some days, on how many whole days somebody was silent, how
much somebody spent. A rule compares counts; what it compared is the evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

SILENT, BOUGHT, SPENT, STAGE = "silent", "bought", "spent", "stage"
DID, CHANNEL, TIER, CIRCLE, ORDERED, WAY = "did:", "channel:", "tier:", "circle:", "ordered:", "way:"
STATED = (TIER, CHANNEL, CIRCLE, WAY)  # facts that hold or do not; there is nothing to count
CONDITIONS_MAX, DAYS_MAX, COUNT_MAX = 3, 365, 1_000_000
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Condition:
    """`fact` counted at least `at_least` times, within the last `days` (None: ever)."""

    fact: str
    at_least: int = 1
    days: int | None = None

    @property
    def key(self) -> tuple[str, int | None]:
        return self.fact, self.days


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of one fact of one person; `at` is when it last happened."""

    count: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule holds, and what was counted for each of its conditions, in their order."""

    holds: bool
    found: tuple[tuple[Condition, Found], ...]


NOTHING = Found()


def judged(
    conditions: tuple[Condition, ...], *, needs_all: bool, facts: Mapping[tuple[str, int | None], Found]
) -> Verdict:
    """Whether the conditions hold on these facts. A fact that is not there counts 0; no condition never holds."""
    found = tuple((one, facts.get(one.key, NOTHING)) for one in conditions)
    met = [known.count >= one.at_least for one, known in found]
    return Verdict(bool(met) and (all(met) if needs_all else any(met)), found)


def silent_days(last_at: datetime, now: datetime) -> int:
    """Whole days of silence. Exactly 7 x 24 h is still 6 (R19: active); one moment more is 7."""
    return max((now - last_at - timedelta(microseconds=1)) // _DAY, 0) if now > last_at else 0


@dataclass(frozen=True, slots=True)
class Keep:
    """What becomes of a tag by rule: whether it stands, and until when at most (None: while the rule holds)."""

    stands: bool
    expires_at: datetime | None = None


def kept(
    verdict: Verdict, *, keeps_days: int | None, is_carried: bool, expires_at: datetime | None, now: datetime
) -> Keep:
    """After one judgement. With `keeps_days` the tag outlives the rule by so long, counted from when it last held."""
    if verdict.holds:
        return Keep(True, now + timedelta(days=keeps_days) if keeps_days is not None else None)
    if is_carried and keeps_days is not None and expires_at is not None and now < expires_at:
        return Keep(True, expires_at)
    return Keep(False)


def evidence_of(verdict: Verdict, *, version: int, needs_all: bool) -> dict[str, Any]:
    """The verdict as it is kept with the tag: JSON values, times in ISO 8601."""
    return {
        "version": version,
        "needs_all": needs_all,
        "found": [
            {
                "fact": one.fact,
                "at_least": one.at_least,
                "days": one.days,
                "count": known.count,
                "at": known.at.isoformat() if known.at else None,
            }
            for one, known in verdict.found
        ],
    }


def conditions_from(raw: list[Mapping[str, Any]]) -> tuple[Condition, ...]:
    """Stored conditions, typed."""
    return tuple(Condition(one["fact"], one["at_least"], one.get("days")) for one in raw)


def conditions_to(conditions: tuple[Condition, ...]) -> list[dict[str, Any]]:
    """The same as they are stored."""
    return [{"fact": one.fact, "at_least": one.at_least, "days": one.days} for one in conditions]
