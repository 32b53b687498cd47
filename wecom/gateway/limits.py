"""WeCom's limits, shared by all workers: rates, calls in flight, pauses, the breaker.

A rate is counted in twelfths of its window: at no moment do the last `window_s` seconds hold more calls than the
limit, also across the edge of a minute. Rates count product time (tenants.clock), as WeCom and the simulator do.
Places of calls in flight measure a worker's life, so they run on Valkey's own time: a killed worker's place is
free again after `LEASE_S`.

Keys of one corp carry one hash tag; what all tenants share (the address calls leave from) is asked for apart.
"""

import math
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog
from django.conf import settings
from redis.exceptions import RedisError

from tenants import clock
from wecom import valkey
from wecom.errors import Permanent, Retryable
from wecom.gateway.reactions import PAUSES_S, reaction_to
from wecom.operations.tally import tally

log = structlog.get_logger(__name__)

MINUTE_S, HOUR_S, DAY_S, MONTH_S = 60, 3600, 86_400, 30 * 86_400
VENDOR_ZONE = "Asia/Shanghai"  # WeCom's days


@dataclass(frozen=True)
class Rate:
    """At most `limit` calls in any `window_s` seconds."""

    window_s: int
    limit: int


# WeCom: 10,000 a minute and 150,000 an hour for each corp and API (document 90454); the rest is for the corp's
# other software. For each address: 20,000 and 600,000.
CORP_RATES = (Rate(MINUTE_S, 9_000), Rate(HOUR_S, 135_000))
ADDRESS_RATES = (Rate(MINUTE_S, 18_000), Rate(HOUR_S, 540_000))
# One member gets 30 messages of an app a minute and 1,000 an hour; WeCom drops what is beyond without a word.
PERSON_RATES = (Rate(MINUTE_S, 30), Rate(HOUR_S, 1_000))
OWN_RATES: dict[str, tuple[Rate, ...]] = {
    "externalcontact/add_moment_task": (Rate(MINUTE_S, 10),),
    "media/uploadimg": (Rate(DAY_S, 1_000), Rate(MONTH_S, 3_000)),
    # Half of WeCom's 400 an hour and corp, 100 an hour and app (document 90454), for the same reason.
    "get_jsapi_ticket": (Rate(HOUR_S, 200),),
    "ticket/get": (Rate(HOUR_S, 50),),
    "archive/getchatdata": (Rate(MINUTE_S, 600),),
}
IN_FLIGHT = 5
LEASE_S = 40
SLOT_WAIT_S = 3.0
_SLOT_LOOK_S = 0.03
DENIED_S = 600
NARROW_S = 300
TOKEN_PATH = "gettoken"
DOWN_AFTER = 4  # transport failures in a row
DOWN_S = (5, 15, 60)
PROBE_S = 15  # how long one call may try a line that was down, before another may

