"""The demo's supervisor, with small stand-ins for the product's processes."""

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest

from launch.procs import is_alive
from tests.launch.conftest import Checkout, give_venv, make_checkout, put_away, unused_port
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

# `manage.py` that succeeds at once, and children that serve an empty page or wait.
MANAGE = "import sys\nprint('manage.py', *sys.argv[1:], flush=True)\n"
START = """
import sys
from launch import cli, demo

def commands(self):
    serve = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]
    wait = [sys.executable, "-c", "import subprocess; subprocess.run(['sleep', '600'])"]
    return {"simulator": [*serve, str(self.simulator_port)], "web": [*serve, str(self.port)],
            "worker": wait, "beat": wait}

demo.Demo._commands = commands
sys.exit(cli.main(["demo"]))
"""


class Running:
    """A demo in a process of its own, and what it printed so far."""

    def __init__(self, checkout: Checkout, port: int) -> None:
        self.checkout = checkout
        self.process = subprocess.Popen(
            [checkout.python, "-c", START], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, bufsize=1, **checkout.options(DEMO_PORT=str(port)),
        )  # fmt: skip
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()

    def await_line(self, pattern: str, timeout_s: float = 240) -> str:
        with self._news:
            found = self._news.wait_for(lambda: self._matching(pattern), timeout_s)
        assert found, "\n".join(self.lines)
        return found

    def _matching(self, pattern: str) -> str | None:
        return next((line for line in self.lines if re.search(pattern, line)), None)

    def pids(self) -> dict[str, int]:
        kept = json.loads((self.checkout.root / ".local/demo.json").read_text())
        return {name: pid for name, (pid, _) in kept["processes"].items()}

    def end(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        code = self.process.wait(120)
        self._reader.join(60)
        return code


def _make_product(checkout: Checkout) -> Checkout:
    """Add just enough of a product to be watched."""
    (checkout.root / "manage.py").write_text(MANAGE)
    give_venv(checkout)
    return checkout


@pytest.fixture
def product(checkout: Checkout) -> Checkout:
    return _make_product(checkout)


@pytest.fixture
def start(product: Checkout) -> Iterator[Callable[[], Running]]:
    """Begins demos in one checkout, all on one port."""
    port = unused_port()
    begun: list[Running] = []

    def begin() -> Running:
        begun.append(Running(product, port))
        return begun[-1]

    yield begin
    for one in begun:
        if one.process.poll() is None:
            one.end(signal.SIGTERM)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A demo that is ready, for tests that leave it running."""
    checkout = _make_product(make_checkout(tmp_path_factory.mktemp("ready") / "a checkout"))
    demo = Running(checkout, unused_port())
    demo.await_line(r"^Ready in \d+ s")
    yield demo
    demo.end()
    put_away(checkout)


def test_ctrl_c_stops_what_the_demo_started_and_nothing_else(product, start):
    bystander = subprocess.Popen(["sleep", "3600"])
    try:
        demo = start()
        demo.await_line(r"^Ready in \d+ s")
        pids = demo.pids()
        assert sorted(pids) == ["beat", "simulator", "supervisor", "web", "worker"]

        assert demo.end() == 0

        assert [name for name, pid in pids.items() if is_alive(pid)] == []
        assert product.launch("engines", "status").returncode == 3
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_demo_leaves_engines_running_that_ran_before(product, start):
    product.launch("engines", "up")
    demo = start()
    demo.await_line(r"^Ready in \d+ s")
    demo.end()

    assert product.launch("engines", "status").returncode == 0


def test_child_that_dies_is_started_again(ready):
    before = ready.pids()["worker"]

    os.kill(before, signal.SIGKILL)

    assert ready.await_line(r"^worker ended \(signal 9\); starting it again in 1 s")
    wait_until(
        lambda: ready.pids().get("worker") not in (None, before), "the worker runs again", within_s=120
    )


def test_remains_of_a_killed_demo_are_cleared_by_the_next_start(start):
    killed = start()
    killed.await_line(r"^Ready in \d+ s")
    left = killed.pids()
    killed.end(signal.SIGKILL)
    assert is_alive(left["web"])

    again = start()

    assert again.await_line(r"^Ready in \d+ s")
    assert not is_alive(left["web"])


def test_second_demo_is_told_that_one_runs(ready):
    second = ready.checkout.launch("demo")

    assert second.returncode == 1
    assert re.fullmatch(r"qunce: The demo runs already on port \d+: end it first .*\n", second.stderr)


def test_memory_names_each_part_and_the_budget(ready):
    told = ready.checkout.launch("memory")

    assert told.returncode == 0, told.stderr
    assert re.search(r"^web +\d+ MB$", told.stdout, re.M)
    assert re.search(r"^web\+worker\+beat \d+ MB of 600 MB$", told.stdout, re.M)
