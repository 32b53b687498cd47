"""A small closed-loop load generator: so many connections, each sending its next request when answered.

One thread and no library of HTTP: what it does not take of the two cores is left to what is measured.
"""

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

REQUESTS_A_CONNECTION = 20  # then a new one, so that chance does not leave one worker with most of them
_HEAD_ENDS = b"\r\n\r\n"
_OK = b"HTTP/1.1 200 "


@dataclass(frozen=True)
class Request:
    path: str
    body: bytes

    def sealed(self, host: str, port: int) -> bytes:
        """As it goes over the wire."""
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: text/xml\r\n"
            f"Content-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body


@dataclass(frozen=True)
class Load:
    """What came of it. Latencies in milliseconds."""

    requests: int
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def per_s(self) -> float:
        return self.requests / self.seconds


def quantile(sorted_values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


@dataclass
class _Connection:
    """One that sends a request and waits for its answer, again and again."""

    address: tuple[str, int]
    link: socket.socket | None = None
    sent: int = 0
    began: float = 0.0
    heard: bytes = b""

    def send(self, request: bytes) -> None:
        if self.link is None:
            self.link = socket.create_connection(self.address, timeout=30)
            self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sent = 0
        self.began, self.heard, self.sent = time.perf_counter(), b"", self.sent + 1
        self.link.sendall(request)

    def is_answered(self) -> bool:
        """Read what has come; whether that is the whole answer. Raises ConnectionError when it was hung up on."""
        assert self.link is not None
        came = self.link.recv(65536)
        if not came:
            raise ConnectionError("the server hung up")
        self.heard += came
        head, ends, body = self.heard.partition(_HEAD_ENDS)
        return bool(ends) and len(body) >= _length(head)

    def close(self) -> None:
        if self.link is not None:
            self.link.close()
            self.link = None


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


@dataclass
class _Run:
    """All connections of one load, in one loop."""

    waiting: Iterator[bytes]
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    latencies_ms: list[float] = field(default_factory=list)
    failed: int = 0
    open_count: int = 0

    def go_on(self, one: _Connection) -> None:
        """The connection's next request, over a new link where it is time; or its end."""
        if one.link is not None and one.sent >= REQUESTS_A_CONNECTION:
            self._hang_up(one)
        request = next(self.waiting, None)
        if request is None:
            self._hang_up(one)
            return
        is_new = one.link is None
        one.send(request)
        if is_new and one.link is not None:
            self.selector.register(one.link, selectors.EVENT_READ, one)
            self.open_count += 1

    def _hang_up(self, one: _Connection) -> None:
        if one.link is not None:
            self.selector.unregister(one.link)
            self.open_count -= 1
            one.close()

    def hear(self, one: _Connection) -> None:
        try:
            if not one.is_answered():
                return
            self.latencies_ms.append((time.perf_counter() - one.began) * 1000)
            self.failed += not one.heard.startswith(_OK)
        except OSError:
            self.failed += 1
            self._hang_up(one)
        self.go_on(one)

    def until_over(self) -> None:
        while self.open_count:
            for key, _events in self.selector.select():
                self.hear(key.data)


def run(host: str, port: int, requests: Sequence[Request], connections: int) -> Load:
    """Send every request once over `connections` connections."""
    going = _Run(iter([one.sealed(host, port) for one in requests]))
    began = time.perf_counter()
    with going.selector:
        for _ in range(connections):
            going.go_on(_Connection((host, port)))
        going.until_over()
    seconds = time.perf_counter() - began
    times = sorted(going.latencies_ms) or [0.0]
    return Load(len(requests), going.failed, seconds, quantile(times, 0.5), quantile(times, 0.99))
