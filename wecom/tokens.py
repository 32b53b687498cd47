"""Access tokens and page tickets: one per (corp, app, secret version), shared by all workers.

Refreshed early and by one worker at a time; dropped only if still the one that failed. A wrong secret stops the
corp before the next waiter asks: WeCom blocks an address that repeats it.
"""

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from redis.exceptions import LockError, RedisError

from tenants import clock, secrets
from wecom import valkey
from wecom.errors import Retryable

EARLY_S = 600
LAST_S = 30
LOCK_S = 20
LOOK_S = 0.03

_DROP = """
if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0
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
        try:
            held = self.read(kind)
            now_s = clock.now().timestamp()
            if held and held.is_fresh(now_s):
                return held.value
            still_works = held is not None and held.expires_s - now_s > LAST_S
            return self._refresh(kind, fetch, fallback=held.value if held and still_works else "")
        except RedisError as error:
            raise Retryable(
                "the token store cannot be reached", retry_at=clock.now() + timedelta(seconds=5)
            ) from error

    def _refresh(self, kind: str, fetch: Callable[[], tuple[str, int]], *, fallback: str) -> str:
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
            if held and held.is_fresh(clock.now().timestamp()):
                return held.value
            value, life_s = fetch()
            self._keep(kind, value, life_s)
            return value
        finally:
            with contextlib.suppress(LockError):  # held past its life: another worker owns it now
                lock.release()

    def _keep(self, kind: str, value: str, life_s: int) -> None:
        now_s = clock.now().timestamp()
        body = {"value": secrets.encrypt(value), "expires_s": now_s + life_s, "fetched_s": now_s}
        self._valkey.set(self._key(kind), json.dumps(body), ex=max(life_s, 60))

    def drop(self, kind: str, value: str) -> None:
        """Forget a token that WeCom refused, unless somebody has replaced it already."""
        held = self.read(kind)
        if held and held.value == value:
            self._valkey.eval(_DROP, 1, self._key(kind), held.raw)
