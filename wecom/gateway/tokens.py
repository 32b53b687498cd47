"""Access tokens and page tickets: one per (corp, app, secret version), shared by all workers.

Refreshed early and by one worker at a time; dropped only if still the one that failed. A wrong secret stops the
corp before the next waiter asks: WeCom blocks an address that repeats it.

A refused token is replaced at once when it worked before (WeCom may revoke one early). A token that never worked,
or a second refusal soon after, opens a back-off window that all workers share: nobody asks for another before it
ends, and each window that follows another is longer.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from redis.exceptions import LockError, RedisError

from tenants import clock, secrets
from wecom import valkey
from wecom.errors import Retryable

EARLY_S = 600
LAST_S = 30
LOCK_S = 20
LOOK_S = 0.03
WORKED_KEPT = 1000
_worked: dict[str, str] = {}  # key -> the token this process has seen working

WINDOWS_S = (60, 300, 900)
WINDOWS_KEPT_S = 7200
# KEYS: token, window {till, is_shut, nth}, mark of the token that worked. ARGV: the refused token as it lay in the
# store, now, how long windows are remembered, their lengths. Answers "0" when another token may be asked for,
# else when the window ends.
_REFUSE = """
local now, till = tonumber(ARGV[2]), tonumber(redis.call('hget', KEYS[2], 'till') or '0')
if redis.call('get', KEYS[1]) ~= ARGV[1] then
  if till > now and redis.call('hget', KEYS[2], 'is_shut') == '1' then return string.format('%.3f', till) end
  return '0'
end
redis.call('del', KEYS[1])
local worked, is_open = redis.call('get', KEYS[3]) == redis.sha1hex(ARGV[1]), till > now
if not is_open then
  local nth = redis.call('hincrby', KEYS[2], 'nth', 1)
  till = now + tonumber(ARGV[3 + math.min(nth, #ARGV - 3)])
end
local is_shut = is_open or not worked
local text = string.format('%.3f', till)
redis.call('hset', KEYS[2], 'till', text, 'is_shut', is_shut and '1' or '0')
redis.call('expire', KEYS[2], ARGV[3])
return is_shut and text or '0'
"""


@dataclass(frozen=True)
class Held:
    """A token as it lies in the store: `raw` is what a compare-and-drop compares."""

    value: str
    expires_s: float
    fetched_s: float
    raw: str

    def is_fresh(self, now_s: float) -> bool:
        """Whether to use it without asking for another. WeCom may answer the same running token again, so
        close to its end it is asked for once a minute, not at every call."""
        left_s = self.expires_s - now_s
        return left_s > EARLY_S or (left_s > LAST_S and 0 <= now_s - self.fetched_s < 60)


def _unreachable() -> Retryable:
    return Retryable("the token store cannot be reached", retry_at=clock.now() + timedelta(seconds=5))


class TokenStore:
    """The tokens of one app. `fetch` returns (value, lifetime in seconds) and may raise any WecomError."""

    def __init__(self, *, tenant_id: int, corp_id: str, app_id: int, version: int) -> None:
        self._place = (valkey.corp_tag(tenant_id, corp_id), app_id, version)
        self._valkey = valkey.client()

    def _key(self, kind: str) -> str:
        return valkey.key("token", *self._place, kind)

    def read(self, kind: str) -> Held | None:
        """The stored token, also one that has ended, or None."""
        raw = cast("str | None", self._valkey.get(self._key(kind)))
        if not raw:
            return None
        body = json.loads(raw)
        return Held(secrets.decrypt(body["value"]), body["expires_s"], body["fetched_s"], raw)

    def get(self, kind: str, fetch: Callable[[], tuple[str, int]]) -> str:
        """A token that works for a while. Many callers at once cause one fetch."""
        return self.hold(kind, fetch).value

    def hold(self, kind: str, fetch: Callable[[], tuple[str, int]]) -> Held:
        """Like `get`, with what `worked` and `refused` need. Raises Retryable within a back-off window."""
        try:
            held = self.read(kind)
            now_s = self._now_s()
            if held and held.is_fresh(now_s):
                return held
            if held is None:
                self._check_window(kind)
            still_works = held is not None and held.expires_s - now_s > LAST_S
            return self._refresh(kind, fetch, fallback=held if still_works else None)
        except RedisError as error:
            raise _unreachable() from error

    @staticmethod
    def _now_s() -> float:
        return clock.now().timestamp()

    def _check_window(self, kind: str) -> None:
        """Raises Retryable while nobody may ask for another token."""
        till, is_shut = cast(
            "list[str | None]", self._valkey.hmget(self._key(kind) + ":window", ["till", "is_shut"])
        )
        if is_shut == "1" and till and float(till) > self._now_s():
            retry_at = datetime.fromtimestamp(float(till), UTC)
            raise Retryable("WeCom refuses new tokens too", retry_at=retry_at, code=40014, counts=False)

    def _refresh(self, kind: str, fetch: Callable[[], tuple[str, int]], *, fallback: Held | None) -> Held:
        lock = self._valkey.lock(
            self._key(kind) + ":lock",
            timeout=LOCK_S,
            sleep=LOOK_S,
            blocking=not fallback,
            blocking_timeout=LOCK_S,
        )
        if not lock.acquire():
            if fallback:
                return fallback  # someone else is renewing it; this one still works
            raise Retryable("waiting for a token took too long", retry_at=clock.now() + timedelta(seconds=5))
        try:
            held = self.read(kind)
            if held and held.is_fresh(self._now_s()):
                return held
            self._check_window(kind)
            value, life_s = fetch()
            return self._keep(kind, value, life_s)
        finally:
            with contextlib.suppress(LockError):  # held past its life: another worker owns it now
                lock.release()

    def _keep(self, kind: str, value: str, life_s: int) -> Held:
        now_s = self._now_s()
        body = {"value": secrets.encrypt(value), "expires_s": now_s + life_s, "fetched_s": now_s}
        raw = json.dumps(body)
        self._valkey.set(self._key(kind), raw, ex=max(life_s, 60))
        return Held(value, now_s + life_s, now_s, raw)

    def worked(self, kind: str, held: Held) -> None:
        """Remember that WeCom accepted this token, so that its refusal means it was revoked. Once a process."""
        name = self._key(kind)
        if _worked.get(name) == held.raw:
            return
        mark = hashlib.sha1(held.raw.encode(), usedforsecurity=False).hexdigest()
        try:
            self._valkey.set(name + ":worked", mark, ex=WINDOWS_KEPT_S)
        except RedisError:
            return  # the call is done; the next success says it again
        if len(_worked) >= WORKED_KEPT:
            _worked.clear()
        _worked[name] = held.raw

    def refused(self, kind: str, held: Held) -> datetime | None:
        """WeCom refused this token: forget it, unless somebody has replaced it already.

        Returns None when `get` may bring another at once, or the moment (UTC) at which the back-off window ends.
        """
        name = self._key(kind)
        _worked.pop(name, None)
        keys = (name, name + ":window", name + ":worked")
        try:
            till = self._valkey.eval(_REFUSE, 3, *keys, held.raw, self._now_s(), WINDOWS_KEPT_S, *WINDOWS_S)
        except RedisError as error:
            raise _unreachable() from error
        return datetime.fromtimestamp(float(cast(str, till)), UTC) if till != "0" else None

    def lift(self, kind: str) -> None:
        """End a back-off window before its time: a person has repaired something and checks it."""
        self._valkey.delete(self._key(kind) + ":window")
