"""Where callbacks are put down, raw, before anything is done with them: durable when `put` returns.

They land in a table of their own that has one short index and is nearly always empty, so that an answer costs as
little as it can; a worker files them in the inbox a moment later (`filing`), where each counts once. They come in
bursts, and a statement and its commit are most of what one costs, so a process writes those that wait at the same
moment in one: whoever holds a pen writes for all of one app and hands it to the one that waits longest. There are
two, so that somebody writes while the other waits for the disk. Nobody waits for company: a callback that comes
alone is written alone, at once.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, connections

from tenants import clock

MOST_AT_ONCE = 16  # more threads than that wait in no process of ours

_STORE = """
insert into wecom_landed (tenant_id, app_id, dedupe_key, body, received_at) values {rows} returning id
"""
_TYPES = "bigint, bigint, text, text, timestamptz"
_WIDTH = _TYPES.count(",") + 1


@dataclass(frozen=True)
class Arrival:
    """A decrypted payload, as text, and the sha256 of its bytes in hexadecimal digits."""

    dedupe_key: str
    body: str


Row = tuple[int, int, str, str, datetime]  # the columns of _STORE


def _places(row_count: int) -> str:
    """The rows of a VALUES list, their values numbered from $1."""
    rows = (range(first + 1, first + _WIDTH + 1) for first in range(0, row_count * _WIDTH, _WIDTH))
    return ", ".join(f"({', '.join(f'${number}' for number in row)})" for row in rows)


def _held_lock() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(eq=False)
class _Waiting:
    """One callback on its way into the table. It failed unless whoever writes it gives it a number."""

    address: tuple[int, int]  # tenant, app
    row: Row
    inbound_id: int = 0
    error: Exception | None = None
    is_done: bool = False
    turn: threading.Lock = field(default_factory=_held_lock)  # opened once: done, or the pen is its thread's


class _Pen:
    """One thread writes with it at a time, over its own connection. Each one that waits is woken once."""

    def __init__(self) -> None:
        self.line: _Line | None = None  # for the holder
        self._lock = threading.Lock()
        self.is_held = False
        self.waiting: deque[_Waiting] = deque()

    def take(self, mine: _Waiting) -> list[_Waiting]:
        """What the caller has to write, `mine` among it; nothing when somebody else has meanwhile."""
        with self._lock:
            self.waiting.append(mine)
            is_free, self.is_held = not self.is_held, True
        if not is_free:
            mine.turn.acquire()
            if mine.is_done:
                return []
        with self._lock:
            some = [one for one in self.waiting if one.address == mine.address][:MOST_AT_ONCE]
            for one in some:
                self.waiting.remove(one)
        return some

    def hand_on(self, done: list[_Waiting]) -> None:
        """Tell those whose rows were written, well or not, and let the next one write."""
        with self._lock:
            following = self.waiting[0] if self.waiting else None
            self.is_held = following is not None
        for one in done:
            one.is_done = True
            one.turn.release()
        if following is not None:
            following.turn.release()


_pens = (_Pen(), _Pen())


def _shortest_queue() -> _Pen:
    """Without a lock: a wrong guess costs a moment's wait."""
    return min(_pens, key=lambda pen: pen.is_held + len(pen.waiting))


def put(*, tenant_id: int, app_id: int, arrival: Arrival) -> int:
    """Put a callback down, without a scope and on a connection of its own: durable when it returns. Safe to repeat.

    Row-level security still binds it: the connection names the tenant of the rows. Returns the number that the row has
    here and, unless it is known already, in the inbox. Raises DatabaseError or InterfaceError when nothing could be
    stored.
    """
    body = arrival.body.replace("\x00", "\ufffd")
    mine = _Waiting((tenant_id, app_id), (tenant_id, app_id, arrival.dedupe_key, body, clock.now()))
    pen = _shortest_queue()
    some = pen.take(mine)
    if some:
        try:
            _write(pen, some)
        finally:
            pen.hand_on(some)
    if not mine.inbound_id:
        raise mine.error or OperationalError("nobody could write it")
    return mine.inbound_id


def _write(pen: _Pen, some: list[_Waiting]) -> None:
    try:
        _insert(pen, some)
    except (OperationalError, InterfaceError) as error:
        for one in some:
            one.error = error
    except Exception as error:
        if len(some) == 1:
            some[0].error = error
            return
        for one in some:  # one of them cannot be stored: the others must not suffer
            _write(pen, [one])


def _insert(pen: _Pen, some: list[_Waiting]) -> None:
    try:
        found = _insert_now(pen, some)
    except (OperationalError, InterfaceError):  # the connection broke while it rested; a repeat stores once
        _close(pen)
        found = _insert_now(pen, some)
    for one, inbound_id in zip(some, found, strict=True):
        one.inbound_id = inbound_id


class _Line:
    """The connection of a pen, whichever thread writes, with its statements prepared."""

    def __init__(self) -> None:
        self.wrapper = connections.create_connection("default")
        self.wrapper.inc_thread_sharing()
        self.wrapper.connect()
        self._prepared: set[int] = set()
        self._tenant_id = 0  # whom the connection names now

    @property
    def is_old(self) -> bool:
        return self.wrapper.close_at is not None and time.monotonic() >= self.wrapper.close_at

    def execute(self, tenant_id: int, row_count: int, values: list[Any]) -> list[int]:
        """Insert rows; returns their numbers in the same order. One round trip, once a number of rows was seen before.

        The connection names the tenant of its last rows and serves nothing else; another's rows name theirs first.
        """
        with self.wrapper.wrap_database_errors, self.wrapper.connection.cursor() as cursor:
            if row_count not in self._prepared:
                cursor.execute(self._prepare(row_count))
                self._prepared.add(row_count)
            if tenant_id != self._tenant_id:
                self._tenant_id = 0
                cursor.execute("select set_config('qunce.tenant', %s, false)", [str(tenant_id)])
                self._tenant_id = tenant_id
            cursor.execute(f"execute shelf_{row_count} ({', '.join(['%s'] * len(values))})", values)
            return sorted(found for (found,) in cursor.fetchall())

    @staticmethod
    def _prepare(row_count: int) -> str:
        types = ", ".join([_TYPES] * row_count)
        return f"prepare shelf_{row_count} ({types}) as {_STORE.format(rows=_places(row_count))}"


def _close(pen: _Pen) -> None:
    line, pen.line = pen.line, None
    if line:
        line.wrapper.close()


def _insert_now(pen: _Pen, some: list[_Waiting]) -> list[int]:
    """The rows' numbers, in their order."""
    if pen.line and pen.line.is_old:
        _close(pen)
    if pen.line is None:
        pen.line = _Line()
    values = [value for one in some for value in one.row]
    return pen.line.execute(some[0].address[0], len(some), values)
