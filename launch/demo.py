"""`make demo`: everything on one machine, watched, and stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

from launch import assets, engines, ports, state
from launch.children import Child, stop_all, stop_group
from launch.errors import LaunchError
from launch.layout import Layout
from launch.procs import is_alive, memory_kb, started_at, tree
from launch.progress import step

DEFAULT_PORT = 8000
DEFAULT_SIMULATOR_PORT = 8900
QUEUES = "welcome,ingest,touch,wecom,derive,default"
READY_TIMEOUT_S = 90
LOOK_EVERY_S = 0.5
KILL_TIMEOUT_S = 10
HOPELESS_DEATHS = 4
BUDGET_MB = 600
BUDGETED = ("web", "worker", "beat")


class Stopped(BaseException):
    """The user, or the system, asked the demo to end."""


class _PortLost(Exception):
    """Another program took the simulator's port between the choice and the start."""


class Demo:
    """One run of the demo in one checkout."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.children: list[Child] = []
        self.started_engines: list[str] = []
        self.port = DEFAULT_PORT
        self.simulator_port = DEFAULT_SIMULATOR_PORT

    @property
    def url(self) -> str:
        return f"http://{ports.LOOPBACK}:{self.port}"

    def run(self) -> int:
        """Start everything, stay until asked to end, stop what was started. Raises LaunchError."""
        for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(kind, _on_signal)
        began = time.monotonic()
        self.layout.make_local()
        clear_remains(self.layout)
        try:
            self._choose_ports()
            self._record()
            self._start()
            ready_s = time.monotonic() - began
            print(f"\nQunce 群策        {self.url}", flush=True)
            print(f"Simulated phones  http://{ports.LOOPBACK}:{self.simulator_port}", flush=True)
            print(f"Ready in {ready_s:.0f} s; Ctrl-C stops everything that this start began.", flush=True)
            self._watch()
        except Stopped:
            print("\nStopping ...", flush=True)
        finally:
            self._stop()
        return 0

    def _choose_ports(self) -> None:
        asked = os.environ.get("DEMO_PORT") or str(DEFAULT_PORT)
        self.port = ports.as_port("DEMO_PORT", asked)
        if not ports.is_free(self.port) or ports.answers(self.port):
            raise LaunchError(
                f"Port {self.port} is taken: stop what uses it, "
                f"or choose another: `make demo DEMO_PORT={self.port + 1}`."
            )
        remembered = state.read(_ports_file(self.layout)).get("simulator", DEFAULT_SIMULATOR_PORT)
        if remembered != self.port and ports.is_free(remembered):
            self.simulator_port = remembered
        else:
            self.simulator_port = ports.first_free(max(DEFAULT_SIMULATOR_PORT, self.port + 1))

    def _start(self) -> None:
        with step("Engines"):
            # Known before the start, so that a Ctrl-C during it still stops them.
            self.started_engines = engines.stopped(self.layout)
            engines.up(self.layout)
        environment = self._environment()
        assets.prepare(self.layout, assets.DEMO_STEPS, extra=environment)
        with step("Simulator, web, worker and beat"):
            self._start_children()
        self._fill()

    def _start_children(self) -> None:
        """Start the four and wait until they serve; again with another port when a neighbour took it first."""
        while True:
            whole = dict(os.environ) | self._environment()
            self.children = [
                Child(name, command, whole, self.layout.root, self.layout.logs / f"{name}.log")
                for name, command in self._commands().items()
            ]
            for child in self.children:
                child.start()
            self._record()
            try:
                self._await_ready()
            except _PortLost:
                stop_all(self.children)
                self.simulator_port = ports.first_free(self.simulator_port + 1)
            else:
                state.write(_ports_file(self.layout), {"simulator": self.simulator_port})
                return

    def _environment(self) -> dict[str, str]:
        simulator = f"http://{ports.LOOPBACK}:{self.simulator_port}"
        return engines.environment(self.layout) | {
            "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE") or "scrm.settings.dev",
            "QUNCE_PUBLIC_URL": self.url,
            "QUNCE_WECOM_API_BASE": simulator,
            "QUNCE_WECOM_OPEN_BASE": simulator,
            "QUNCE_SIMULATOR_URL": simulator,
            "QUNCE_PAYMENTS": "sandbox",
            "PYTHONUNBUFFERED": "1",
            # glibc gives each thread its own heap by default; two keep the memory budget.
            "MALLOC_ARENA_MAX": "2",
        }

    def _commands(self) -> dict[str, list[str]]:
        tools = self.layout.venv / "bin"
        python = str(tools / "python")
        return {
            "simulator": [
                python, "-m", "simulator", "--live", "--port", str(self.simulator_port),
                "--state-dir", str(self.layout.local / "simulator"), "--clock-file", str(self.layout.clock_file),
            ],
            "web": [
                python, "-m", "gunicorn", "scrm.wsgi:application", "--bind", f"{ports.LOOPBACK}:{self.port}",
                "--workers", "2", "--worker-class", "gthread", "--threads", "8", "--preload",
                "--graceful-timeout", "10", "--no-control-socket",
            ],
            "worker": [
                python, "-m", "celery", "-A", "scrm", "worker", "--queues", QUEUES, "--concurrency", "2",
                "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
                "--hostname", f"demo-{self.layout.fingerprint}@%h",
            ],
            "beat": [
                python, "-m", "celery", "-A", "scrm.beat", "beat", "--schedule", str(self.layout.local / "beat"),
                "--pidfile", "", "--loglevel", "WARNING",
            ],
        }  # fmt: skip

    def _await_ready(self) -> None:
        """Until the web process and the simulator answer. Raises LaunchError naming the one that does not."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        addresses = {"simulator": f"http://{ports.LOOPBACK}:{self.simulator_port}/", "web": f"{self.url}/"}
        while addresses:
            for child in self.children:
                if child.pid is None:
                    if child.name == "simulator" and not ports.is_free(self.simulator_port):
                        raise _PortLost
                    raise LaunchError(f"{child.name} ended at once: {child.last_line()} (log: {child.log})")
            for name in [name for name, address in addresses.items() if _serves(address)]:
                del addresses[name]
            if addresses and time.monotonic() > deadline:
                slow = " and ".join(addresses)
                raise LaunchError(f"No answer from {slow} within {READY_TIMEOUT_S} s: see {self.layout.logs}")
            time.sleep(0.1)

    def _fill(self) -> None:
        """Play the demo's month of life into the product; it shows its own progress and the logins."""
        command = [str(self.layout.venv_python), "manage.py", "demo_world"]
        if os.environ.get("DEMO_SIZE"):
            command += ["--size", os.environ["DEMO_SIZE"]]
        whole = dict(os.environ) | self._environment()
        seeding = subprocess.Popen(
            command, cwd=self.layout.root, env=whole, stdin=subprocess.DEVNULL, start_new_session=True
        )
        try:
            while seeding.poll() is None:
                self._look()
                self._give_up_on_the_hopeless()
                time.sleep(LOOK_EVERY_S)
        finally:
            stop_group(seeding.pid, signal.SIGTERM)
            seeding.wait()
        if seeding.returncode != 0:
            raise LaunchError(
                f"The demo's world could not be made (exit code {seeding.returncode}); see above."
            )

    def _give_up_on_the_hopeless(self) -> None:
        """Raises LaunchError for a process that keeps dying while the demo starts."""
        for child in self.children:
            if child.deaths >= HOPELESS_DEATHS:
                raise LaunchError(f"{child.name} does not stay up: {child.last_line()} (log: {child.log})")

    def _watch(self) -> None:
        while True:
            self._look()
            time.sleep(LOOK_EVERY_S)

    def _look(self) -> None:
        before = [child.pid for child in self.children]
        for child in self.children:
            line = child.look_after()
            if line:
                print(line, flush=True)
        if before != [child.pid for child in self.children]:
            self._record()

    def _record(self) -> None:
        """Write down what runs, so that `make memory`, `make stop` and the next start know it."""
        running = {child.name: child.pid for child in self.children if child.pid}
        facts = {name: [pid, started_at(pid)] for name, pid in {"supervisor": os.getpid(), **running}.items()}
        state.write(_record_file(self.layout), {"port": self.port, "processes": facts})

    def _stop(self) -> None:
        for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(kind, signal.SIG_IGN)
        stop_all(self.children)
        if self.started_engines:
            engines.down(self.layout, self.started_engines)
        _record_file(self.layout).unlink(missing_ok=True)


