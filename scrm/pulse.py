"""Signs of life of Celery's processes, for the operations page and the metrics: see wecom.operations.pulse."""

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from celery.signals import (
    after_task_publish,
    beat_init,
    before_task_publish,
    worker_ready,
    worker_shutting_down,
)
from redis.exceptions import RedisError

from wecom.operations import pulse

log = structlog.get_logger(__name__)
_stop = threading.Event()


@before_task_publish.connect
def _say_when(headers: dict[str, Any] | None = None, **kwargs: Any) -> None:
    """Every message carries the moment it was sent, so that a queue's oldest age can be read."""
    if headers is not None:
        headers[pulse.SENT_AT] = time.time()


class _Ticks:
    """In beat's process: a tick that reached the broker is a heartbeat, at most one each few seconds."""

    told_at = 0.0

    def __call__(self, **kwargs: Any) -> None:
        now_s = time.monotonic()
        if now_s - self.told_at < pulse.BEAT_EVERY_S:
            return
        try:
            pulse.beat_ticked()
        except RedisError as error:
            log.warning("beat_not_told", error=str(error))
        else:
            self.told_at = now_s


@beat_init.connect
def _watch_beat(**kwargs: Any) -> None:
    after_task_publish.connect(_Ticks(), weak=False, dispatch_uid="qunce.beat")


@worker_ready.connect
def _watch_worker(sender: Any = None, **kwargs: Any) -> None:
    """In a worker's main process: say so every few seconds until it ends."""
    name, queues = str(sender.hostname), list(sender.app.amqp.queues.consume_from)
    _stop.clear()
    threading.Thread(target=_tell, args=(name, queues), name="pulse", daemon=True).start()


def _tell(name: str, queues: list[str]) -> None:
    """Runs in its own thread, also for the farewell: a signal handler waits for no network."""
    while not _stop.is_set():
        _told(pulse.worker_lives, name=name, queues=queues)
        _stop.wait(pulse.WORKER_EVERY_S)
    _told(pulse.worker_left, name=name)


def _told(tell: Callable[..., None], **about: Any) -> None:
    try:
        tell(**about)
    except RedisError as error:
        log.warning("worker_not_told", error=str(error))


@worker_shutting_down.connect
def _leave(**kwargs: Any) -> None:
    _stop.set()
