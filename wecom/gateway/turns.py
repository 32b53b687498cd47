"""Tenants take turns at the workers.

A task works for one tenant in small steps. It stops early when another tenant waits, and queues itself again
behind that one: a tenant with 50,000 rows due holds up a tenant with one by a slice of a second. Workers divide
themselves among the tenants that are at work, so that slow answers of one corp never hold all of them.

Everything lies in Valkey, in its own time. It only decides who goes first: without Valkey everybody may work.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import structlog
from django.conf import settings
from redis.exceptions import RedisError

from wecom import valkey

log = structlog.get_logger(__name__)

SLICE_S = 0.1  # of a tenant of weight 1, while others wait
LONGEST_S = 5.0
KEEP_S = 0.02  # between two looks at who waits
HELD_S = 0.05  # of a tenant whose calls are held back, once in `LOOK_S`
LOOK_S = 1
LEASE_S = 10  # a killed worker's place is free again after this long
SEEN_S = 10  # a tenant counts as at work this long after its last turn
WORKER_S = 60
WAITING_S = 5  # who waits longer than this is waked again by a tick
BEAT_S = 20
MANY = 1_000_000

_WALL = """
local t = redis.call('time')
local wall = t[1] * 1000 + math.floor(t[2] / 1000)
"""
# KEYS: places of this tenant, tenants at work, workers, tenants waiting, look again.
_ENTER = (
    _WALL
    + """
local tenant, worker, lease, cap = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
redis.call('zrem', KEYS[4], tenant)
for i = 1, 3 do redis.call('zremrangebyscore', KEYS[i], '-inf', wall) end
redis.call('zadd', KEYS[2], wall + tonumber(ARGV[6]), tenant)
redis.call('zadd', KEYS[3], wall + tonumber(ARGV[7]), worker)
local share = math.ceil(redis.call('zcard', KEYS[3]) / redis.call('zcard', KEYS[2]))
if redis.call('zcard', KEYS[1]) >= math.min(share, cap) then
  redis.call('set', KEYS[5], 1, 'ex', 60)
  return 0
end
redis.call('zadd', KEYS[1], wall + tonumber(ARGV[5]), lease)
redis.call('pexpire', KEYS[1], tonumber(ARGV[5]) * 2)
return 1
"""
)
_KEEP = (
    _WALL
    + """
redis.call('zadd', KEYS[1], wall + tonumber(ARGV[3]), ARGV[2])
redis.call('pexpire', KEYS[1], tonumber(ARGV[3]) * 2)
local since = wall - tonumber(ARGV[4])
local own = tonumber(redis.call('zscore', KEYS[2], ARGV[1]) or '0')
return redis.call('zcount', KEYS[2], since, '+inf') - (own >= since and 1 or 0)
"""
)
_LEAVE = """
redis.call('zrem', KEYS[1], ARGV[1])
return redis.call('del', KEYS[2])
"""
# KEYS: places of all tenants, workers. One worker at least is left for everything else.
_ENTER_LONG = (
    _WALL
    + """
for i = 1, 2 do redis.call('zremrangebyscore', KEYS[i], '-inf', wall) end
redis.call('zadd', KEYS[2], wall + tonumber(ARGV[4]), ARGV[3])
if redis.call('zscore', KEYS[1], ARGV[1]) then return 0 end
if redis.call('zcard', KEYS[1]) >= math.max(1, redis.call('zcard', KEYS[2]) - 1) then return 0 end
redis.call('zadd', KEYS[1], wall + tonumber(ARGV[2]), ARGV[1])
return 1
"""
)
_WAITS = _WALL + "return redis.call('zadd', KEYS[1], wall, ARGV[1])"
_BEAT = _WALL + "return redis.call('zadd', KEYS[1], 'xx', wall + tonumber(ARGV[2]), ARGV[1])"


def _key(*parts: object) -> str:
    return valkey.key("turn", "{turns}", *parts)


def _run(script: str, keys: list[str], *given: Any) -> int:
    return int(valkey.client().register_script(script)(keys=keys, args=list(given)))


def _worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


@cache
def _weights(declared: tuple[str, ...]) -> dict[int, float]:
    """{tenant id: weight} of "12:2" and the like."""
    return {int(tenant): float(weight) for tenant, _, weight in (one.partition(":") for one in declared)}


def weight_of(tenant_id: int) -> float:
    """How many slices a tenant gets in one turn; 1 unless the platform's staff set another."""
    return _weights(tuple(settings.TENANT_WEIGHTS)).get(tenant_id, 1.0)


