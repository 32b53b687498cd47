"""Where what comes in is put down, raw and once, before anything is done with it.

`put` is for callbacks. They come in bursts, and a commit is most of what one costs, so a process writes those that
wait at the same moment in one statement: whoever holds the pen writes for all of one app and hands it to the one
that waits longest. Nobody waits for company: a callback that comes alone is written alone, at once.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, connection, connections

from tenants import clock
from wecom.enums import InboundSource, InboundState
from wecom.inbox import envelope

API_EVENT = "api.behaviours"
MOST_AT_ONCE = 16  # more threads than that wait in no process of ours

_STORE = """
insert into wecom_inboundevent
  (tenant_id, app_id, source, dedupe_key, body, event, change_type, mailbox, occurred_at, received_at, next_at,
   state, error, attempts)
values {rows}
on conflict (tenant_id, app_id, dedupe_key) do nothing
returning id, dedupe_key
"""
_TYPES = (
    "bigint, bigint, text, text, text, text, text, text, timestamptz, timestamptz, timestamptz, text, text"
)
_WIDTH = _TYPES.count(",") + 1


@dataclass(frozen=True)
class Arrival:
    """What was learned about a payload. `inner` is None for one that cannot be read."""

    dedupe_key: str
    body: str
    inner: envelope.Inner | None
    error: str = ""


Row = tuple[Any, ...]  # the first columns of _STORE; nothing was attempted yet


def _places(row_count: int, place: Callable[[int], str]) -> str:
    """The rows of a VALUES list; `place` names the value with a number, from 0."""
    rows = (range(first, first + _WIDTH) for first in range(0, row_count * _WIDTH, _WIDTH))
    return ", ".join(f"({', '.join(map(place, row))}, 0)" for row in rows)


def _row(tenant_id: int, app_id: int | None, source: str, arrival: Arrival) -> Row:
    now, inner = clock.now(), arrival.inner
    state = InboundState.PENDING if inner else InboundState.DEAD
    return (
        tenant_id,
        app_id,
        source,
        arrival.dedupe_key,
        arrival.body.replace("\x00", "\ufffd"),
        inner.event if inner else "",
        inner.change_type if inner else "",
        inner.mailbox if inner else "",
        inner.occurred_at if inner else None,
        now,
        now,
        state.value,
        arrival.error,
    )


def _store_one(row: Row) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_STORE.format(rows=_places(1, lambda _: "%s")), row)
        found = cursor.fetchone()
    return found[0] if found else None


def store(*, tenant_id: int, app_id: int | None, source: str, arrival: Arrival) -> int | None:
    """Insert a payload once. Returns the row's id, or None for one that is stored already.

    Needs the tenant's scope. Durable with the caller's transaction. An unreadable payload becomes a dead row
    that a person can read, replay or discard.
    """
    return _store_one(_row(tenant_id, app_id, source, arrival))


def store_batch(
    *, tenant_id: int, source: str, dedupe_key: str, body: str, received_at: datetime
) -> int | None:
    """Store a batch of the event API as it came. None: these very bytes are stored already."""
    mailbox = f"{source}:{dedupe_key}"  # batches need no order among each other
    row = (tenant_id, None, source, dedupe_key, body, API_EVENT, "", mailbox)
    times = (received_at, received_at, received_at)
    return _store_one((*row, *times, InboundState.PENDING.value, ""))


def _held_lock() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(eq=False)
class _Waiting:
    """One callback on its way into the table. It failed unless whoever writes it says otherwise."""

    address: tuple[int, int]  # tenant, app
    dedupe_key: str
    row: Row
    inbound_id: int | None = None
    error: Exception | None = field(default_factory=lambda: OperationalError("nobody could write it"))
    is_done: bool = False
    turn: threading.Lock = field(default_factory=_held_lock)  # opened once: done, or the pen is its thread's


class _Pen:
    """One thread of the process writes at a time. Each one that waits is woken once."""

    def __init__(self) -> None:
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


_pen = _Pen()


def put(*, tenant_id: int, app_id: int, arrival: Arrival) -> int | None:
    """Insert a callback once, without a scope and on a connection of its own: durable when it returns. Safe to
    repeat.

    Row-level security still binds it: the tenant is named for the insert alone. Returns the row's id, or None for
    one that is stored already. Raises DatabaseError or InterfaceError when nothing could be stored.
    """
    row = _row(tenant_id, app_id, InboundSource.CALLBACK.value, arrival)
    mine = _Waiting((tenant_id, app_id), arrival.dedupe_key, row)
    some = _pen.take(mine)
    if some:
        try:
            _write(some)
        finally:
            _pen.hand_on(some)
    if mine.error:
        raise mine.error
    return mine.inbound_id


def _write(some: list[_Waiting]) -> None:
    try:
        _insert(some)
    except (OperationalError, InterfaceError) as error:
        for one in some:
            one.error = error
    except Exception as error:
        if len(some) == 1:
            some[0].error = error
            return
        for one in some:  # one of them cannot be stored: the others must not suffer
            _write([one])


def _insert(some: list[_Waiting]) -> None:
    try:
        found = _insert_now(some)
    except (OperationalError, InterfaceError):  # the connection broke while it rested; a repeat stores once
        close()
        found = _insert_now(some)
    for one in some:  # of two equal ones the first is the one that was stored
        one.inbound_id, one.error = found.pop(one.dedupe_key, None), None


class _Line:
    """The connection of the pen: one a process, whichever thread writes, with its statements prepared."""

    def __init__(self) -> None:
        self.wrapper = connections.create_connection("default")
        self.wrapper.inc_thread_sharing()
        self.wrapper.connect()
        self._prepared: set[int] = set()

    @property
    def is_old(self) -> bool:
        return self.wrapper.close_at is not None and time.monotonic() >= self.wrapper.close_at

    def execute(self, tenant_id: int, row_count: int, values: list[Any]) -> list[tuple[Any, ...]]:
        """Insert rows; returns what was new. One round trip, once a number of rows was seen before.

        The tenant is named for this one round trip only: both statements are one implicit transaction.
        """
        with self.wrapper.wrap_database_errors, self.wrapper.connection.cursor() as cursor:
            if row_count not in self._prepared:
                cursor.execute(self._prepare(row_count))
                self._prepared.add(row_count)
            places = ", ".join(["%s"] * len(values))
            cursor.execute(
                f"select set_config('qunce.tenant', %s, true); execute shelf_{row_count} ({places})",
                [str(tenant_id), *values],
            )
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    @staticmethod
    def _prepare(row_count: int) -> str:
        rows = _places(row_count, lambda number: f"${number + 1}")
        types = ", ".join([_TYPES] * row_count)
        return f"prepare shelf_{row_count} ({types}) as {_STORE.format(rows=rows)}"


_line: list[_Line] = []  # none or one; for the holder of the pen


def close() -> None:
    """End the pen's connection; the next callback makes a new one."""
    while _line:
        _line.pop().wrapper.close()


def _insert_now(some: list[_Waiting]) -> dict[str, int]:
    """Ids of the rows that were new, by dedupe key."""
    if _line and _line[0].is_old:
        close()
    if not _line:
        _line.append(_Line())
    values = [value for one in some for value in one.row]
    return {key: found for found, key in _line[0].execute(some[0].address[0], len(some), values)}
