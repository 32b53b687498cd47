"""Counting beside the work: what was counted in this process goes to Valkey once a second, from a thread of its own.

For places that must wait for nobody, a callback's answer above all. A process that is killed loses the last second's
figures, nothing else. Minutes are those of product time. Names and values carry no content of messages.
"""

import atexit
import json
import os
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from redis.exceptions import RedisError

from tenants import clock
from wecom import valkey

log = structlog.get_logger(__name__)

REST_S = 1.0
HOURS_KEPT = 26
STORED, DUPLICATE, REFUSED = "callback.stored", "callback.duplicate", "callback.refused"
# Upper bounds of the steps that times are counted in, seconds.
BOUNDS_S: dict[str, tuple[float, ...]] = {
    "effect": (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300),
    "welcome": (1, 2, 3, 5, 8, 12, 16, 20),
    "limiter": (0.01, 0.05, 0.1, 0.5, 1, 3, 10),
}


# A hash in Valkey and a field of it.
Place = tuple[str, str]


def sums_key(*parts: object) -> str:
    """A key of the platform's own sums."""
    return valkey.key("sums", *parts)


def _key(tenant_id: int, *parts: object) -> str:
    return valkey.key("tally", tenant_id, *parts)


class Tally:
    """What this process has counted and not told yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._telling = threading.Lock()
        self._counts: Counter[tuple[int, str]] = Counter()
        self._sums: Counter[tuple[str, str]] = Counter()
        self._marks: dict[tuple[int, str], dict[str, object]] = {}
        self._adds: Counter[Place] = Counter()
        self._puts: dict[Place, str] = {}
        self._hours: set[str] = set()
        self._thread: threading.Thread | None = None

    def count(self, what: str, *, tenant_id: int = 0, n: int = 1) -> None:
        """One more of `what`: in the tenant's minute, if one is named, and in the platform's sum."""
        with self._lock:
            if tenant_id:
                self._counts[tenant_id, what] += n
            self._sums["counts", what] += n
            self._wake()

    def took(self, what: str, seconds: float) -> None:
        """One more duration of a kind in BOUNDS_S, for the platform's histogram."""
        with self._lock:
            self._sums[what, str(bisect_left(BOUNDS_S[what], seconds))] += 1
            self._sums[what, "ms"] += max(0, round(seconds * 1000))
            self._wake()

    def mark(self, what: str, *, tenant_id: int, **about: object) -> None:
        """The last time something happened to a tenant, with a few words about it."""
        with self._lock:
            self._marks[tenant_id, what] = about
            self._wake()

    def write(self, *, adds: Mapping[Place, int], puts: Mapping[Place, str], hour: str) -> None:
        """Figures that lie where their reader says; `hour` is the hash among them that lives HOURS_KEPT hours."""
        with self._lock:
            self._adds.update(adds)
            self._puts.update(puts)
            self._hours.add(hour)
            self._wake()

    def _wake(self) -> None:
        """Start the thread when first asked, so after a fork. The lock is held."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="tally", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            time.sleep(REST_S)
            self.flush()

    def _take(self) -> tuple[Counter, Counter, dict]:
        with self._lock:
            taken = self._counts, self._sums, self._marks
            self._counts, self._sums, self._marks = Counter(), Counter(), {}
        return taken

    def _take_written(self) -> tuple[Counter[Place], dict[Place, str], set[str]]:
        with self._lock:
            written = self._adds, self._puts, self._hours
            self._adds, self._puts, self._hours = Counter(), {}, set()
        return written

    def flush(self) -> None:
        """Tell Valkey what was counted; when it returns, it is told. Never raises; what cannot be told is dropped."""
        with self._telling:
            self._flush()

    def _flush(self) -> None:
        counts, sums, marks = self._take()
        adds, puts, written_hours = self._take_written()
        if not (counts or sums or marks or adds or puts):
            return
        try:
            now_s = int(clock.now().timestamp())
            hour, minute = now_s // 3600, now_s // 60 % 60
            with valkey.client().pipeline(transaction=False) as pipe:
                for (tenant_id, what), n in counts.items():
                    pipe.hincrby(_key(tenant_id, hour), f"{minute}|{what}", n)
                for tenant_id in {tenant_id for tenant_id, _what in counts}:
                    pipe.expire(_key(tenant_id, hour), HOURS_KEPT * 3600)
                for (kind, what), n in sums.items():
                    pipe.hincrby(sums_key(kind), what, n)
                for (tenant_id, what), about in marks.items():
                    said = json.dumps({"at": now_s, **about}, ensure_ascii=False)
                    pipe.hset(_key(tenant_id, "last"), what, said)
                _tell_written(pipe, adds, puts, written_hours)
                pipe.execute()
        except (RedisError, OSError) as error:
            log.warning("tally_not_told", error=str(error))


def _tell_written(pipe: Any, adds: Counter[Place], puts: dict[Place, str], hours: set[str]) -> None:
    for (key, name), n in adds.items():
        pipe.hincrby(key, name, n)
    for (key, name), said in puts.items():
        pipe.hset(key, name, said)
    for key in hours:
        pipe.expire(key, HOURS_KEPT * 3600)


tally = Tally()


def _forget_parent() -> None:
    """A forked process counts anew: what its parent counted is the parent's to tell."""
    Tally.__init__(tally)


os.register_at_fork(after_in_child=_forget_parent)
atexit.register(tally.flush)


@dataclass(frozen=True)
class Rates:
    """Counts of one tenant: `minutes` the last 60, `hours` the last 24, oldest first; `last` the marks' words."""

    minutes: dict[str, list[int]]
    hours: dict[str, list[int]]
    last: dict[str, dict[str, object]]

    def last_at(self, what: str) -> datetime | None:
        at = self.last.get(what, {}).get("at")
        return datetime.fromtimestamp(int(str(at)), UTC) if at else None


def rates(*, tenant_id: int, names: tuple[str, ...] = (STORED, DUPLICATE, REFUSED)) -> Rates:
    """What was counted for a tenant. One round trip. Raises RedisError without Valkey."""
    now_m = int(clock.now().timestamp()) // 60
    hours = range(now_m // 60 - 23, now_m // 60 + 1)
    with valkey.client().pipeline(transaction=False) as pipe:
        for hour in hours:
            pipe.hgetall(_key(tenant_id, hour))
        pipe.hgetall(_key(tenant_id, "last"))
        *found, last = pipe.execute()
    by_hour = dict(zip(hours, found, strict=True))

    def at(minute: int, what: str) -> int:
        return int(by_hour.get(minute // 60, {}).get(f"{minute % 60}|{what}") or 0)

    return Rates(
        minutes={what: [at(minute, what) for minute in range(now_m - 59, now_m + 1)] for what in names},
        hours={what: [_sum(by_hour[hour], what) for hour in hours] for what in names},
        last={what: json.loads(said) for what, said in last.items()},
    )


def _sum(hour: dict[str, str], what: str) -> int:
    return sum(int(n) for name, n in hour.items() if name.partition("|")[2] == what)


def sums(*kinds: str) -> dict[str, dict[str, int]]:
    """The platform's sums by kind: "counts", "calls", "call_steps", or one of BOUNDS_S, this process's up to now."""
    tally.flush()
    with valkey.client().pipeline(transaction=False) as pipe:
        for kind in kinds:
            pipe.hgetall(sums_key(kind))
        found = pipe.execute()
    return {kind: {name: int(n) for name, n in one.items()} for kind, one in zip(kinds, found, strict=True)}
