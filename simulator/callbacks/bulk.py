"""Human changes in bulk: made and told at a given rate, whatever the receiver does (an open loop)."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

from simulator.callbacks.deliver import deliver_event, post_once
from simulator.runtime import Runtime
from simulator.world import groups, relations
from simulator.world.entities import EXTERNAL, Group
from simulator.world.ledger import ACKED, DROPPED, UNDELIVERED, CallbackEvent
from simulator.world.model import Corp
from simulator.world.relations import Refused

IN_FLIGHT = 400
LATER_S = 3.0
TRIES = 20
KINDS = ("group", "customer", "mixed")


@dataclass
class Bulk:
    """One order: `count` changes at `rate_per_s`; shares are of the logical events. Times in seconds."""

    number: int
    corp_id: str
    kind: str
    count: int
    rate_per_s: float
    duplicate_p: float = 0.0
    reorder_p: float = 0.0
    drop_p: float = 0.0
    seed: int = 1
    made: int = 0
    refused: int = 0
    late_s: float = 0.0
    is_done: bool = False
    is_stopped: bool = False
    events: list[CallbackEvent] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        states = [event.status for event in self.events]
        times = sorted(row["ms"] for event in self.events for row in event.attempts)
        return {
            "bulk_id": self.number,
            "corp_id": self.corp_id,
            "kind": self.kind,
            "count": self.count,
            "rate_per_s": self.rate_per_s,
            "is_done": self.is_done,
            "made": self.made,
            "distinct": len({event.sha256 for event in self.events}),
            "acked": states.count(ACKED),
            "undelivered": states.count(UNDELIVERED),
            "dropped": states.count(DROPPED),
            "pending": states.count("pending"),
            "deliveries": sum(event.acks for event in self.events),
            "attempts": len(times),
            "failed_attempts": sum(row["status"] != 200 for event in self.events for row in event.attempts),
            "p50_ms": _at(times, 0.5),
            "p99_ms": _at(times, 0.99),
            "max_ms": times[-1] if times else None,
            "behind_s": round(self.late_s, 3),
        }


def _at(times: list[float], share: float) -> float | None:
    return times[min(len(times) - 1, int(share * len(times)))] if times else None


class Changes:
    """Makes one change after the other, each by a person of the corp."""

    def __init__(self, corp: Corp, kind: str, seed: int) -> None:
        self.corp, self.kind = corp, kind
        self.rng = random.Random(f"bulk|{corp.seed}|{seed}")
        self.chats = [chat_id for chat_id, group in corp.groups.items() if not group.dismissed]
        self.people = list(corp.customers)
        self.number = 0
        # customer -> the second in which a tie of theirs last began or ended
        self.turned_s: dict[str, int] = {}

    def make(self, now: float) -> list[CallbackEvent]:
        """One change and the events it caused, taken out of the ordinary queue. Raises Refused when nobody can act."""
        ledger = self.corp.ledger
        before = len(ledger.events)
        for _ in range(TRIES):
            is_group = self.kind == "group" or (self.kind == "mixed" and self.rng.random() < 0.7)
            try:
                self._in_group(now) if is_group else self._with_customer(now)
            except Refused:
                continue
            fresh = ledger.events[before:]
            if fresh:
                del ledger.pending[-len(fresh) :]
                return fresh
        raise Refused("nothing left to change")

    def _in_group(self, now: float) -> None:
        if not self.chats:
            raise Refused("the corp has no group")
        self.number += 1
        chat_id, roll = self.rng.choice(self.chats), self.rng.random()
        group = self.corp.groups[chat_id]
        if roll < 0.08:
            groups.rename(self.corp, chat_id=chat_id, name=f"{group.name[:20]}{self.number}", at=now, now=now)
        elif roll < 0.14:
            groups.set_notice(self.corp, chat_id=chat_id, notice=f"公告{self.number}", at=now, now=now)
        elif roll < 0.5 and self._leaves(group, now):
            return
        else:
            self._joins(group, now)

    def _joins(self, group: Group, now: float) -> None:
        who = self.rng.choice(self.people)
        if who in group.members or len(group.members) >= self.corp.group_cap:
            raise Refused("already in, or full")
        groups.join(self.corp, chat_id=group.chat_id, person_ids=[who], at=now, now=now)

    def _leaves(self, group: Group, now: float) -> bool:
        inside = [m.id for m in group.members.values() if m.type == EXTERNAL]
        if not inside:
            return False
        groups.leave(self.corp, chat_id=group.chat_id, person_ids=[self.rng.choice(inside)], at=now, now=now)
        return True

    def _with_customer(self, now: float) -> None:
        who, userid = self.rng.choice(self.people), self.rng.choice(list(self.corp.staff))
        self.number += 1
        known = [tie for tie in self.corp.relations_of_customer(who) if tie.status == "full"]
        # Nobody goes and comes back within a second, the least that WeCom's times tell apart.
        has_turned = self.turned_s.get(who) == int(now)
        if not known:
            if has_turned:
                raise Refused("went in this very second")
            self.turned_s[who] = int(now)
            relations.add(self.corp, userid=userid, external_userid=who, at=now, now=now, add_way=1)
        elif self.rng.random() < 0.2 and not has_turned:
            self.turned_s[who] = int(now)
            relations.customer_deletes(self.corp, userid=known[0].userid, external_userid=who, at=now)
        else:
            remark = f"备注{self.number}"
            relations.edit_in_client(
                self.corp, userid=known[0].userid, external_userid=who, at=now, remark=remark
            )


async def run(runtime: Runtime, bulk: Bulk) -> None:
    """Make and send everything; ends when the last event was answered or given up."""
    corp = runtime.corp(bulk.corp_id)
    changes, loop = Changes(corp, bulk.kind, bulk.seed), asyncio.get_running_loop()
    rng, gate = random.Random(f"bulk sending|{bulk.seed}"), asyncio.Semaphore(IN_FLIGHT)
    started, sending = loop.time(), set[asyncio.Task[None]]()
    try:
        while bulk.made < bulk.count and not bulk.is_stopped:
            wait_s = started + bulk.made / bulk.rate_per_s - loop.time()
            bulk.late_s = max(bulk.late_s, -wait_s)
            # Even when behind, others must get their turn.
            await asyncio.sleep(max(0.0, wait_s))
            for event in changes.make(runtime.clock.now()):
                bulk.made += 1
                bulk.events.append(event)
                if rng.random() < bulk.drop_p:
                    event.status = DROPPED
                    continue
                task = asyncio.create_task(_send(runtime, corp, bulk, event, rng, gate))
                sending.add(task)
                task.add_done_callback(sending.discard)
        while sending:
            await asyncio.wait(set(sending))
    except Refused:
        bulk.refused += 1
    finally:
        bulk.is_done = True
        runtime.world.is_dirty = True


async def _send(
    runtime: Runtime,
    corp: Corp,
    bulk: Bulk,
    event: CallbackEvent,
    rng: random.Random,
    gate: asyncio.Semaphore,
) -> None:
    if rng.random() < bulk.reorder_p:
        await asyncio.sleep(rng.uniform(0, LATER_S))
    is_doubled, pause_s = rng.random() < bulk.duplicate_p, rng.uniform(0, LATER_S)
    async with gate:
        await deliver_event(runtime, corp, event)
    if is_doubled and event.status == ACKED:
        await asyncio.sleep(pause_s)
        async with gate:
            await post_once(runtime, corp, event)
    if event.status == ACKED:
        # What was taken needs no second text; hundreds of thousands of them would.
        event.plaintext = ""