def waits(tenant_id: int) -> None:
    """A task of this tenant is about to be queued: those at work see it. Raises RedisError."""
    _run(_WAITS, [_key("waiting")], tenant_id)


class _Place:
    """A held place; without Valkey an empty one."""

    def __init__(self, what: str, tenant_id: int) -> None:
        self._tenant, self._lease = str(tenant_id), secrets.token_hex(8)
        self._flight, self._again = _key(what, "flight", tenant_id), _key(what, "again", tenant_id)
        self._what = what

    def enter(self, cap: int, *, seen_s: float = SEEN_S) -> bool:
        keys = [self._flight, _key(self._what, "active"), _key("workers"), _key("waiting"), self._again]
        times = (LEASE_S * 1000, round(seen_s * 1000), WORKER_S * 1000)
        try:
            return bool(_run(_ENTER, keys, self._tenant, _worker(), self._lease, cap, *times))
        except RedisError as error:
            log.warning("valkey_unreachable", error=str(error))
            return True

    def keep(self) -> int:
        """Hold on to the place. Returns how many other tenants wait."""
        given = (self._tenant, self._lease, LEASE_S * 1000, WAITING_S * 1000)
        try:
            return _run(_KEEP, [self._flight, _key("waiting")], *given)
        except RedisError:
            return 0

    def leave(self) -> bool:
        """Give the place back. Returns whether someone came meanwhile and was sent away."""
        try:
            return bool(_run(_LEAVE, [self._flight, self._again], self._lease))
        except RedisError:
            return False


def take(
    what: str,
    *,
    tenant_id: int,
    step: Callable[[], bool],
    again: Callable[[], None],
    at_once: int = MANY,
    longest_s: float = LONGEST_S,
    seen_s: float = SEEN_S,
) -> None:
    """One turn of a tenant: `step` again and again, until it says that nothing is left (False), or others wait.

    `again` queues another turn when something was left. At most `at_once` workers do `what` for one tenant, which
    takes part in dividing the workers for `seen_s`. A step should take no longer than some tens of milliseconds;
    what it raises ends the turn.
    """
    place = _Place(what, tenant_id)
    if not place.enter(at_once, seen_s=seen_s):
        return  # its share of the workers is at it already, and looks again before it ends
    is_over = False
    try:
        began = looked_at = time.monotonic()
        slice_s = SLICE_S * weight_of(tenant_id)
        while not is_over:
            is_over = not step()
            now = time.monotonic()
            if is_over or now - looked_at < KEEP_S:
                continue
            others, looked_at = place.keep(), now
            if now - began >= longest_s or (others and now - began >= slice_s):
                break
    finally:
        came = place.leave()
    if came or not is_over:
        again()


@contextmanager
def long_work(tenant_id: int) -> Iterator[bool]:
    """A place for work of minutes (a sync), one for a tenant. Yields whether it may begin.

    All long work together leaves one worker free for what takes a moment. A killed worker's place is free again
    after three beats.
    """
    places, name, ended = _key("long"), str(tenant_id), threading.Event()

    def beat() -> None:
        while not ended.wait(BEAT_S):
            try:
                _run(_BEAT, [places], name, 3 * BEAT_S * 1000)
            except RedisError as error:
                log.warning("valkey_unreachable", error=str(error))

    try:
        given = (name, 3 * BEAT_S * 1000, _worker(), WORKER_S * 1000)
        may_begin = bool(_run(_ENTER_LONG, [places, _key("workers")], *given))
    except RedisError:
        may_begin = True
    thread = threading.Thread(target=beat, name="long-work", daemon=True)
    if may_begin:
        thread.start()
    try:
        yield may_begin
    finally:
        ended.set()
        if may_begin:
            _forget(places, name)


def _forget(places: str, name: str) -> None:
    try:
        valkey.client().zrem(places, name)
    except RedisError as error:
        log.warning("valkey_unreachable", error=str(error))
