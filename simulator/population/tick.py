"""Performs everything due up to a moment."""

from __future__ import annotations

from simulator.callbacks.deliver import flush
from simulator.human.answers import Body
from simulator.population import schedule
from simulator.runtime import Runtime


async def run_until(runtime: Runtime, until: float) -> Body:
    handled = await flush(runtime)
    return {"callbacks": handled, "next_at": schedule.next_at(runtime.world)}


async def tick_action(runtime: Runtime, body: Body) -> Body:
    return await run_until(runtime, float(body.get("until") or runtime.clock.now()))
