"""WeCom's limits, shared by all workers: rate and calls in flight per (corp, API), pauses, breakers.

Rates count product time (tenants.clock), as WeCom and the simulator do. Leases of calls in flight measure a
worker's life, so they run on Valkey's own time: a killed worker frees its place after `LEASE_S`.
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import structlog
from redis.exceptions import RedisError

from tenants import clock
from wecom import valkey
from wecom.errors import Permanent, Retryable
from wecom.reactions import PAUSES_S, reaction_to

log = structlog.get_logger(__name__)

PER_MINUTE = 9_000  # WeCom: 10,000 a minute and 150,000 an hour; the rest is for the corp's other software
PER_HOUR = 135_000
IN_FLIGHT = 5
LEASE_S = 40
SLOT_WAIT_S = 3.0
_SLOT_LOOK_S = 0.03
DENIED_S = 600
NARROW_S = 300
DOWN_AFTER = 4  # transport failures in a row
DOWN_S = (5, 15, 60)

_ENTER = """
local now = tonumber(ARGV[1])
local down = tonumber(redis.call('get', KEYS[1]) or '0')
if down > now then return {'down', tostring(down)} end
local denied = redis.call('get', KEYS[2])
if denied then
  local code, till = string.match(denied, '^(-?%d+)|([%d.]+)$')
  if tonumber(till) > now then return {'denied', code} end
end
local paused = tonumber(redis.call('get', KEYS[3]) or '0')
if paused > now then return {'paused', tostring(paused)} end
local t = redis.call('time')
local wall = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('zremrangebyscore', KEYS[6], '-inf', wall)
local room = tonumber(redis.call('get', KEYS[7]) or ARGV[4])
if redis.call('zcard', KEYS[6]) >= room then return {'full', '0'} end
local minute = redis.call('incr', KEYS[4])
if minute == 1 then redis.call('expire', KEYS[4], 120) end
local hour = redis.call('incr', KEYS[5])
if hour == 1 then redis.call('expire', KEYS[5], 7200) end
if minute > tonumber(ARGV[2]) or hour > tonumber(ARGV[3]) then
  redis.call('decr', KEYS[4]); redis.call('decr', KEYS[5])
  return {minute > tonumber(ARGV[2]) and 'minute' or 'hour', '0'}