# take(now, keys, from, pairs): one call under every limit, or none at all. Answers when one is free again, or 0.
_TAKE = """
local function take(now, keys, first, given, at)
  local due = {}
  for i = 1, #keys - first + 1 do
    local key, window, limit = keys[first + i - 1], tonumber(given[at + 2 * i - 2]), tonumber(given[at + 2 * i - 1])
    local step = window / 12
    local bucket = math.floor(now / step)
    local all, sum, oldest = redis.call('hgetall', key), 0, nil
    for j = 1, #all, 2 do
      local one = tonumber(all[j])
      if one < bucket - 12 or one > bucket + 12 then
        redis.call('hdel', key, all[j])
      else
        sum = sum + tonumber(all[j + 1])
        if not oldest or one < oldest then oldest = one end
      end
    end
    if sum >= limit then return (oldest + 13) * step end
    due[i] = {key, bucket, window}
  end
  for _, one in ipairs(due) do
    redis.call('hincrby', one[1], string.format('%d', one[2]), 1)
    redis.call('expire', one[1], one[3] * 2)
  end
  return 0
end
"""
_TAKE_ALL = _TAKE + "return string.format('%.3f', take(tonumber(ARGV[1]), KEYS, 1, ARGV, 2))"
_WALL = """
local t = redis.call('time')
local wall = t[1] * 1000 + math.floor(t[2] / 1000)
"""
# KEYS: breaker, denied, pause, in flight, room, then a key for each rate.
_ENTER = (
    _TAKE
    + _WALL
    + """
local now, path, room, lease_s, lease = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local down = tonumber(redis.call('hget', KEYS[1], 'until') or '0')
if down > now then return {'down', string.format('%.3f', down)} end
local denied = redis.call('hget', KEYS[2], path)
if denied then
  local code, till = string.match(denied, '^(-?%d+)|([%d.]+)$')
  if tonumber(till) > now then return {'denied', code} end
end
local paused = tonumber(redis.call('hget', KEYS[3], path) or '0')
if paused > now then return {'paused', string.format('%.3f', paused)} end
redis.call('zremrangebyscore', KEYS[4], '-inf', wall)
room = tonumber(redis.call('get', KEYS[5]) or room)
if redis.call('zcard', KEYS[4]) >= room then return {'full', '0'} end
local trying = tonumber(redis.call('hget', KEYS[1], 'trying') or '0')
if down > 0 and trying > wall then return {'down', string.format('%.3f', now + 1)} end
local free_at = take(now, KEYS, 6, ARGV, 7)
if free_at > 0 then return {'rate', string.format('%.3f', free_at)} end
if down > 0 then redis.call('hset', KEYS[1], 'trying', string.format('%d', wall + tonumber(ARGV[6]) * 1000)) end
redis.call('zadd', KEYS[4], wall + lease_s * 1000, lease)
redis.call('pexpire', KEYS[4], lease_s * 2000)
return {'ok', '0'}
"""
)
# A failure of the line: the call that tried a closed line, or the nth in a row, closes it (longer each time).
_FAILED = """
local now = tonumber(ARGV[1])
local nth = redis.call('hincrby', KEYS[1], 'failures', 1)
local was = redis.call('hget', KEYS[1], 'until')
redis.call('hdel', KEYS[1], 'trying')
redis.call('expire', KEYS[1], 900)
if nth < tonumber(ARGV[2]) and not was then return nth end
if was and tonumber(was) > now then return nth end
local times = redis.call('hincrby', KEYS[1], 'times', 1)
local pause = tonumber(ARGV[2 + math.min(times, #ARGV - 2)])
redis.call('hsetnx', KEYS[1], 'since', ARGV[1])
redis.call('hset', KEYS[1], 'until', string.format('%.3f', now + pause))
return nth
"""
# 45009: several calls in flight are refused together, yet that is one pause. It grows while it does not help.
_PAUSE = """
local now, path = tonumber(ARGV[1]), ARGV[2]
local present = tonumber(redis.call('hget', KEYS[1], path) or '0')
if present > now then return string.format('%.3f', present) end
local nth = redis.call('incr', KEYS[2])
local pause = tonumber(ARGV[2 + math.min(nth, #ARGV - 2)])
redis.call('expire', KEYS[2], pause + math.min(pause, 3600) + 600)
redis.call('hset', KEYS[1], path, string.format('%.3f', now + pause))
redis.call('expire', KEYS[1], 2 * 86400)
return string.format('%.3f', now + pause)
"""


def _moment(epoch_s: float) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)


def _pairs(rates: Iterable[Rate]) -> list[int]:
    return [number for rate in rates for number in (rate.window_s, rate.limit)]


@contextmanager
def _told(what: str) -> Iterator[None]:
    """What a call teaches is told to the others if Valkey can be reached: WeCom's answer is not lost over it."""
    try:
        yield
    except RedisError as error:
        log.warning("gate_not_told", what=what, error=str(error))


