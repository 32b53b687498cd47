"""Who is at work: the heartbeats of beat and of the workers, and what waits in each queue.

This is about processes, so it runs on the machine's time, never on the product's movable clock. Queues are read as
the broker holds them: a list of messages, the oldest at its right end, each with the moment it was sent.
"""

import json
import time
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings

from wecom import valkey

BEAT_EVERY_S = 5
BEAT_LATE_S = 120
WORKER_EVERY_S = 10
WORKER_LATE_S = 60
WORKER_GONE_S = 24 * 3600
SENT_AT = "qunce_sent_at"  # a header of every task message


def _key(name: str) -> str:
    return valkey.key("pulse", name)


def beat_ticked() -> None:
    """Beat has handed a tick to the broker."""
    valkey.client().set(_key("beat"), time.time())


def worker_lives(*, name: str, queues: list[str]) -> None:
    """A worker is there for these queues."""
    said = json.dumps({"at": time.time(), "queues": sorted(queues)})
    valkey.client().hset(_key("workers"), name, said)


def worker_left(*, name: str) -> None:
    """A worker ended in good order."""
    valkey.client().hdel(_key("workers"), name)


@dataclass(frozen=True)
class Queue:
    """One queue of the broker: tasks that wait, how long the oldest has, and how many workers serve it."""

    name: str
    depth: int
    oldest_s: float | None
    workers: int


@dataclass(frozen=True)
class Engine:
    """`beat_age_s` is None when beat never ticked; `late_workers` have not been heard of for a while."""

    beat_age_s: float | None
    queues: list[Queue]
    late_workers: list[str]
    in_hand: int

    @property
    def is_beat_dead(self) -> bool:
        return self.beat_age_s is None or self.beat_age_s > BEAT_LATE_S


def read(queues: tuple[str, ...]) -> Engine:
    """What all processes of this installation told. One round trip. Raises RedisError without Valkey."""
    prefix = f"{settings.VALKEY_PREFIX}:"
    with valkey.client().pipeline(transaction=False) as pipe:
        pipe.get(_key("beat"))
        pipe.hgetall(_key("workers"))
        pipe.zcard(f"{prefix}unacked_index")
        for name in queues:
            pipe.llen(f"{prefix}{name}")
            pipe.lindex(f"{prefix}{name}", -1)
        beat, told, in_hand, *found = pipe.execute()
    now_s = time.time()
    workers = {name: json.loads(said) for name, said in cast("dict[str, str]", told).items()}
    alive = [one for one in workers.values() if now_s - one["at"] <= WORKER_LATE_S]
    depths = zip(queues, found[::2], found[1::2], strict=True)
    return Engine(
        beat_age_s=now_s - float(beat) if beat else None,
        queues=[
            Queue(
                name=name,
                depth=int(depth),
                oldest_s=_age_s(oldest, now_s),
                workers=sum(name in one["queues"] for one in alive),
            )
            for name, depth, oldest in depths
        ],
        late_workers=sorted(
            name for name, one in workers.items() if WORKER_LATE_S < now_s - one["at"] <= WORKER_GONE_S
        ),
        in_hand=int(in_hand),
    )


def _age_s(message: Any, now_s: float) -> float | None:
    """How long ago a message of the broker was sent; None: there is none, or it does not say."""
    if not message:
        return None
    try:
        return max(0.0, now_s - float(json.loads(message)["headers"][SENT_AT]))
    except (ValueError, KeyError, TypeError):
        return None
