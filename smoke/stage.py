"""Everything a run stands on: a database of its own, the product's processes, and engines that may be killed."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import django
from django.db import connections

from smoke import database
from smoke.engines import OwnEngines
from smoke.processes import HOST, ROOT, Processes, free_port


@dataclass(frozen=True)
class Stage:
    """`engines` is None when the run stands on this checkout's, which nobody may kill."""

    folder: Path
    processes: Processes
    engines: OwnEngines | None

    def kill(self, part: str) -> None:
        """kill -9 of web, worker, beat, valkey or postgres, then start it again as a supervisor would."""
        acts = {}
        if self.engines is not None:
            acts = {"valkey": self.engines.kill_valkey, "postgres": self.engines.kill_postgres}
        acts.get(part, lambda: self.processes.kill(part))()
        if part == "postgres":
            connections.close_all()  # this process's own broke with it

    @property
    def kills(self) -> dict[str, int]:
        return {**self.processes.kills, **(self.engines.kills if self.engines else {})}


@contextmanager
def stage(name: str, *, has_own_engines: bool) -> Iterator[Stage]:
    """Start all parts in `.local/<name>` with Django set up for them; stop what was started."""
    signal.signal(signal.SIGTERM, _end)  # so that what was started is stopped
    folder = ROOT / ".local" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    engines = OwnEngines(folder / "engines") if has_own_engines else None
    try:
        addresses = engines.up() if engines else {one: os.environ[one] for one in database.ADDRESSES}
        web_port, simulator_port = free_port(), free_port()
        environment = _environment(folder, addresses, web_port, simulator_port)
        database.make_fresh(
            addresses["DATABASE_OWNER_URL"], environment, is_server_killed=engines is not None
        )
        os.environ.update(environment)
        django.setup()
        processes = Processes(
            folder=folder, environment=environment, web_port=web_port, simulator_port=simulator_port
        )
        try:
            processes.start()
            yield Stage(folder, processes, engines)
        finally:
            processes.stop()
    finally:
        if engines:
            engines.down()


def _environment(
    folder: Path, addresses: dict[str, str], web_port: int, simulator_port: int
) -> dict[str, str]:
    simulator = f"http://{HOST}:{simulator_port}"
    return {
        "DATABASE_URL": database.renamed(addresses["DATABASE_URL"]),
        "DATABASE_OWNER_URL": database.renamed(addresses["DATABASE_OWNER_URL"]),
        "REDIS_URL": addresses["REDIS_URL"],
        "DJANGO_SETTINGS_MODULE": "scrm.settings.dev",
        "QUNCE_VALKEY_PREFIX": f"smoke{os.getpid()}",
        "QUNCE_CLOCK_FILE": str(folder / "clock"),
        "QUNCE_PUBLIC_URL": f"http://{HOST}:{web_port}",
        "QUNCE_WECOM_API_BASE": simulator,
        "QUNCE_WECOM_OPEN_BASE": simulator,
        "QUNCE_TICK_SCALE": "2",  # the driver asks for ticks itself whenever something is due
        "QUNCE_LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }


def _end(number: int, frame: object) -> None:
    raise SystemExit(128 + number)
