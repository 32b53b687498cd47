"""Things that only the app that made them may change: rules, products, acquisition links (PROTOCOL 3)."""

from __future__ import annotations

from typing import Any

from simulator.wire.endpoint import Call
from simulator.wire.errors import WireError
from simulator.world.entities import OwnedThing


def every(call: Call, kind: str) -> list[OwnedThing]:
    return [thing for thing in call.corp.owned.values() if thing.kind == kind]


def one(call: Call, kind: str, name: str, *, to_change: bool = False) -> OwnedThing:
    """The thing that the body's field names. Raises 40058, or 48002 when another app made it."""
    thing = call.corp.owned.get(call.body[name])
    if thing is None or thing.kind != kind:
        raise WireError(40058, f"unknown {name}")
    if to_change and thing.agentid != call.app.agentid:
        raise WireError(48002, "made by another app")
    return thing


def keep(call: Call, kind: str, prefix: str) -> OwnedThing:
    """Store the body as a new thing."""
    body: dict[str, Any] = dict(call.body)
    thing = OwnedThing(call.corp.new_id(prefix, 24), kind, call.app.agentid, int(call.now), body)
    call.corp.owned[thing.id] = thing
    return thing


def drop(call: Call, kind: str, name: str) -> dict[str, Any]:
    """Forget the thing. Raises 40058 or 48002."""
    del call.corp.owned[one(call, kind, name, to_change=True).id]
    return {}
