"""The product's processes as `make demo` runs them, with two workers more, on a database of the smoke run's own."""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from launch.children import Child, stop_all, stop_group

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
READY_TIMEOUT_S = 60
LOOK_EVERY_S = 0.5
QUEUES = "welcome,ingest,touch,wecom,derive,default"


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Processes:
    """Simulator, web, worker and beat of one run: started, killed on purpose, stopped.

    A thread starts again what died by itself, as systemd or a container's restart policy would: a Celery worker
    ends when its broker dies while it holds tasks.
    """

    def __init__(
        self, *, folder: Path, environment: dict[str, str], web_port: int, simulator_port: int
    ) -> None:
        self.folder = folder
        self.web_url = f"http://{HOST}:{web_port}"
        self.simulator_url = f"http://{HOST}:{simulator_port}"
        self.kills: dict[str, int] = {}
        self._hand = threading.Lock()  # one of us at a time starts or ends a part
        self._over = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        python = sys.executable
        commands = {
            "simulator": [
                python, "-m", "simulator", "--port", str(simulator_port),
                "--state-dir", str(folder / "simulator"), "--clock-file", environment["QUNCE_CLOCK_FILE"],
            ],
            "web": [
                python, "-m", "gunicorn", "scrm.wsgi:application", "--bind", f"{HOST}:{web_port}", "--workers", "2",
                "--worker-class", "gthread", "--threads", "8", "--preload", "--no-control-socket",
            ],
            "worker": [
                python, "-m", "celery", "-A", "scrm", "worker", "--queues", QUEUES, "--concurrency", "4",
                "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
                "--without-heartbeat", "--hostname", f"smoke-{os.getpid()}@%h",
            ],
            "beat": [
                python, "-m", "celery", "-A", "scrm.beat", "beat", "--schedule", str(folder / "beat"),
                "--pidfile", "", "--loglevel", "WARNING",
            ],
        }  # fmt: skip
        whole = dict(os.environ) | environment
        self.children = {
            name: Child(name, command, whole, ROOT, folder / f"{name}.log")
            for name, command in commands.items()
        }

    def start(self) -> None:
        """Start all; return when web and simulator answer. Raises RuntimeError naming the one that does not."""
        for child in self.children.values():
            child.start()
        self._await(self.simulator_url + "/sim/status", "simulator")
        self._await(self.web_url + "/accounts/login/", "web")
        self._supervisor.start()

    def kill(self, name: str) -> None:
        """kill -9 of a part's whole process group, then start it again, as a supervisor would."""
        with self._hand:
            self._start_again(self.children[name])
        self.kills[name] = self.kills.get(name, 0) + 1
        if name == "web":
            self._await(self.web_url + "/accounts/login/", "web")

    def stop(self) -> None:
        self._over.set()
        with self._hand:
            stop_all(list(self.children.values()))

    def _supervise(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            with self._hand:
                for child in self.children.values():
                    if child.pid is None and not self._over.is_set():
                        self._start_again(child)

    def _start_again(self, child: Child) -> None:
        if child.process is not None:
            stop_group(child.process.pid, signal.SIGKILL)
            child.process.wait()
        child.start()

    def _await(self, address: str, name: str) -> None:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                try:
                    with urllib.request.urlopen(address, timeout=2):
                        return
                except urllib.error.HTTPError as answer:
                    if answer.code < 500:
                        return
            if self.children[name].pid is None:
                raise RuntimeError(f"{name} ended at once: {self.children[name].last_line()}")
            time.sleep(0.1)
        raise RuntimeError(
            f"{name} did not answer within {READY_TIMEOUT_S} s: {self.children[name].last_line()}"
        )
