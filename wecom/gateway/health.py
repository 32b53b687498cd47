"""How each WeCom interface has been doing: counted beside the calls (`tally`), kept where every worker adds to it.

A figure here is for people who look after the system; nothing decides by it. Losing Valkey loses figures, never
work. Figures of one app lie under one hash tag; the platform's sums carry no tenant.
"""

import json
import re
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime

from tenants import clock
from wecom import valkey
from wecom.operations.tally import sums_key, tally

NO_ANSWER = -9999  # not WeCom's: the line broke, or what came back was no answer
BOUNDS_MS = (25, 50, 100, 200, 400, 800, 1600, 3200, 6400)
HINT_CHARS = 200
_HINT = re.compile(r"hint:\s*\[([^\]]*)\]")
_ADDRESS = re.compile(r"from ip:\s*([0-9a-fA-F.:]+[0-9a-fA-F])")


def _app_key(tenant_id: int, app_id: int, *parts: object) -> str:
    return valkey.key("health", f"{{{tenant_id}.{app_id}}}", *parts)


def note(*, tenant_id: int, app_id: int, path: str, code: int, hint: str, took_ms: int) -> None:
    """Count one answer of WeCom (code 0: a success), or a line that broke (`NO_ANSWER`).

    `hint` is what WeCom says with a code: its support hint, or its whole errmsg, out of which the hint and the
    address that WeCom saw are kept. Waits for nothing: `tally` tells Valkey within a second.
    """
    now_s = int(clock.now().timestamp())
    hour, last = _app_key(tenant_id, app_id, "hour", now_s // 3600), _app_key(tenant_id, app_id, "last")
    step = str(bisect_left(BOUNDS_MS, took_ms))
    adds = {
        (hour, f"{path}|all"): 1,
        (hour, f"{path}|{step}"): 1,
        (sums_key("calls"), f"{path}|{code}"): 1,
        (sums_key("call_steps"), step): 1,
        (sums_key("call_steps"), "ms"): max(0, took_ms),
    }
    if code:
        adds[hour, f"{path}|bad"] = 1
        failure = {"code": code, "at": now_s, **_told(hint)}
        puts = {(last, f"{path}|bad"): json.dumps(failure, ensure_ascii=False)}
    else:
        puts = {(last, f"{path}|ok"): str(now_s)}
    tally.write(adds=adds, puts=puts, hour=hour)


def _told(hint: str) -> dict[str, str]:
    """What WeCom said beside a code: {"hint", "address"}, each left out when absent."""
    found, address = _HINT.search(hint), _ADDRESS.search(hint)
    told = {
        "hint": (found.group(1) if found else hint).strip()[:HINT_CHARS],
        "address": address.group(1) if address else "",
    }
    return {name: value for name, value in told.items() if value}


@dataclass(frozen=True)
class ApiHealth:
    """One interface of one app. `calls` and `errors` are of the last 60 to 120 minutes; `p95_ms` is the upper
    bound of the step the 95th percentile falls in, None without a call."""

    path: str
    ok_at: datetime | None = None
    bad_at: datetime | None = None
    code: int = 0
    hint: str = ""
    address: str = ""
    calls: int = 0
    errors: int = 0
    p95_ms: int | None = None

    @property
    def is_failing(self) -> bool:
        """Whether the last answer was a refusal."""
        return self.bad_at is not None and (self.ok_at is None or self.bad_at > self.ok_at)


def _moment(epoch_s: object) -> datetime | None:
    return datetime.fromtimestamp(int(str(epoch_s)), UTC) if epoch_s else None


def api_health(*, tenant_id: int, app_id: int) -> list[ApiHealth]:
    """Every interface this app has called, by path, with this process's calls up to now.

    Raises RedisError without Valkey.
    """
    tally.flush()
    this_hour = int(clock.now().timestamp()) // 3600
    with valkey.client().pipeline(transaction=False) as pipe:
        pipe.hgetall(_app_key(tenant_id, app_id, "last"))
        pipe.hgetall(_app_key(tenant_id, app_id, "hour", this_hour - 1))
        pipe.hgetall(_app_key(tenant_id, app_id, "hour", this_hour))
        last, *hours = pipe.execute()
    paths = sorted({name.rpartition("|")[0] for name in last})
    return [_one(path, last, hours) for path in paths]


def _one(path: str, last: dict[str, str], hours: list[dict[str, str]]) -> ApiHealth:
    bad = json.loads(last.get(f"{path}|bad") or "{}")
    counted = [sum(int(hour.get(f"{path}|{name}") or 0) for hour in hours) for name in ("all", "bad")]
    steps = [
        sum(int(hour.get(f"{path}|{step}") or 0) for hour in hours) for step in range(len(BOUNDS_MS) + 1)
    ]
    return ApiHealth(
        path=path,
        ok_at=_moment(last.get(f"{path}|ok")),
        bad_at=_moment(bad.get("at")),
        code=int(bad.get("code") or 0),
        hint=str(bad.get("hint") or ""),
        address=str(bad.get("address") or ""),
        calls=counted[0],
        errors=counted[1],
        p95_ms=percentile_ms(steps),
    )


def percentile_ms(steps: list[int], share: float = 0.95) -> int | None:
    """The upper bound of the step that holds the share; beyond the last bound, the last. None: nothing counted."""
    total = sum(steps)
    if not total:
        return None
    seen = 0
    for step, count in enumerate(steps):
        seen += count
        if seen >= total * share:
            return BOUNDS_MS[min(step, len(BOUNDS_MS) - 1)]
    return BOUNDS_MS[-1]
