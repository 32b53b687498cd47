"""What contacts tells the others."""

from dataclasses import dataclass
from datetime import datetime

from outbox.contracts import DomainEvent


@dataclass(frozen=True, kw_only=True)
class BehavioursRecorded(DomainEvent):
    """New rows in the behaviour stream, or old ones whose customer has become known. `kinds` is sorted."""

    name = "contacts.behaviours.recorded"

    customer_ids: list[int]
    behaviour_ids: list[int]
    kinds: list[str]
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, kw_only=True)
class FollowChanged(DomainEvent):
    """A customer and a staff member became friends, half friends, or stopped being so. `state` is a FollowState."""

    name = "contacts.follow.changed"

    customer_id: int
    staff_id: int
    state: str
    state_code: str


@dataclass(frozen=True, kw_only=True)
class ExposuresMoved(DomainEvent):
    """What had reached people turned out not to have, or to have after all: who was reached by what follows anew."""

    name = "contacts.exposures.moved"

    customer_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class PersonsChanged(DomainEvent):
    """Records were joined to one person or taken apart: what follows from a person's acts follows anew."""

    name = "contacts.person.changed"

    customer_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class CustomerOptedOut(DomainEvent):
    """A customer wants no marketing (`opted_out` True), or wants it again."""

    name = "contacts.customer.opted_out"

    customer_id: int
    opted_out: bool
