"""The queue of acts that are due at some time: plain rows in a heap, so the world stays picklable.

In a driven world (not live) acts are moved to the end of a slot, so that a driver that jumps from
act to act needs few jumps; what an act tells as its own time stays exact.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field
from typing import Any

from simulator.world.model import World

STAFF_SLOT_S = 600
JOIN_SLOT_S = 3600
PASSIVE_SLOT_S = 7200


@dataclass(order=True)
class Act:
    """Something a person will do. `lane` keeps one person's acts in order."""

    due: float
    number: int
    kind: str = field(compare=False)
    corp_id: str = field(compare=False)
    lane: str = field(compare=False)
    data: dict[str, Any] = field(compare=False, default_factory=dict)


def plan(
    world: World, *, due: float, kind: str, corp_id: str, lane: str, slot_s: int = 0, **data: Any
) -> Act:
    """Put one act in the queue; `slot_s` 0 keeps its exact time."""
    world.act_counter += 1
    moment = math.ceil(due / slot_s) * slot_s if slot_s and world.is_driven else due
    act = Act(moment, world.act_counter, kind, corp_id, lane, data)
    heapq.heappush(world.acts, act)
    return act


def take_due(world: World, until: float, limit: int = 5000) -> list[Act]:
    """Remove and return the acts due by `until`, earliest first, at most `limit`."""
    taken: list[Act] = []
    while world.acts and world.acts[0].due <= until and len(taken) < limit:
        taken.append(heapq.heappop(world.acts))
    return taken


def next_at(world: World) -> float | None:
    """When the next act is due."""
    return world.acts[0].due if world.acts else None