@dataclass(frozen=True)
class BreakerState:
    """What holds calls of a corp back. `state`: closed (calls go out), open (none does until `until`), half_open
    (one call at a time tries the line). Times are product time, UTC; `paused` is {API: when it goes on},
    `denied` {API: WeCom's code}; `stopped_code` is the code that stopped the app, or 0."""

    state: str = "closed"
    since: datetime | None = None
    until: datetime | None = None
    failures: int = 0
    paused: dict[str, datetime] = field(default_factory=dict)
    denied: dict[str, int] = field(default_factory=dict)
    stopped_code: int = 0

    @property
    def is_held(self) -> bool:
        """Whether no call goes out at all: the line is down, the app is stopped, or no token may be asked for."""
        return self.state != "closed" or bool(self.stopped_code) or TOKEN_PATH in self.paused


class CorpGate:
    """The limits of one tenant's corp."""

    def __init__(self, *, tenant_id: int, corp_id: str) -> None:
        self._tag = valkey.corp_tag(tenant_id, corp_id)
        self._valkey = valkey.client()

    def _key(self, kind: str, *parts: object) -> str:
        return valkey.key(kind, self._tag, *parts)

    def _run(self, script: str, keys: list[str], *given: Any) -> Any:
        return self._valkey.register_script(script)(keys=keys, args=list(given))

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
                break
            if status != "full" or time.monotonic() >= deadline:
                raise self._refusal(path, status, value)
            time.sleep(_SLOT_LOOK_S)
        free_at = self._take(valkey.key("address", settings.WECOM_EGRESS, path), ADDRESS_RATES)
        if free_at:
            self._leave(path, lease)
            raise self._refusal(path, "rate", str(free_at))

    def _ask(self, path: str, lease: str) -> tuple[str, str]:
        rates = (*CORP_RATES, *OWN_RATES.get(path, ()))
        keys = [
            self._key("breaker"),
            self._key("denied"),
            self._key("pause"),
            self._key("flight", path),
            self._key("room", path),
            *(self._key("rate", path, number) for number in range(len(rates))),
        ]
        given = [clock.now().timestamp(), path, IN_FLIGHT, LEASE_S, lease, PROBE_S, *_pairs(rates)]
        status, value = self._run(_ENTER, keys, *given)
        return status, value

    def _take(self, key: str, rates: tuple[Rate, ...]) -> float:
        keys = [f"{key}:{rate.window_s}" for rate in rates]
        return float(self._run(_TAKE_ALL, keys, clock.now().timestamp(), *_pairs(rates)))

    def people(self, *, app_id: int, userids: Iterable[str]) -> None:
        """Count one message of an app to each of these members, before it is sent.

        Raises Retryable with the moment when all of them can get one again; then none is counted.
        """
        names = sorted({one.lower() for one in userids})
        keys = [self._key("person", app_id, one, rate.window_s) for one in names for rate in PERSON_RATES]
        given = _pairs(rate for _ in names for rate in PERSON_RATES)
        try:
            free_at = float(self._run(_TAKE_ALL, keys, clock.now().timestamp(), *given)) if keys else 0
        except RedisError as error:
            raise Retryable(
                "the limiter cannot be reached", retry_at=clock.now() + timedelta(seconds=5)
            ) from error
        if free_at:
            raise Retryable(
                "a member gets no more than 30 messages a minute and 1,000 an hour",
                retry_at=_moment(free_at),
                path="message/send",
                counts=False,
            )

    def _refusal(self, path: str, status: str, value: str) -> Exception:
        now = clock.now()
        tally.count(f"limiter.{status}")
        if status == "denied":
            code = int(value)
            return Permanent(str(reaction_to(code).meaning), code=code, path=path)
        if status == "full":
            retry_at = now + timedelta(seconds=2)
        else:
            retry_at = max(_moment(float(value)), now + timedelta(seconds=0.1))
        why = {
            "down": "WeCom does not answer",
            "paused": "paused after a rate limit",
            "rate": "our own limit for this interface",
            "full": "too many calls at once",
        }
        return Retryable(why[status], retry_at=retry_at, path=path, counts=False)

    def _leave(self, path: str, lease: str) -> None:
        try:
            self._valkey.zrem(self._key("flight", path), lease)
        except RedisError as error:
            log.warning("slot_not_returned", path=path, error=str(error))  # its lease ends by itself

    def slow_down(self, path: str) -> datetime:
        """45009: pause this API, longer each time that a pause did not help. Returns when it may go on."""
        keys, now = [self._key("pause"), self._key("pauses", path)], clock.now()
        _, day_ends_at = clock.day_bounds(clock.local_date(now, VENDOR_ZONE), VENDOR_ZONE)
        pauses = (*PAUSES_S, math.ceil((day_ends_at - now).total_seconds()))
        with _told("pause"):
            return _moment(float(self._run(_PAUSE, keys, now.timestamp(), path, *pauses)))
        return now + timedelta(seconds=PAUSES_S[0])

    def narrow(self, path: str) -> None:
        """45033: one call less in flight for some minutes, never below one."""
        name = self._key("room", path)
        with _told("room"):
            present = int(cast("str | None", self._valkey.get(name)) or IN_FLIGHT)
            self._valkey.set(name, max(1, present - 1), ex=NARROW_S)

    def deny(self, path: str, code: int) -> None:
        """Stop calling an API that the app may not use; tried again after some minutes or a repair."""
        until = clock.now() + timedelta(seconds=DENIED_S)
        with _told("denied"):
            self._valkey.hset(self._key("denied"), path, f"{code}|{until.timestamp():.3f}")
            self._valkey.expire(self._key("denied"), 10 * DENIED_S)

    def transport_failed(self) -> None:
        """Count a failure of the line; several in a row open the breaker for a while, and so does a failed try."""
        with _told("breaker"):
            self._run(_FAILED, [self._key("breaker")], clock.now().timestamp(), DOWN_AFTER, *DOWN_S)

    def transport_worked(self) -> None:
        """The line is fine: the breaker closes and its count starts anew."""
        with _told("breaker"):
            self._valkey.delete(self._key("breaker"))

    def stop(self, code: int) -> None:
        """No further call of this corp by any worker, at once; the App row tells people."""
        with _told("stopped"):
            self._valkey.set(self._key("stopped"), code)

    def stopped_by(self) -> int:
        """The code that stopped the corp, or 0."""
        return int(cast("str | None", self._valkey.get(self._key("stopped"))) or 0)

    def state(self) -> BreakerState:
        """What holds calls back now. One round trip; RedisError when Valkey cannot be asked."""
        with self._valkey.pipeline(transaction=False) as pipe:
            pipe.hgetall(self._key("breaker"))
            pipe.hgetall(self._key("pause"))
            pipe.hgetall(self._key("denied"))
            pipe.get(self._key("stopped"))
            breaker, paused, denied, stopped = pipe.execute()
        now_s = clock.now().timestamp()
        until_s = float(breaker.get("until", 0))
        bans = {path: raw.split("|") for path, raw in denied.items()}
        return BreakerState(
            state="closed" if not until_s else "open" if until_s > now_s else "half_open",
            since=_moment(float(breaker["since"])) if "since" in breaker else None,
            until=_moment(until_s) if until_s else None,
            failures=int(breaker.get("failures", 0)),
            paused={path: _moment(float(at)) for path, at in paused.items() if float(at) > now_s},
            denied={path: int(code) for path, (code, till) in bans.items() if float(till) > now_s},
            stopped_code=int(stopped or 0),
        )

    def forget(self) -> None:
        """After a repair: lift every stop, denial and pause of this corp."""
        self._valkey.delete(*(self._key(kind) for kind in ("stopped", "breaker", "denied", "pause")))
        for kind in ("pauses", "room"):
            for name in self._valkey.scan_iter(self._key(kind, "*").replace("[", "\\["), count=500):
                self._valkey.delete(name)
