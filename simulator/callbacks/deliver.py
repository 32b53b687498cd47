"""Delivers logical events: encrypted, signed, five seconds, three tries (PROTOCOL 1.3)."""

from __future__ import annotations

import asyncio
import secrets
import time

import httpx

from simulator.callbacks import wire
from simulator.runtime import Runtime
from simulator.wire import crypto, xml
from simulator.world import archiving
from simulator.world.ledger import ACKED, DROPPED, UNDELIVERED, CallbackEvent
from simulator.world.model import Corp
from simulator.world.provider import Suite

TIMEOUT_S = 5.0
TRIES = 3
HOLD_SHARE = 0.3


def sealed(corp: Corp | Suite, plaintext: str, *, timestamp: int) -> tuple[dict[str, str], str]:
    """Query and body of one delivery."""
    callback = corp.callback
    is_suite = callback.form == "suite"
    receive_id = callback.suite_id if is_suite else corp.corp_id
    agentid = "" if is_suite else str(next(iter(corp.apps), ""))
    encrypted = crypto.encrypt(callback.aes_key, plaintext, receive_id)
    nonce = secrets.token_hex(5)
    query = {
        "msg_signature": crypto.signature(callback.token, str(timestamp), nonce, encrypted),
        "timestamp": str(timestamp),
        "nonce": nonce,
    }
    return query, xml.envelope(to_user=receive_id, agentid=agentid, encrypted=encrypted)


async def _answer(runtime: Runtime, url: str, query: dict[str, str], body: bytes) -> tuple[int | str, bytes]:
    """Status and body of one POST, or the name of what went wrong."""
    try:
        sender = runtime.sender(url)
        if sender is not None:
            reply = await asyncio.wait_for(sender[0].post(sender[1], query, body), TIMEOUT_S)
            return reply.status, reply.body
        headers = {"Content-Type": "text/xml"}
        request = runtime.client.post(url, params=query, content=body, headers=headers)
        answer = await asyncio.wait_for(request, TIMEOUT_S)
    except wire.Unsent as error:
        return str(error), b""
    except (httpx.HTTPError, TimeoutError) as error:
        return type(error).__name__, b""
    return answer.status_code, answer.content


async def post_once(runtime: Runtime, corp: Corp | Suite, event: CallbackEvent) -> bool:
    """One try; it is noted with its status and time. True: the receiver took the event."""
    at = runtime.clock.now()
    query, body = sealed(corp, event.plaintext, timestamp=int(at))
    started = time.perf_counter()
    status, answer = await _answer(runtime, corp.callback.url, query, body.encode())
    took_ms = round((time.perf_counter() - started) * 1000, 1)
    event.attempts.append({"at": round(at, 3), "status": status, "ms": took_ms})
    # Command callbacks of a suite take nothing but the word success (PROTOCOL 1.3).
    is_command = isinstance(corp, Suite)
    is_ok = status == 200 and (not is_command or answer.decode(errors="replace") == "success")
    if is_ok:
        event.acks += 1
        event.status = ACKED
    return is_ok


async def deliver_event(runtime: Runtime, corp: Corp | Suite, event: CallbackEvent) -> None:
    """Up to three tries, then the event stays undelivered."""
    for attempt in range(TRIES):
        if await post_once(runtime, corp, event):
            return
        if attempt < TRIES - 1:
            await asyncio.sleep(corp.callback.retry_gap_s)
    event.status = UNDELIVERED


def _hold_some(corp: Corp | Suite, events: list[CallbackEvent]) -> list[CallbackEvent]:
    """Under the reorder fault some events wait, once, for the next delivery round, after later ones."""
    faults, going = corp.faults, []
    for event in events:
        if not event.was_held and faults.chance(faults.reorder_p * HOLD_SHARE):
            event.was_held = True
            corp.ledger.pending.append(event.id)
        else:
            going.append(event)
    return going


def _let_some_go(corp: Corp | Suite, events: list[CallbackEvent], now: float) -> list[CallbackEvent]:
    """Under the drop fault some events are never sent; under the delay fault some wait for their time, once."""
    faults, going = corp.faults, []
    if not (faults.drop_p or faults.delay_p or any(event.not_before for event in events)):
        return events
    for event in events:
        is_new = not event.not_before and not event.attempts and not event.was_held
        if is_new and faults.chance(faults.drop_p):
            event.status = DROPPED
            continue
        if is_new and faults.chance(faults.delay_p):
            event.not_before = now + faults.delay_s
        if event.not_before > now:
            corp.ledger.pending.append(event.id)
        else:
            going.append(event)
    return going


def delivery_lanes(corp: Corp | Suite, events: list[CallbackEvent]) -> list[list[CallbackEvent]]:
    """Events grouped by subject, in order within a subject unless the reorder fault strikes."""
    faults = corp.faults
    if faults.reorder_p:
        keyed = [
            (index + (faults.rng.randint(1, 6) if faults.chance(faults.reorder_p) else 0), index, event)
            for index, event in enumerate(events)
        ]
        return [[event] for _, _, event in sorted(keyed, key=lambda row: row[:2])]
    lanes: dict[str, list[CallbackEvent]] = {}
    for event in events:
        lanes.setdefault(event.lane, []).append(event)
    return list(lanes.values())


async def flush_corp(runtime: Runtime, corp: Corp | Suite) -> int:
    """Deliver everything that waits for this corp. Returns the number of logical events handled."""
    events = _hold_some(corp, _let_some_go(corp, corp.ledger.take_pending(), runtime.clock.now()))
    if not events:
        return 0
    doubled = [event for event in events if corp.faults.chance(corp.faults.duplicate_p)]
    corp.faults.rng.shuffle(doubled)

    async def run(lane: list[CallbackEvent]) -> None:
        async with runtime.callback_slots:
            for event in lane:
                await deliver_event(runtime, corp, event)

    await asyncio.gather(*(run(lane) for lane in delivery_lanes(corp, events)))
    await asyncio.gather(*(run([event]) for event in doubled if event.status == ACKED))
    runtime.world.is_dirty = True
    return len(events)


async def flush(runtime: Runtime) -> int:
    """Deliver everything that waits, all corps side by side."""
    now = runtime.clock.now()
    for corp in runtime.world.corps.values():
        archiving.notify(corp, now)
    done = await asyncio.gather(*(flush_corp(runtime, one) for one in runtime.world.receivers()))
    return sum(done)


async def verify_url(runtime: Runtime, corp: Corp | Suite) -> dict[str, object]:
    """The console's GET check: the plaintext alone, within one second (PROTOCOL 1.2)."""
    plain = str(secrets.randbelow(10**19))
    callback = corp.callback
    receive_id = callback.suite_id if callback.form == "suite" else corp.corp_id
    encrypted = crypto.encrypt(callback.aes_key, plain, receive_id)
    timestamp, nonce = str(int(runtime.clock.now())), secrets.token_hex(5)
    query = {
        "msg_signature": crypto.signature(callback.token, timestamp, nonce, encrypted),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": encrypted,
    }
    started = time.perf_counter()
    try:
        answer = await asyncio.wait_for(runtime.client.get(callback.url, params=query), 1.0)
    except (httpx.HTTPError, TimeoutError) as error:
        return {"ok": False, "errcode": 40057, "why": type(error).__name__}
    took_ms = round((time.perf_counter() - started) * 1000, 1)
    ok = answer.status_code == 200 and answer.content == plain.encode()
    why = "" if ok else f"HTTP {answer.status_code}, {len(answer.content)} bytes"
    return {"ok": ok, "errcode": 0 if ok else 40057, "why": why, "ms": took_ms}
