"""Performs everything due up to a moment: people's acts, callbacks with their retries, the shop's posts."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from simulator.callbacks.deliver import flush as flush_callbacks
from simulator.human.answers import Body
from simulator.human.suites import push_due_tickets
from simulator.population import bustle, camp, customers, schedule, shop, staff
from simulator.population.schedule import Act
from simulator.runtime import Runtime
from simulator.world import transfers
from simulator.world.model import Corp
from simulator.world.relations import Refused

log = logging.getLogger("simulator")

PARALLEL = 8
ROUNDS = 500
Doer = Callable[[Runtime, Corp, Act], Awaitable[None]]

DOERS: dict[str, Doer] = {
    "join": customers.join,
    "add_staff": customers.add_staff,
    "leave": customers.leave,
    "behave": customers.behave,
    "click": customers.click,
    "confirm_mass": staff.confirm_mass,
    "read_message": staff.read_message,
    "camp_day": camp.camp_day,
    "bustle": bustle.bustle,
}


async def _do(runtime: Runtime, act: Act, counts: Counter[str]) -> None:
    corp = runtime.world.corps.get(act.corp_id)
    if corp is None:
        return
    try:
        await DOERS[act.kind](runtime, corp, act)
        counts[act.kind] += 1
    except Refused as error:
        counts["refused"] += 1
        corp.ledger.counts[f"refused:{act.kind}"] += 1
        log.debug("%s refused: %s", act.kind, error)
    except Exception as error:
        counts["failed"] += 1
        log.exception("act %s failed", act.kind)
        corp.ledger.product_error(at=act.due, what=f"act {act.kind}", detail=repr(error))


async def _do_all(runtime: Runtime, acts: list[Act], counts: Counter[str]) -> None:
    """Acts of one lane in order, lanes side by side."""
    lanes: dict[tuple[str, str], list[Act]] = {}
    for act in acts:
        lanes.setdefault((act.corp_id, act.lane), []).append(act)
    gate = asyncio.Semaphore(PARALLEL)

    async def run(lane: list[Act]) -> None:
        async with gate:
            for act in lane:
                await _do(runtime, act, counts)

    await asyncio.gather(*(run(lane) for lane in lanes.values()))


def _notice(runtime: Runtime) -> int:
    """People notice what is new for them: messages, tasks, reminders."""
    noticed = 0
    for corp in runtime.world.corps.values():
        fresh, corp.fresh = corp.fresh, []
        noticed += len(fresh)
        for kind, key, value in fresh:
            if kind == "group_message":
                customers.sees_group_message(runtime, corp, key, value)
            elif kind == "private_message":
                customers.sees_private_message(runtime, corp, key, value)
            elif kind == "app_message":
                staff.plan_reading(runtime, corp, key, value)
            else:
                reminded = kind == "mass_reminder"
                staff.plan_mass_task(runtime, corp, key, value, reminded=reminded)
    return noticed


def _clockwork(runtime: Runtime) -> int:
    """What WeCom itself does as time passes."""
    now = runtime.clock.now()
    settled = sum(transfers.settle(corp, now) for corp in runtime.world.corps.values())
    return settled + push_due_tickets(runtime.world, now)


async def run_until(runtime: Runtime, until: float) -> Body:
    """Do what is due. A second call at the same moment finds nothing to do."""
    async with runtime.turn:
        counts: Counter[str] = Counter()
        for _ in range(ROUNDS):
            noticed = _notice(runtime) + _clockwork(runtime)
            counts["callbacks"] += await flush_callbacks(runtime)
            acts = schedule.take_due(runtime.world, until)
            if not acts and not noticed:
                break
            await _do_all(runtime, acts, counts)
        for corp in list(runtime.world.corps.values()):
            counts["behaviours_sent"] += await shop.flush(runtime, corp)
        if counts.total():
            runtime.world.is_dirty = True
        return {
            "until": until,
            "acts": sum(counts[kind] for kind in DOERS),
            "counts": {kind: n for kind, n in counts.items() if n},
            "next_at": schedule.next_at(runtime.world),
            "waiting": len(runtime.world.acts),
        }


async def tick_action(runtime: Runtime, body: Body) -> Body:
    """POST /sim/tick {until?}: unix seconds; the default is the shared clock's now."""
    runtime.drive()
    return await run_until(runtime, float(body.get("until") or runtime.clock.now()))
