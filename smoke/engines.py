"""Engines of the smoke run's own, to be killed with -9 without harming anybody else's."""

import contextlib
import os
import signal
import time
from pathlib import Path

import redis

from launch import engines
from launch.layout import Layout
from launch.postgres import Postgres
from launch.valkey import Valkey

_OUTSIDE = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


class OwnEngines:
    """A second PostgreSQL and Valkey beside this checkout's, under `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.layout = Layout(folder.resolve())
        self.kills: dict[str, int] = {}

    def up(self) -> dict[str, str]:
        """Start both; returns the addresses."""
        for name in _OUTSIDE:
            os.environ.pop(name, None)
        engines.up(self.layout)
        given = engines.environment(self.layout)
        return {name: given[name] for name in _OUTSIDE}

    def kill_postgres(self) -> None:
        """kill -9 of the postmaster, then start again as a supervisor would: crash recovery must do the rest."""
        server = Postgres(self.layout)
        pid = int((server.data / "postmaster.pid").read_text().splitlines()[0])
        self._kill(pid, "postgres")
        server.up()  # not engines.up: by now the environment names these engines, as if they were external

    def kill_valkey(self) -> None:
        """kill -9 of Valkey: up to a second of its append-only file may be gone."""
        server = Valkey(self.layout)
        link = redis.Redis.from_url(server.url())
        pid = int(link.info("server")["process_id"])
        link.close()
        self._kill(pid, "valkey")
        server.up()

    def down(self) -> None:
        engines.down(self.layout)

    def _kill(self, pid: int, name: str) -> None:
        os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):  # one that this process started would stay as a zombie
            os.waitpid(pid, 0)
        for _ in range(100):
            if not Path(f"/proc/{pid}").exists():
                break
            time.sleep(0.05)
        self.kills[name] = self.kills.get(name, 0) + 1
