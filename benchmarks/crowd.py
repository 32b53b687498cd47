"""An open-loop load generator: so many people a second, each on a connection of their own, answered or not.

Unlike benchmarks.load nobody waits for somebody else's answer: what the server cannot take queues, or is turned away.
"""

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

GIVE_UP_S = 30.0
OPEN_MOST = 12_000  # connections at a time: files that one process may have open
_BUSY_ERRORS = (BlockingIOError, InterruptedError)


@dataclass
class Person:
    """One who taps, and what came of it: `status` 0 is no answer within GIVE_UP_S. Latency in milliseconds."""

    sealed: bytes
    began: float = 0.0
    ms: float = 0.0
    status: int = 0
    heard: bytes = b""
    link: socket.socket | None = None


def offer(host: str, port: int, people: Sequence[Person], per_s: int) -> float:
    """Send each person's request at its moment, and note the answers; returns how many seconds the sending took."""
    crowd = _Crowd((host, port))
    began = time.perf_counter()
    sent = 0
    while sent < len(people):
        due = min(len(people), int((time.perf_counter() - began) * per_s) + 1)
        while sent < due and crowd.open_count < OPEN_MOST:
            crowd.begin(people[sent])
            sent += 1
        crowd.hear(0.001)
    seconds = time.perf_counter() - began
    while crowd.open_count:
        crowd.hear(0.2)
        crowd.give_up()
    crowd.selector.close()
    return seconds


class _Crowd:
    """Everybody whose answer is awaited."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address
        self.selector = selectors.DefaultSelector()
        self.open_count = 0

    def begin(self, one: Person) -> None:
        one.began = time.perf_counter()
        link = socket.socket()
        link.setblocking(False)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.connect_ex(self.address)
        one.link = link
        self.selector.register(link, selectors.EVENT_WRITE, one)
        self.open_count += 1

    def hear(self, patience_s: float) -> None:
        for key, events in self.selector.select(patience_s):
            one: Person = key.data
            try:
                if events & selectors.EVENT_WRITE:
                    one.link.send(one.sealed)  # type: ignore[union-attr]  # small: it goes in one piece
                    self.selector.modify(one.link, selectors.EVENT_READ, one)  # type: ignore[arg-type]
                elif came := one.link.recv(65536):  # type: ignore[union-attr]
                    one.heard = (one.heard + came)[:400]
                else:
                    self._over(one)
            except _BUSY_ERRORS:
                continue
            except OSError:
                self._over(one)

    def _over(self, one: Person) -> None:
        """The server has closed: what came until then is the answer."""
        one.ms = (time.perf_counter() - one.began) * 1000
        head = one.heard.split(b" ", 2)
        one.status = int(head[1]) if len(head) > 1 and head[1].isdigit() else 0
        self._hang_up(one)

    def _hang_up(self, one: Person) -> None:
        assert one.link is not None
        self.selector.unregister(one.link)
        one.link.close()
        one.link = None
        self.open_count -= 1

    def give_up(self) -> None:
        late = time.perf_counter() - GIVE_UP_S
        for key in list(self.selector.get_map().values()):
            if key.data.began < late:
                key.data.ms = GIVE_UP_S * 1000
                self._hang_up(key.data)
