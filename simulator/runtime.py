"""What the running process holds: the world, the clock, the HTTP client, and the snapshot file."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import time
from collections import Counter, deque
from collections.abc import Coroutine
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request

from simulator import snapshot
from simulator.callbacks import wire
from simulator.clock import Clock
from simulator.world.model import Corp, World
from simulator.world.relations import Refused
from simulator.world.shape import fingerprint

log = logging.getLogger("simulator")

DRIVEN_S = 60.0
CALLBACKS_IN_FLIGHT = 8
CALLS_KEPT = 5000
SENT_CHARS = 500
SECRET_FIELDS = ("access_token", "corpsecret", "secret", "suite_secret", "user_ticket")


@dataclass(slots=True)
class NotedCall:
    """One vendor call as the ledger shows it. `sent` is its body or query, shortened, without secrets."""

    at: float
    path: str
    method: str
    started: float
    corp_id: str = ""
    agentid: int = 0
    code: int | None = None
    hint: str = ""
    took_ms: float = 0.0
    sent: str = ""

    def keep(self, values: dict[str, Any]) -> None:
        shown = {name: value for name, value in values.items() if name not in SECRET_FIELDS}
        self.sent = json.dumps(shown, ensure_ascii=False, default=str)[:SENT_CHARS]


class Runtime:
    """One per process."""

    def __init__(self, *, clock: Clock, state_dir: Path | None = None, is_live: bool = False) -> None:
        self.clock = clock
        self.state_dir = state_dir
        self.is_live = is_live
        self.world = World(is_driven=not is_live)
        self.calls: Counter[str] = Counter()
        self.recent_calls: deque[NotedCall] = deque(maxlen=CALLS_KEPT)
        # One tick at a time: the live loop and a driver may ask at once.
        self.turn = asyncio.Lock()
        # At most so many callbacks in flight, all corps together.
        self.callback_slots = asyncio.Semaphore(CALLBACKS_IN_FLIGHT)
        self.bulks: list[Any] = []
        self._senders: dict[tuple[str, int], wire.Sender] = {}
        self._jobs: set[asyncio.Task[None]] = set()
        self._client: httpx.AsyncClient | None = None
        self._driven_at = -DRIVEN_S

    @property
    def client(self) -> httpx.AsyncClient:
        """Keep-alive client; keeps no cookies itself, since many people share it."""
        if self._client is None:
            limits = httpx.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=1.5)
            no_jar = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
            self._client = httpx.AsyncClient(timeout=15.0, limits=limits, trust_env=False, cookies=no_jar)
        return self._client

    async def close(self) -> None:
        for job in list(self._jobs):
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        for sender in self._senders.values():
            sender.close()
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def sender(self, url: str) -> tuple[wire.Sender, str] | None:
        """The kept connections to a callback's host, and its path; None when it is not plain http."""
        parts = wire.split(url)
        if parts is None:
            return None
        host, port, path = parts
        if (host, port) not in self._senders:
            self._senders[(host, port)] = wire.Sender(host, port)
        return self._senders[(host, port)], path

    def spawn(self, job: Coroutine[Any, Any, None]) -> None:
        """Run something beside the requests; ended at close."""
        task = asyncio.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    def drive(self) -> None:
        """A driver moves the clock: gather acts into slots for the next minute."""
        self._driven_at = time.monotonic()
        self.world.is_driven = True

    def live(self) -> None:
        """Time passes by itself: exact times again once no driver has been seen for a minute."""
        self.world.is_driven = time.monotonic() - self._driven_at < DRIVEN_S

    def corp(self, corp_id: str) -> Corp:
        """The corp. Raises Refused when unknown."""
        found = self.world.corps.get(corp_id)
        if found is None:
            raise Refused(f"no corp {corp_id}")
        return found

    def note_call(self, request: Request, path: str) -> NotedCall:
        """A vendor call has begun; it joins the last few thousand."""
        noted = NotedCall(round(self.clock.now(), 3), path, request.method, time.perf_counter())
        self.recent_calls.append(noted)
        return noted

    def end_call(self, noted: NotedCall, code: int, hint: str = "") -> None:
        noted.code, noted.hint = code, hint
        noted.took_ms = round((time.perf_counter() - noted.started) * 1000, 1)
        self.count_call(noted.path, code)

    def count_call(self, path: str, code: int) -> None:
        self.calls[f"{path} {code}"] += 1

    def load(self) -> bool:
        """Restore the last snapshot. A file that cannot be read is put aside, never deleted."""
        if self.state_dir is None:
            return False
        path = self.state_dir / snapshot.NAME
        snapshot.sweep(path)
        if not path.exists():
            return False
        try:
            version, world = pickle.loads(path.read_bytes())
        except Exception:
            log.exception("the snapshot cannot be read; starting empty")
            path.rename(path.with_suffix(".unreadable"))
            return False
        if version != fingerprint():
            path.rename(path.with_suffix(".old"))
            return False
        self.world = world
        self.world.is_driven = not self.is_live
        for receiver in world.receivers():
            receiver.ledger.rebuild_pending()
        return True

    def save(self) -> None:
        """Write the world when it changed, and wait for it."""
        if self.state_dir is not None and self.world.is_dirty:
            self.world.is_dirty = False
            snapshot.write(self.world, self.state_dir / snapshot.NAME)

    async def save_beside(self) -> None:
        """Write the world when it changed, while everything goes on. What is not written stays to be written."""
        if self.state_dir is None or not self.world.is_dirty:
            return
        self.world.is_dirty = False
        try:
            await snapshot.write_beside(self.world, self.state_dir / snapshot.NAME)
        except BaseException:
            self.world.is_dirty = True
            raise
