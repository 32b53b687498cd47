"""Refusals that have nothing to do with the request itself: rates, bursts of -1, codes switched on by hand."""

from __future__ import annotations

from simulator.wire.errors import WireError
from simulator.world.model import Corp, World

MINUTE_S, HOUR_S = 60, 3600
WRONG_SECRETS_AN_HOUR = 2000


def check(corp: Corp, path: str, now: float) -> None:
    """Raises -1, a code that a fault asks for, or 45009.

    `rate_limit` is {"path": "*", "calls": n, "window_s": s}; `answer_code` is {"path": "*", "code": c, "times": n},
    without `times` for as long as it is set.
    """
    faults = corp.faults
    if faults.busy_next > 0:
        faults.busy_next -= 1
        raise WireError(-1)
    if faults.chance(faults.busy_p):
        raise WireError(-1)
    if faults.answer_code:
        _wanted_code(corp, path)
    if faults.rate_limit:
        _injected(corp, path, now)
    _vendor_windows(corp, path, now)


def _wanted_code(corp: Corp, path: str) -> None:
    wanted = corp.faults.answer_code
    if wanted.get("path", "*") not in ("*", path):
        return
    times = wanted.get("times")
    if times is not None:
        if int(times) <= 0:
            return
        corp.faults.answer_code = {**wanted, "times": int(times) - 1}
    raise WireError(int(wanted["code"]), "switched on by hand")


def _injected(corp: Corp, path: str, now: float) -> None:
    faults, limit = corp.faults, corp.faults.rate_limit
    if limit.get("path", "*") not in ("*", path):
        return
    window_s = float(limit.get("window_s", MINUTE_S))
    if faults.blocked_until.get(path, 0) > now:
        raise WireError(45009)
    recent = [at for at in faults.calls.get(path, []) if now - window_s < at <= now]
    faults.calls[path] = [*recent, now]
    if len(recent) >= int(limit.get("calls", 10_000)):
        faults.blocked_until[path] = now + window_s
        faults.calls[path] = []
        raise WireError(45009)


def _vendor_windows(corp: Corp, path: str, now: float) -> None:
    """The vendor's own rates per corp and call, in whole minutes and hours (PROTOCOL 4)."""
    for span_s, limit in ((MINUTE_S, "calls_a_minute"), (HOUR_S, "calls_an_hour")):
        window = int(now // span_s)
        known, count = corp.call_windows.get((path, span_s), (window, 0))
        count = count + 1 if known == window else 1
        corp.call_windows[(path, span_s)] = (window, count)
        if count > corp.limit(limit):
            raise WireError(45009, limit)


def check_address(world: World, address: str, now: float) -> None:
    """An address with too many wrong secrets gets no token for an hour, whoever asks. Raises 45009."""
    wrong = world.wrong_secrets.get(address)
    if wrong is None:
        return
    while wrong and not now - HOUR_S < wrong[0] <= now:
        wrong.popleft()
    if len(wrong) >= WRONG_SECRETS_AN_HOUR:
        raise WireError(45009, f"too many wrong secrets from {address}")
