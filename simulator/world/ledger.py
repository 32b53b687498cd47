"""What the simulator did to the product, kept to be compared with the product's own database."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

PENDING, ACKED, UNDELIVERED, DROPPED = "pending", "acked", "undelivered", "dropped"


@dataclass(slots=True)
class CallbackEvent:
    """One logical event. It may be delivered several times; it is acked once any answer was 200."""

    id: int
    event: str
    change_type: str
    lane: str
    plaintext: str
    sha256: str
    created_at: int
    from_user: str = "sys"
    status: str = PENDING
    attempts: list[dict[str, Any]] = field(default_factory=list)
    acks: int = 0
    was_held: bool = False
    not_before: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "event": self.event,
            "change_type": self.change_type,
            "subject": self.lane,
            "from_user": self.from_user,
            "sha256": self.sha256,
            "created_at": self.created_at,
            "status": self.status,
            "acked": self.status == ACKED,
            "attempts": self.attempts,
            "deliveries": self.acks,
        }


@dataclass
class Ledger:
    """Callbacks, behaviours and whatever of the product's pages did not work."""

    events: list[CallbackEvent] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    behaviours: dict[str, dict[str, Any]] = field(default_factory=dict)
    product_errors: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def record(
        self, *, event: str, change_type: str, lane: str, plaintext: str, at: int, from_user: str = "sys"
    ) -> CallbackEvent:
        """Add a logical event, waiting for delivery."""
        entry = CallbackEvent(
            id=len(self.events) + 1,
            event=event,
            change_type=change_type,
            lane=lane,
            plaintext=plaintext,
            sha256=hashlib.sha256(plaintext.encode()).hexdigest(),
            created_at=at,
            from_user=from_user,
        )
        self.events.append(entry)
        self.pending.append(entry.id)
        self.counts[f"event:{event}.{change_type}"] += 1
        return entry

    def by_id(self, event_id: int) -> CallbackEvent:
        return self.events[event_id - 1]

    def take_pending(self) -> list[CallbackEvent]:
        """Hand over what waits for delivery; the caller delivers or puts it back."""
        taken = [self.by_id(event_id) for event_id in self.pending]
        self.pending.clear()
        return taken

    def rebuild_pending(self) -> None:
        """After a restart: what was on its way when the world was saved goes out again."""
        self.pending = [event.id for event in self.events if event.status == PENDING]

    def requeue_undelivered(self) -> int:
        """Put events that were never acked back in line. Returns how many."""
        lost = [e for e in self.events if e.status == UNDELIVERED]
        for entry in lost:
            entry.status = PENDING
            self.pending.append(entry.id)
        return len(lost)

    def product_error(self, *, at: float, what: str, detail: str) -> None:
        """Note a page or call of the product that did not work; keeps the last 500."""
        self.counts["product_error"] += 1
        self.product_errors.append({"at": at, "what": what, "detail": detail[:500]})
        del self.product_errors[:-500]