def clear_remains(layout: Layout) -> None:
    """Stop what a killed demo of this checkout left running. Raises LaunchError when a demo runs right now."""
    kept = state.read(_record_file(layout))
    processes = running(layout)
    if "supervisor" in processes:
        raise LaunchError(f"The demo runs already on port {kept.get('port')}: end it first (`make stop`).")
    for pid in processes.values():
        stop_group(pid, signal.SIGKILL)
    deadline = time.monotonic() + KILL_TIMEOUT_S
    while any(is_alive(pid) for pid in processes.values()) and time.monotonic() < deadline:
        time.sleep(0.05)
    _record_file(layout).unlink(missing_ok=True)


def running(layout: Layout) -> dict[str, int]:
    """Process numbers of the demo by name; only those that still are the processes that were started."""
    kept = state.read(_record_file(layout)).get("processes", {})
    return {name: pid for name, (pid, when) in kept.items() if is_alive(pid) and started_at(pid) == when}


def stop(layout: Layout) -> bool:
    """End a running demo of this checkout, and what a killed one left. False when there was none."""
    processes = running(layout)
    supervisor = processes.get("supervisor")
    if supervisor is not None:
        os.kill(supervisor, signal.SIGTERM)
        while is_alive(supervisor):
            time.sleep(0.1)
    clear_remains(layout)
    return bool(processes)


def memory(layout: Layout) -> int:
    """Print the resident memory of each part in MB; 0 when the budgeted parts keep their budget."""
    processes = {name: pid for name, pid in running(layout).items() if name != "supervisor"}
    if not processes:
        raise LaunchError("The demo does not run: start it with `make demo`.")
    used = {name: sum(memory_kb(pid) for pid in tree(leader)) / 1024 for name, leader in processes.items()}
    for name, megabytes in used.items():
        print(f"{name:<10} {megabytes:6.0f} MB")
    total = sum(used.get(name, 0) for name in BUDGETED)
    print(f"{'+'.join(BUDGETED)} {total:.0f} MB of {BUDGET_MB} MB")
    return 0 if total <= BUDGET_MB else 1


def _record_file(layout: Layout) -> Path:
    return layout.local / "demo.json"


def _ports_file(layout: Layout) -> Path:
    return layout.local / "demo-ports.json"


def _serves(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except urllib.error.HTTPError as answer:
        return answer.code < 500
    except OSError:
        return False


def _on_signal(number: int, frame: FrameType | None) -> None:
    raise Stopped
