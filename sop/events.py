"""What SOPs tell the other apps. Ids only."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from outbox.contracts import DomainEvent


@dataclass(frozen=True, kw_only=True)
class RunStarted(DomainEvent):
    """A version was put to work in some groups."""

    name: ClassVar[str] = "sop.run.started"

    run_id: int
    group_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class RunEnded(DomainEvent):
    """A run finished (`state` finished) or was called off (`state` cancelled)."""

    name: ClassVar[str] = "sop.run.ended"

    run_id: int
    state: str


@dataclass(frozen=True, kw_only=True)
class RunMoved(DomainEvent):
    """A running run goes on by another version: what is still to come changed."""

    name: ClassVar[str] = "sop.run.moved"

    run_id: int


@dataclass(frozen=True, kw_only=True)
class TouchConfirmed(DomainEvent):
    """Touches that were carried out with evidence."""

    name: ClassVar[str] = "sop.touch.confirmed"

    run_id: int
    touch_ids: list[int]
    confirmed_at: datetime


@dataclass(frozen=True, kw_only=True)
class TouchMissed(DomainEvent):
    """Touches whose window passed before a person carried them out."""

    name: ClassVar[str] = "sop.touch.missed"

    run_id: int
    touch_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class TouchesStopped(DomainEvent):
    """Touches that were handed over and stopped before they reached anybody: what they used is to be given back."""

    name: ClassVar[str] = "sop.touch.stopped"

    touch_ids: list[int]
