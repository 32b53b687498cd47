"""The simulator as vendor: its own process on a free port, driven over HTTP. Never imported.

pytest_plugins = ... or: from tests.simulated import simulator  # noqa: F401
"""

import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings

READY_S = 20


class Simulator:
    """A hand on the running process."""

    def __init__(self, url: str, clock_file: Path) -> None:
        self.url = url
        self._clock_file = clock_file
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=20)
        self._count = 0

    def ask(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """One request of the simulator's own; raises AssertionError with its refusal."""
        answer = self._http.request(method, path, json=body or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def corp(self, **settings_: Any) -> dict[str, Any]:
        """A new corp: {"corp_id", "agentid", "secret", "staff": [...], "groups": [...], ...}."""
        self._count += 1
        plan = {"staff": 4, "groups": 2, "customers": 30, "seed": self._count, **settings_}
        return self.ask("POST", "/sim/corps", corp_id=f"wwtest{os.getpid()}x{self._count}", **plan)

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


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """One process a session; ended by its own pid."""
    folder, port = tmp_path_factory.mktemp("simulator"), _free_port()
    clock_file = folder / "clock"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "simulator",
            "--port",
            str(port),
            "--clock-file",
            str(clock_file),
            "--snapshot-s",
            "0",
        ],
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=(folder / "log").open("wb"),
    )
    made = Simulator(f"http://127.0.0.1:{port}", clock_file)
    try:
        deadline = time.monotonic() + READY_S
        while True:
            try:
                made.calls()
                break
            except httpx.HTTPError:
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, "the simulator does not answer"
                time.sleep(0.05)
        yield made
    finally:
        made.close()
        process.terminate()
        process.wait(10)


@pytest.fixture
def simulator(simulator_process: Simulator, settings: Any) -> Simulator:
    """The running simulator, with the product's calls pointed at it."""
    settings.WECOM_API_BASE = simulator_process.url
    settings.WECOM_OPEN_BASE = settings.WECOM_LOGIN_BASE = simulator_process.url
    return simulator_process
