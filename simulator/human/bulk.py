"""POST /sim/bulk/events: many human changes at a rate, counted."""

from __future__ import annotations

from simulator.callbacks.bulk import KINDS, Bulk, run
from simulator.human.answers import Body, need
from simulator.runtime import Runtime
from simulator.world.relations import Refused

MAX_COUNT = 1_000_000
SHARES = ("duplicate_p", "reorder_p", "drop_p")


async def start(runtime: Runtime, body: Body) -> Body:
    """Begin in the background and answer at once; GET /sim/bulk/<bulk_id> tells how far it is.

    Shares that are not given are the corp's faults of the same name.
    """
    corp_id, count = need(body, "corp_id", "count")
    corp = runtime.corp(corp_id)
    if not corp.callback.url:
        raise Refused("the corp has no callback_url")
    kind, rate = str(body.get("kind") or "group"), float(body.get("rate_per_s") or 50)
    if kind not in KINDS:
        raise Refused(f"kind is one of {', '.join(KINDS)}")
    if not 0 < int(count) <= MAX_COUNT or rate <= 0:
        raise Refused(f"count is 1 to {MAX_COUNT}, rate_per_s above 0")
    number = len(runtime.bulks) + 1
    bulk = Bulk(number, corp_id, kind, int(count), rate, seed=int(body.get("seed") or number))
    for name in SHARES:
        setattr(bulk, name, float(body.get(name, getattr(corp.faults, name))))
    runtime.bulks.append(bulk)
    runtime.spawn(run(runtime, bulk))
    return bulk.as_dict()


def _bulk(runtime: Runtime, body: Body) -> Bulk:
    number = int(body["bulk_id"])
    if not 0 < number <= len(runtime.bulks):
        raise Refused("no such bulk")
    return runtime.bulks[number - 1]


async def show(runtime: Runtime, body: Body) -> Body:
    return _bulk(runtime, body).as_dict()


async def stop(runtime: Runtime, body: Body) -> Body:
    """No new changes; what is on its way is still delivered."""
    bulk = _bulk(runtime, body)
    bulk.is_stopped = True
    return bulk.as_dict()
