"""The one work order (R123), pure: Today, the lead board and the phone all sort by it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

TIERS = ("S", "A+", "A", "B")
_RANK = {tier: rank for rank, tier in enumerate(TIERS)}
SOON_S = 1800


@dataclass(frozen=True, slots=True)
class Standing:
    """What the order looks at: when it is due (aware, None: no deadline), its tier ("" none), and a last tie-break."""

    due_at: datetime | None
    tier: str
    position: int


Item = TypeVar("Item")
Key = tuple[int, int, float, int, int]


def tier_rank(tier: str) -> int:
    """0 for S, rising; the unranked come last."""
    return _RANK.get(tier, len(TIERS))


def work_key(standing: Standing, now: datetime) -> Key:
    """Sorts what is past due first, by tier and then by how long; then what is due by time left, then the rest.

    Exactly due is past due. Equal rows keep their own order by `position`.
    """
    rank = tier_rank(standing.tier)
    if standing.due_at is None:
        return (2, rank, 0.0, 0, standing.position)
    left_s = (standing.due_at - now).total_seconds()
    if left_s <= 0:
        return (0, rank, left_s, 0, standing.position)
    return (1, 0, left_s, rank, standing.position)


def in_work_order(rows: Iterable[tuple[Standing, Item]], now: datetime) -> list[Item]:
    """The items, what to do first first."""
    return [item for _standing, item in sorted(rows, key=lambda row: work_key(row[0], now))]


def urgency(due_at: datetime | None, now: datetime) -> str:
    """ "late", "soon" (half an hour or less) or ""."""
    if due_at is None:
        return ""
    left_s = (due_at - now).total_seconds()
    return "late" if left_s <= 0 else "soon" if left_s <= SOON_S else ""
