"""The tenant's shop and course systems: they post behaviours to the product's event API in batches."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

import httpx

from simulator.population.habits import Deed
from simulator.runtime import Runtime
from simulator.world.model import Corp

BATCH = 500
RETRY_S = 30
KEPT = ("id", "kind", "occurred_at", "external_userid", "chat_id", "object", "amount_fen", "text", "data")


def note(
    corp: Corp, *, camp_id: str, external_userid: str, chat_id: str, deed: Deed, at: float, number: str
) -> dict[str, Any]:
    """A behaviour happened at `at`; it waits for the next batch. The id is the same for the same deed."""
    digest = hashlib.sha256(f"{corp.corp_id}|{camp_id}|{external_userid}|{number}".encode()).hexdigest()
    row: dict[str, Any] = {
        "id": f"shop-{digest[:24]}",
        "kind": deed.kind,
        "occurred_at": dt.datetime.fromtimestamp(at, dt.UTC).isoformat(),
        "external_userid": external_userid,
        "chat_id": chat_id,
        "object": deed.object,
        "amount_fen": deed.amount_fen,
        "text": deed.text,
        "data": deed.data,
        "acked": False,
        "sends": 0,
        "state": "",
    }
    if row["id"] in corp.ledger.behaviours:
        return corp.ledger.behaviours[row["id"]]
    corp.ledger.behaviours[row["id"]] = row
    faults = corp.faults
    if faults.chance(faults.shop_late_p):
        corp.shop.held_back.append((at + faults.rng.randint(3600, 36 * 3600), row))
        return row
    corp.shop.waiting.append(row)
    if faults.chance(faults.shop_duplicate_p):
        corp.shop.waiting.append(row)
    return row


def _wire(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in KEPT if row[name] not in (None, "", {})}


def _release(corp: Corp, now: float) -> None:
    ready = [row for due, row in corp.shop.held_back if due <= now]
    if ready:
        corp.shop.held_back = [(due, row) for due, row in corp.shop.held_back if due > now]
        corp.shop.waiting += ready
    if corp.faults.shop_shuffle:
        corp.faults.rng.shuffle(corp.shop.waiting)


async def flush(runtime: Runtime, corp: Corp) -> int:
    """Post what waits, at most 500 a request. Rows the product did not take are tried again later."""
    shop, now = corp.shop, runtime.clock.now()
    _release(corp, now)
    if not shop.waiting or not corp.product_base_url or not corp.api_key or now < shop.retry_at:
        return 0
    sent = 0
    while shop.waiting:
        batch, rest = shop.waiting[:BATCH], shop.waiting[BATCH:]
        if not await _post(runtime, corp, batch):
            shop.retry_at = now + RETRY_S
            break
        shop.waiting = rest
        sent += len(batch)
    return sent


async def _post(runtime: Runtime, corp: Corp, batch: list[dict[str, Any]]) -> bool:
    """One request. False when it must be tried again."""
    url = corp.product_base_url.rstrip("/") + "/api/v1/events"
    headers = {"Authorization": f"Bearer {corp.api_key}"}
    body = {"events": [_wire(row) for row in batch]}
    try:
        answer = await runtime.client.post(url, json=body, headers=headers)
    except httpx.HTTPError as error:
        corp.ledger.product_error(at=runtime.clock.now(), what="POST events", detail=type(error).__name__)
        return False
    for row in batch:
        row["sends"] += 1
    if answer.status_code >= 500 or answer.status_code in (401, 403, 404, 408, 429):
        corp.ledger.product_error(
            at=runtime.clock.now(), what="POST events", detail=f"{answer.status_code} {answer.text[:300]}"
        )
        return False
    is_taken = 200 <= answer.status_code < 300
    if not is_taken:
        corp.ledger.product_error(
            at=runtime.clock.now(), what="POST events", detail=f"{answer.status_code} {answer.text[:300]}"
        )
    states = _states(answer) if is_taken else {}
    for row in batch:
        row["acked"] = row["acked"] or is_taken
        row["state"] = states.get(row["id"]) or row["state"] or ("accepted" if is_taken else "rejected")
    return True


def _states(answer: httpx.Response) -> dict[str, str]:
    """Per-item results, when the product gives them: {"results": [{"id", "state"}]}."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    rows = body.get("results") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        return {}
    return {
        str(row.get("id")): str(row.get("state") or row.get("status") or "")
        for row in rows
        if isinstance(row, dict)
    }
