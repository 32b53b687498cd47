"""Where what comes in is put down, raw and once, before anything is done with it.

`put` is for callbacks. They come in bursts, and a commit is most of what one costs, so a process writes those that
wait at the same moment in one statement: whoever holds the pen writes for all of one app, the others find their
answer. Nobody waits for company: a callback that comes alone is written alone, at once.
"""

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from tenants import clock
from wecom import envelope
from wecom.enums import InboundSource, InboundState

API_EVENT = "api.behaviours"
MOST_AT_ONCE = 50

_ROW = "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, %s, %s)"
_STORE = """
insert into wecom_inboundevent
  (tenant_id, app_id, source, dedupe_key, body, event, change_type, mailbox, occurred_at, received_at, state,
   attempts, next_at, error)
values {rows}
on conflict (tenant_id, app_id, dedupe_key) do nothing
returning id, dedupe_key
"""
# The tenant is named for this one round trip only: both statements are one implicit transaction.
_STORE_NOW = "select set_config('qunce.tenant', %s, true);" + _STORE


@dataclass(frozen=True)
class Arrival:
    """What was learned about a payload. `inner` is None for one that cannot be read."""

    dedupe_key: str
    body: str
    inner: envelope.Inner | None
    error: str = ""


Row = tuple[Any, ...]  # the values of _ROW


def _row(tenant_id: int, app_id: int | None, source: str, arrival: Arrival) -> Row:
    now, inner = clock.now(), arrival.inner
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
        (InboundState.PENDING if inner else InboundState.DEAD).value,
        now,
        arrival.error,
    )


def _store_one(row: Row) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_STORE.format(rows=_ROW), row)
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
    row = (tenant_id, None, source, dedupe_key, body, API_EVENT, "", mailbox, received_at, received_at)
    return _store_one((*row, InboundState.PENDING.value, received_at, ""))


@dataclass(eq=False)
class _Waiting:
    """One callback on its way into the table. It failed unless whoever writes it says otherwise."""

    address: tuple[int, int]  # tenant, app
    dedupe_key: str
    row: Row
    is_taken: bool = False
    inbound_id: int | None = None
    error: Exception | None = field(default_factory=lambda: OperationalError("nobody could write it"))


_waiting: deque[_Waiting] = deque()
_pen = threading.Lock()


def put(*, tenant_id: int, app_id: int, arrival: Arrival) -> int | None:
    """Insert a callback once: no scope, no transaction, durable when it returns. Safe to repeat.

    Row-level security still binds it: the tenant is named for the insert alone. Returns the row's id, or None for
    one that is stored already. Raises DatabaseError or InterfaceError when nothing could be stored.
    """
    if connection.in_atomic_block:
        raise RuntimeError("put is for callers without a transaction")
    row = _row(tenant_id, app_id, InboundSource.CALLBACK.value, arrival)
    mine = _Waiting((tenant_id, app_id), arrival.dedupe_key, row)
    _waiting.append(mine)
    with _pen:
        while not mine.is_taken:
            _write(_take())
    if mine.error:
        raise mine.error
    return mine.inbound_id


def _take() -> list[_Waiting]:
    """The longest waiting callback and what waits of the same app, in order. For the holder of the pen."""
    looked_at = [_waiting.popleft() for _ in range(len(_waiting))]
    taken = [one for one in looked_at if one.address == looked_at[0].address][:MOST_AT_ONCE]
    for one in taken:
        one.is_taken = True
    _waiting.extendleft(one for one in reversed(looked_at) if not one.is_taken)
    return taken


def _write(some: list[_Waiting]) -> None:
    try:
        _insert(some)
    except (OperationalError, InterfaceError) as error:
        for one in some:
            one.error = error
    except DatabaseError as error:
        if len(some) == 1:
            some[0].error = error
            return
        for one in some:  # one of them cannot be stored: the others must not suffer
            _write([one])


def _insert(some: list[_Waiting]) -> None:
    try:
        found = _insert_now(some)
    except (OperationalError, InterfaceError):  # the connection broke while it rested; a repeat stores once
        connection.close()
        found = _insert_now(some)
    for one in some:  # of two equal ones the first is the one that was stored
        one.inbound_id, one.error = found.pop(one.dedupe_key, None), None


def _insert_now(some: list[_Waiting]) -> dict[str, int]:
    """Ids of the rows that were new, by dedupe key."""
    sql = _STORE_NOW.format(rows=", ".join([_ROW] * len(some)))
    with connection.cursor() as cursor:
        cursor.execute(sql, [str(some[0].address[0]), *(value for one in some for value in one.row)])
        return {key: inbound_id for inbound_id, key in cursor.fetchall()}
