"""What one event of a group is to what we hold of that group, and what it tells of a person. Pure.

WeCom's whole answer is the truth of its moment. An event that had reached us before that answer was asked for is
in it: it brings no news of who sits there, only when and how somebody came or went.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from groups.enums import QuitScene
from groups.policies import spells
from groups.policies.spells import Spells
from groups.policies.wire import ADD, Change

# Group details lag the event (PROTOCOL 2.1), and two hosts' clocks differ a little.
READ_LAG = timedelta(seconds=2)


@dataclass(frozen=True)
class Held:
    """What our row of a group says: which members' version, as of when, when WeCom was last asked for all of it."""

    version: str
    as_of: datetime | None
    read_at: datetime | None
    ended_at: datetime | None = None


class Place(Enum):
    """Where an event stands."""

    NEXT = auto()  # right after what we hold
    READ = auto()  # before an answer of WeCom that has it in it
    PAST = auto()  # before what we hold, by what another event told
    ENDED = auto()  # before the end of a dissolved group
    OPEN = auto()  # nothing we hold says what is true after it


def place_of(held: Held, change: Change) -> Place:
    """Where the event stands to what is held."""
    if held.ended_at is not None:
        return Place.ENDED if change.occurred_at <= held.ended_at else Place.OPEN
    if is_in(held.read_at, change):
        return Place.READ
    if not change.is_delta or held.as_of is None:
        return Place.OPEN
    is_later = change.occurred_at > held.as_of
    if is_later and change.last_version == held.version:
        return Place.NEXT
    return Place.OPEN if is_later and change.current_version != held.version else Place.PAST


def is_in(read_at: datetime | None, change: Change) -> bool:
    """Whether the event was ours long enough before the whole group was asked for at `read_at`."""
    return read_at is not None and change.received_at is not None and change.received_at + READ_LAG <= read_at


def told_by(change: Change, before: Spells) -> Spells:
    """The spells of one person whom the event names, with the moment it tells."""
    move = spells.join if change.detail == ADD else spells.leave
    return move(before, at=change.occurred_at, scene=change.scene)


def after_event(place: Place, held: Held, change: Change, before: Spells) -> tuple[Spells, bool]:
    """(the spells of one named person after the event, whether what is held contradicts it).

    Not for Place.OPEN. Where a read has the event in it, who was there then stays there, but for one whom the
    event says to have gone after the entry that the read showed: that read lagged.
    """
    told = told_by(change, before)
    if place is Place.NEXT:
        return _next(change, told), False
    if place is Place.ENDED:
        ended_at = held.ended_at or change.occurred_at
        return spells.settle_absent(told, at=ended_at, scene=QuitScene.DISSOLVED), False
    is_contrary = spells.is_present(before) != spells.is_present(told)
    if place is Place.READ and is_contrary:
        return _as_read(held, before, told), True
    return told, is_contrary


def _next(change: Change, told: Spells) -> Spells:
    if change.detail == ADD:
        return spells.settle_present(told, joined_at=change.occurred_at, scene=change.scene)
    return spells.settle_absent(told, at=change.occurred_at, scene=change.scene)


def _as_read(held: Held, before: Spells, told: Spells) -> Spells:
    if spells.is_present(before):
        return spells.settle_present(told, joined_at=before[-1].joined_at, scene=before[-1].join_scene)
    return spells.settle_absent(told, at=held.read_at or told[-1].joined_at)
