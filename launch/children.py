"""Child processes of the demo: each in a process group of its own, logged, restarted when it dies."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

LOG_MAX_BYTES = 10 * 1024 * 1024
STOP_TIMEOUT_S = 20
# A child that lived this long was healthy: its next death starts the waiting anew.
HEALTHY_AFTER_S = 60
RESTART_MAX_WAIT_S = 30


@dataclass
class Child:
    """One process of the product."""

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path
    log: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    began: float = 0.0
    start_again_at: float | None = field(default=None)

    def start(self) -> None:
        """Start it, with its output appended to its log; a large log is put aside first."""
        if self.log.exists() and self.log.stat().st_size > LOG_MAX_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as said:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=self.environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.began = time.monotonic()
        self.start_again_at = None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process and self.process.poll() is None else None

    def look_after(self) -> str | None:
        """Notice a death, and start again when its wait is over. Returns a line to show, or None."""
        now = time.monotonic()
        if self.start_again_at is not None:
            if now >= self.start_again_at:
                self.start()
            return None
        if self.process is None or self.process.poll() is None:
            return None
        stop_group(self.process.pid, signal.SIGKILL)
        self.deaths = 1 if now - self.began > HEALTHY_AFTER_S else self.deaths + 1
        wait_s = min(2 ** (self.deaths - 1), RESTART_MAX_WAIT_S)
        self.start_again_at = now + wait_s
        code = self.process.returncode
        why = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"{self.name} ended ({why}); starting it again in {wait_s} s. Log: {self.log}"

    def last_line(self) -> str:
        """The last thing it said."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def stop_group(leader: int, how: signal.Signals) -> None:
    """Signal a whole process group that this package started. Repeatable."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, how)


def stop_all(children: list[Child]) -> None:
    """Ask every child to end, all at once; those that do not within the time limit are killed."""
    running = [child.process for child in children if child.process and child.process.poll() is None]
    for process in running:
        # The leader passes it on in its own way: gunicorn and Celery finish what they do.
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for process in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, deadline - time.monotonic()))
    for process in running:
        stop_group(process.pid, signal.SIGKILL)
        process.wait()
