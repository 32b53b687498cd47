"""The one work order (R123) told again in Python: what the database's order is compared with."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from team.policies import TIERS


def key(due_at: datetime | None, tier: str, position: int, now: datetime) -> tuple[Any, ...]:
    """Past due first, by tier and then by how long; then what is due by time left and tier; then the rest by tier."""
    rank = TIERS.index(tier) if tier in TIERS else len(TIERS)
    if due_at is None:
        return 2, rank, 0.0, 0, position
    left_s = (due_at - now).total_seconds()
    return (0, rank, left_s, 0, position) if left_s <= 0 else (1, 0, left_s, rank, position)


def in_order(rows: Iterable[tuple[datetime | None, str, int]], now: datetime) -> list[int]:
    """The positions of (due, tier, position), what to do first first."""
    return [position for *_rest, position in sorted(rows, key=lambda row: key(*row, now))]
