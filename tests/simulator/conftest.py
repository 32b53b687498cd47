"""A simulator on a loopback port, on a clock the tests move, a small corp in it, and a callback sink."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from simulator.app import create_app
from simulator.clock import Clock
from simulator.runtime import Runtime
from simulator.world.model import Corp
from tests.waiting import wait_until

CORP = {"corp_id": "wwtestcorp", "name": "测试企业", "staff": 4, "groups": 3, "customers": 40, "seed": 7}
AES_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
CALLBACK_TOKEN = "QDG6eK"


class MovableClock(Clock):
    """Moves the shared offset file, as the smoke run does."""

    def move(self, seconds: float) -> None:
        assert self.path is not None
        self.path.write_bytes(struct.pack("<d", self.offset_s() + seconds))


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """Threads may not install handlers."""


def serve(app: Starlette) -> Iterator[str]:
    """Run an application in a thread; yields its base URL."""
    server = _Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, "the server listens")
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    # The thread looks every 0.1 s; waiting for it would be most of a test's time.
    server.should_exit = True


@pytest.fixture
def clock(tmp_path: Path) -> MovableClock:
    return MovableClock(tmp_path / "clock")


@pytest.fixture
def runtime(clock: MovableClock, tmp_path: Path) -> Runtime:
    return Runtime(clock=clock, state_dir=tmp_path / "state")


@pytest.fixture
def web(runtime: Runtime) -> Iterator[httpx.Client]:
    for base_url in serve(create_app(runtime, snapshot_s=0)):
        with httpx.Client(base_url=base_url, trust_env=False, timeout=30) as client:
            client.post("/sim/corps", json=CORP).raise_for_status()
            yield client


@pytest.fixture
def corp(web: httpx.Client, runtime: Runtime) -> Corp:
    return runtime.world.corps["wwtestcorp"]


Api = Callable[..., dict[str, Any]]


@pytest.fixture
def api(web: httpx.Client, corp: Corp) -> Api:
    """Calls a vendor endpoint with a good token; a body makes it a POST."""
    app = next(iter(corp.apps.values()))
    secret = {"corpid": corp.corp_id, "corpsecret": app.secret}

    def call(path: str, body: dict[str, Any] | None = None, **query: Any) -> dict[str, Any]:
        token = web.get("/cgi-bin/gettoken", params=secret).json()["access_token"]
        params = {"access_token": token, **query}
        if body is None:
            return web.get(f"/cgi-bin/{path}", params=params).json()
        return web.post(f"/cgi-bin/{path}", params=params, json=body).json()

    return call


Upload = Callable[..., str]


@pytest.fixture
def uploaded(web: httpx.Client, corp: Corp) -> Upload:
    """Uploads a small file and gives its media_id: plain, or for moments (1) or products (2)."""
    app = next(iter(corp.apps.values()))
    secret = {"corpid": corp.corp_id, "corpsecret": app.secret}

    def upload(kind: str = "image", filename: str = "a.png", purpose: int = 0) -> str:
        token = web.get("/cgi-bin/gettoken", params=secret).json()["access_token"]
        path = "media/upload_attachment" if purpose else "media/upload"
        query = {"media_type": kind, "attachment_type": purpose} if purpose else {"type": kind}
        files = {"media": (filename, b"0123456789", "image/png")}
        answer = web.post(f"/cgi-bin/{path}", params={"access_token": token, **query}, files=files)
        return str(answer.json()["media_id"])

    return upload


class Sink:
    """A product's callback URL that answers as told and keeps what it was sent."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.delays: list[float] = []
        self.requests: list[tuple[str, bytes]] = []
        self.body = b""
        self.url = ""


@pytest.fixture
def sink(web: httpx.Client, corp: Corp) -> Iterator[Sink]:
    """The corp's callbacks go here. `statuses` are used up first, then everything is 200."""
    found = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.requests.append((self.path, body))
            if found.delays:
                # A product that answers late: the lateness itself is what the test is about.
                time.sleep(found.delays.pop(0))
            self.send_response(found.statuses.pop(0) if found.statuses else 200)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep test output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    found.url = f"http://127.0.0.1:{server.server_port}/callback"
    settings = {
        "callback_url": found.url,
        "token": CALLBACK_TOKEN,
        "aes_key": AES_KEY,
        "retry_gap_s": 0.01,
    }
    web.patch(f"/sim/corps/{corp.corp_id}", json=settings).raise_for_status()
    yield found
    server.shutdown()
    server.server_close()
