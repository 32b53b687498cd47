"""The ledger of callbacks sent and calls received, by API: filtered, newest first."""

from __future__ import annotations

from typing import Any

from simulator.human.answers import Body, need
from simulator.runtime import NotedCall, Runtime
from simulator.world.ledger import CallbackEvent, Ledger
from simulator.world.relations import Refused

MAX_ROWS = 1000
DEFAULT_ROWS = 100


def _page(body: Body) -> tuple[int, int]:
    limit, offset = int(body.get("limit") or DEFAULT_ROWS), int(body.get("offset") or 0)
    if not 0 < limit <= MAX_ROWS or offset < 0:
        raise Refused(f"limit is 1 to {MAX_ROWS}, offset 0 or more")
    return limit, offset


def ledger_of(runtime: Runtime, owner: str) -> Ledger:
    """A corp's or a suite's ledger. Raises Refused."""
    for receiver in runtime.world.receivers():
        if receiver.corp_id == owner:
            return receiver.ledger
    raise Refused(f"no corp or suite {owner}")


def find_events(ledger: Ledger, body: Body) -> list[CallbackEvent]:
    """Newest first; `kind` is part of the event's name and change type, `q` part of its subject or text."""
    kind, status, text = (str(body.get(name) or "") for name in ("kind", "status", "q"))
    return [
        event
        for event in reversed(ledger.events)
        if (not kind or kind in f"{event.event}.{event.change_type}")
        and (not status or event.status == status)
        and (not text or text in event.lane or text in event.plaintext)
    ]


async def callbacks(runtime: Runtime, body: Body) -> Body:
    """Logical callbacks of ?corp_id= with all their tries; ?kind= ?status= ?q= ?limit= ?offset=."""
    (owner,) = need(body, "corp_id")
    limit, offset = _page(body)
    found = find_events(ledger_of(runtime, owner), body)
    return {"total": len(found), "events": [event.as_dict() for event in found[offset : offset + limit]]}


async def callback(runtime: Runtime, body: Body) -> Body:
    """One of them with its decrypted text (empty for bulk changes that were taken)."""
    (owner,) = need(body, "corp_id")
    ledger, number = ledger_of(runtime, owner), int(body["event_id"])
    if not 0 < number <= len(ledger.events):
        raise Refused("no such event")
    event = ledger.by_id(number)
    return {**event.as_dict(), "plaintext": event.plaintext}


def find_calls(runtime: Runtime, body: Body) -> list[NotedCall]:
    """Newest first; ?corp_id= ?path= (part of it) ?code= (`error` for all but 0)."""
    corp_id, path, code = (str(body.get(name) or "") for name in ("corp_id", "path", "code"))
    return [
        call
        for call in reversed(runtime.recent_calls)
        if (not corp_id or call.corp_id == corp_id)
        and (not path or path in call.path)
        and (not code or (call.code not in (0, None) if code == "error" else str(call.code) == code))
    ]


def _call_row(call: NotedCall) -> dict[str, Any]:
    names = ("at", "method", "path", "corp_id", "agentid", "code", "hint", "took_ms", "sent")
    return {name: getattr(call, name) for name in names}


async def calls(runtime: Runtime, body: Body) -> Body:
    """The last few thousand vendor calls; an archive operation counts as one too."""
    limit, offset = _page(body)
    found = find_calls(runtime, body)
    return {"total": len(found), "calls": [_call_row(call) for call in found[offset : offset + limit]]}
