"""The simulator as vendor: its own process on a free port, driven over HTTP. Never imported.

pytest_plugins = ... or: from tests.simulated import simulator  # noqa: F401
"""

import os
import socket
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings

from tests.waiting import wait_until

READY_S = 90
ATTEMPTS = 5  # a free port may be somebody else's by the time the process asks for it


class Simulator:
    """A hand on the running process."""

    def __init__(self, url: str, clock_file: Path) -> None:
        self.url = url
        self._clock_file = clock_file
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=60)
        self._test, self._count = "", 0

    def ask(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """One request of the simulator's own; raises AssertionError with its refusal."""
        answer = self._http.request(method, path, json=body or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def corp(self, **settings_: Any) -> dict[str, Any]:
        """A new corp: {"corp_id", "agentid", "secret", "staff": [...], "groups": [...], ...}.

        Who is in it follows from its id and its seed. Both follow from the test, so that each test meets the same
        people in every run, whatever ran before it and in which process.
        """
        test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
        self._count = self._count + 1 if test == self._test else 1
        self._test = test
        own = {"corp_id": f"wwtest{zlib.crc32(test.encode()):08x}x{self._count}", "seed": self._count}
        plan = {"staff": 4, "groups": 2, "customers": 30, **own, **settings_}
        return self.ask("POST", "/sim/corps", **plan)

    def act(self, name: str, **body: Any) -> dict[str, Any]:
        """What a person does: act("customer/add-staff", corp_id=..., userid=..., external_userid=...)."""
        return self.ask("POST", f"/sim/{name}", **body)

    def faults(self, corp_id: str, **faults: Any) -> None:
        self.ask("POST", "/sim/faults", corp_id=corp_id, **faults)

    def calls(self) -> dict[str, int]:
        """{"path errcode": how often} since its start."""
        return self.ask("GET", "/sim/status")["calls"]

    def set_time(self, moment: datetime) -> None:
        """The simulator's clock says `moment` now and runs on."""
        offset_s = moment.timestamp() - datetime.now(UTC).timestamp()
        self._clock_file.write_bytes(struct.pack("<d", offset_s))

    def close(self) -> None:
        self._http.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _started(port: int, folder: Path) -> "subprocess.Popen[bytes]":
    arguments = ["--port", str(port), "--clock-file", str(folder / "clock"), "--snapshot-s", "0"]
    # Not the checkout's folder: it may hold the corps of an earlier run.
    arguments += ["--state-dir", str(folder / "world")]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "simulator", *arguments],
            cwd=settings.BASE_DIR,
            stdout=subprocess.DEVNULL,
            stderr=log,
        )


def _answers(made: Simulator, process: "subprocess.Popen[bytes]") -> bool:
    """Waits for the first answer; False when the process ended instead."""

    def has_come() -> bool:
        if process.poll() is not None:
            return True
        try:
            made.calls()
        except httpx.HTTPError:
            return False
        return True

    wait_until(has_come, "the simulator answers", within_s=READY_S)
    return process.poll() is None


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """One process a session; ended by its own pid."""
    folder = tmp_path_factory.mktemp("simulator")
    for _attempt in range(ATTEMPTS):
        port = _free_port()
        process = _started(port, folder)
        made = Simulator(f"http://127.0.0.1:{port}", folder / "clock")
        try:
            if _answers(made, process):
                yield made
                return
        finally:
            made.close()
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
    raise AssertionError((folder / "log").read_text())


@pytest.fixture
def simulator(simulator_process: Simulator, settings: Any) -> Simulator:
    """The running simulator, with the product's calls pointed at it."""
    settings.WECOM_API_BASE = simulator_process.url
    settings.WECOM_OPEN_BASE = settings.WECOM_LOGIN_BASE = simulator_process.url
    return simulator_process