end
redis.call('zadd', KEYS[6], wall + tonumber(ARGV[5]) * 1000, ARGV[6])
redis.call('pexpire', KEYS[6], tonumber(ARGV[5]) * 2000)
return {'ok', '0'}
"""


def _moment(epoch_s: float) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)


class CorpGate:
    """The limits of one tenant's corp."""

    def __init__(self, *, tenant_id: int, corp_id: str) -> None:
        self._tag = valkey.corp_tag(tenant_id, corp_id)
        self._valkey = valkey.client()
        self._enter_script = self._valkey.register_script(_ENTER)

    def _key(self, kind: str, *parts: object) -> str:
        return valkey.key(kind, self._tag, *parts)

    @contextmanager
    def slot(self, path: str, *, weight_wait_s: float = SLOT_WAIT_S) -> Iterator[None]:
        """Hold one place of (corp, path) around a call.

        Waits a few seconds at most for a place; raises Retryable with the moment to come back, or Permanent
        while the API is known to be forbidden. Without Valkey nothing is called: Retryable.
        """
        lease = secrets.token_hex(8)
        try:
            self._enter(path, lease, weight_wait_s)
        except RedisError as error:
            raise Retryable(
                "the limiter cannot be reached", retry_at=clock.now() + timedelta(seconds=5), path=path
            ) from error
        try:
            yield
        finally:
            self._leave(path, lease)

    def _enter(self, path: str, lease: str, wait_s: float) -> None:
        deadline = time.monotonic() + wait_s
        while True:
            status, value = self._ask(path, lease)
            if status == "ok":
                return
            if status != "full" or time.monotonic() >= deadline:
                raise self._refusal(path, status, value)
            time.sleep(_SLOT_LOOK_S)

    def _ask(self, path: str, lease: str) -> tuple[str, str]:
        now_s = clock.now().timestamp()
        keys = [
            self._key("down"),
            self._key("denied", path),
            self._key("pause", path),
            self._key("minute", path, int(now_s // 60)),
            self._key("hour", path, int(now_s // 3600)),
            self._key("flight", path),
            self._key("room", path),
        ]
        status, value = self._enter_script(
            keys=keys, args=[now_s, PER_MINUTE, PER_HOUR, IN_FLIGHT, LEASE_S, lease]
        )
        return status, value

    def _refusal(self, path: str, status: str, value: str) -> Exception:
        now = clock.now()
        if status == "denied":
            code = int(value)
            return Permanent(str(reaction_to(code).meaning), code=code, path=path)
        if status in ("down", "paused"):
            return Retryable(
                "WeCom does not answer" if status == "down" else "paused after a rate limit",
                retry_at=_moment(float(value)),
                path=path,
                counts=False,
            )
        wait_s = {"minute": 60 - now.timestamp() % 60, "hour": 3600 - now.timestamp() % 3600}.get(status, 2)
        return Retryable(
            f"our own limit: {status}", retry_at=now + timedelta(seconds=wait_s), path=path, counts=False
        )

    def _leave(self, path: str, lease: str) -> None:
        try:
            self._valkey.zrem(self._key("flight", path), lease)
        except RedisError as error:
            log.warning("slot_not_returned", path=path, error=str(error))  # its lease ends by itself

    def slow_down(self, path: str) -> datetime:
        """45009: pause this API, longer each time within an hour and a half. Returns when it may go on."""
        with self._valkey.pipeline() as pipe:
            pipe.incr(self._key("pauses", path))
            pipe.expire(self._key("pauses", path), 5400)
            nth, _ = pipe.execute()
        pause_s = PAUSES_S[min(int(nth), len(PAUSES_S)) - 1]
        until = clock.now() + timedelta(seconds=pause_s)
        self._valkey.set(self._key("pause", path), until.timestamp(), ex=pause_s + 60)
        return until

    def narrow(self, path: str) -> None:
        """45033: one call less in flight for some minutes, never below one."""
        name = self._key("room", path)
        present = int(self._valkey.get(name) or IN_FLIGHT)
        self._valkey.set(name, max(1, present - 1), ex=NARROW_S)

    def deny(self, path: str, code: int) -> None:
        """Stop calling an API that the app may not use; tried again after some minutes or a repair."""
        until = clock.now() + timedelta(seconds=DENIED_S)
        self._valkey.set(self._key("denied", path), f"{code}|{until.timestamp()}", ex=DENIED_S + 60)

    def transport_failed(self) -> None:
        """Count a failure of the line; several in a row open the breaker for a while."""
        with self._valkey.pipeline() as pipe:
            pipe.incr(self._key("failures"))
            pipe.expire(self._key("failures"), 300)
            nth, _ = pipe.execute()
        if int(nth) >= DOWN_AFTER:
            pause_s = DOWN_S[min(int(nth) - DOWN_AFTER, len(DOWN_S) - 1)]
            until = clock.now() + timedelta(seconds=pause_s)
            self._valkey.set(self._key("down"), until.timestamp(), ex=pause_s + 60)

    def transport_worked(self) -> None:
        """The line is fine: the breaker's count starts anew."""
        self._valkey.delete(self._key("failures"))

    def stop(self, code: int) -> None:
        """No further call of this corp by any worker, at once; the App row tells people."""
        self._valkey.set(self._key("stopped"), code)

    def stopped_by(self) -> int:
        """The code that stopped the corp, or 0."""
        return int(self._valkey.get(self._key("stopped")) or 0)

    def forget(self) -> None:
        """After a repair: lift every stop, denial and pause of this corp."""
        self._valkey.delete(self._key("stopped"), self._key("down"), self._key("failures"))
        for kind in ("denied", "pause", "pauses", "room"):
            for name in self._valkey.scan_iter(self._key(kind, "*").replace("[", "\\["), count=500):
                self._valkey.delete(name)
