"""Wake a worker now instead of at the next tick. Only a hint: the rows and the ticks are the truth.

Many arrivals of one tenant cause one task: the first sets a mark, the task takes it away before it looks, so an
arrival after that look wakes another.
"""

import threading
import time
from collections import deque
from functools import partial

import structlog
from django.db import transaction
from redis.exceptions import RedisError

from outbox.dispatch import enqueue, enqueue_now
from wecom import valkey
from wecom.gateway import turns

log = structlog.get_logger(__name__)

MARK_S = 2
REST_S = 0.02  # between two wake-ups of one tenant
BEHIND_S = 0.2  # when a worker was woken and has not looked yet
WELCOMES_KEPT = 100


def _is_first(what: str, tenant_id: int) -> bool:
    try:
        is_first = bool(valkey.client().set(valkey.key("wake", what, tenant_id), 1, nx=True, ex=MARK_S))
        if is_first:
            turns.waits(tenant_id)
        return is_first
    except RedisError as error:
        log.warning("valkey_unreachable", error=str(error))
        return False


def taken(what: str, tenant_id: int, *, rest_s: int = 0) -> None:
    """The worker is about to look: arrivals from here on wake again, after `rest_s` (the tick sees to those before)."""
    mark = valkey.key("wake", what, tenant_id)
    try:
        if rest_s:
            valkey.client().set(mark, 1, ex=rest_s)
        else:
            valkey.client().delete(mark)
    except RedisError as error:
        log.warning("valkey_unreachable", error=str(error))


def wake_now(tenant_id: int, *, welcome_id: int | None = None) -> bool:
    """Wake a worker for stored arrivals, unless one was just woken; first one for the welcome of `welcome_id`.

    Returns whether one was woken for the arrivals: otherwise the last that was has not looked yet.
    """
    if welcome_id is not None:
        enqueue_now("wecom.send_welcome", tenant_id=tenant_id, inbound_id=welcome_id)
    is_first = _is_first("inbound", tenant_id)
    if is_first:
        enqueue_now("wecom.process_inbound", tenant_id=tenant_id)
    return is_first


class Waker:
    """Wakes workers beside the requests: an answer to WeCom does not wait for Valkey.

    One thread, started when first asked (so after a fork). A tenant that was just woken rests for a moment, so that
    a burst costs few trips, and longer while the worker that was woken has not looked; it makes no other tenant wait.
    A welcome that is lost with the thread, or crowded out by newer ones while Valkey does not answer, has its second
    chance in `wecom.handlers.on_external_contact`.
    """

    def __init__(self) -> None:
        self._asked: set[int] = set()
        self._rests: dict[int, float] = {}  # tenant: until when, by the monotonic clock
        self._welcomes: deque[tuple[int, int]] = deque(maxlen=WELCOMES_KEPT)
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def ask(self, tenant_id: int, *, welcome_id: int | None = None) -> None:
        is_known = welcome_id is None and tenant_id in self._asked
        if is_known and self._thread and self._thread.is_alive():
            return  # whoever takes what was asked for looks after this arrival
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="wake", daemon=True)
                self._thread.start()
            if welcome_id is None:
                self._asked.add(tenant_id)
            else:
                self._welcomes.append((tenant_id, welcome_id))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            for tenant_id, welcome_id in self._next():
                if not wake_now(tenant_id, welcome_id=welcome_id):
                    self._rests[tenant_id] = time.monotonic() + BEHIND_S

    def _next(self) -> list[tuple[int, int | None]]:
        """Whom to wake, as soon as there is somebody: welcomes first."""
        with self._changed:
            while True:
                now = time.monotonic()
                self._rests = {one: until for one, until in self._rests.items() if until > now}
                due = sorted(self._asked - self._rests.keys())
                if due or self._welcomes:
                    break
                self._changed.wait(min((self._rests[one] - now for one in self._asked), default=None))
            self._asked.difference_update(due)
            self._rests |= dict.fromkeys(due, now + REST_S)
            welcomes = list(self._welcomes)
            self._welcomes.clear()
        return [*welcomes, *((one, None) for one in due)]


waker = Waker()


def inbound_batch(*, tenant_id: int) -> None:
    """After a batch of the event API is durable."""
    if _is_first("inbound", tenant_id):
        enqueue("wecom.process_inbound", tenant_id=tenant_id)


def outbound(*, tenant_id: int) -> None:
    """After the present transaction commits: something is queued to be sent."""
    transaction.on_commit(partial(_outbound, tenant_id))


def _outbound(tenant_id: int) -> None:
    if _is_first("outbound", tenant_id):
        enqueue("wecom.deliver_sends", tenant_id=tenant_id)


def tick(what: str, task: str, tenant_id: int) -> None:
    """From a tick: enqueue unless a task of this kind was just woken. Without Valkey nothing can be enqueued."""
    if _is_first(what, tenant_id):
        enqueue(task, tenant_id=tenant_id)
