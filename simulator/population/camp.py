"""POST /sim/camp: tells the population that a camp begins."""

from __future__ import annotations

from simulator.human.answers import Body
from simulator.runtime import Runtime


async def declare(runtime: Runtime, body: Body) -> Body:
    return {"planned": 0}
