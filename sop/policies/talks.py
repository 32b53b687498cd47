"""Whom a broadcast leaves a conversation with, and on which day it falls to whom (R55). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sop.enums.talks import TALK_MOST_BROADCASTS, TalkFor


@dataclass(frozen=True)
class Heard:
    """What came of a broadcast: customers it reached, and those of them who did what since."""

    reached: frozenset[int]
    clicked: frozenset[int]
    replied: frozenset[int]
    interacted: frozenset[int]


def talk_with(kind: str, heard: Heard) -> frozenset[int]:
    """Customers to talk with; silent are those reached who did nothing of the three."""
    found = {
        TalkFor.CLICKED: heard.clicked,
        TalkFor.REPLIED: heard.replied,
        TalkFor.INTERACTED: heard.interacted,
        TalkFor.SILENT: heard.reached - heard.clicked - heard.replied - heard.interacted,
    }
    return found[TalkFor(kind)] & heard.reached if kind else frozenset()


@dataclass(frozen=True)
class Slot:
    """One conversation: with whom, by whom, how many days from today."""

    customer_id: int
    staff_id: int
    days: int


def spread(
    *,
    customers: Iterable[int],
    followers: Mapping[int, Iterable[int]],
    first: Iterable[int | None],
    most_a_day: int,
    had: Mapping[tuple[int, int], int],
) -> list[Slot]:
    """Each customer with one of its followers, those in `first` before others; who has no follower is left out.

    `had[staff, days]`: conversations the staff member has that day already, today being 0. Nobody gets more than
    `most_a_day` on any day: what does not fit falls to the next day.
    """
    taken = dict(had)
    wished = [one for one in first if one is not None]
    slots = []
    for customer in sorted(set(customers)):
        ties = sorted(followers.get(customer, ()))
        if not ties:
            continue
        staff = next((one for one in wished if one in ties), ties[0])
        days = 0
        while taken.get((staff, days), 0) >= max(most_a_day, 1):
            days += 1
        taken[staff, days] = taken.get((staff, days), 0) + 1
        slots.append(Slot(customer, staff, days))
    return slots


def is_broadcast_machine(*, broadcasts: int, conversations: int) -> bool:
    """Whether a run only broadcasts: enough to say so, and not one conversation."""
    return broadcasts >= TALK_MOST_BROADCASTS and conversations == 0
