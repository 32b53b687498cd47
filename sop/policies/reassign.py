"""Who may carry a touch out instead of somebody else. Pure.

A message to a group needs somebody who sits in it; a group's mass send goes from its owner whoever is chosen here, and
a mass send that WeCom has is its sender's. A private chat needs a contact of each of its people; before it is known
whom it reaches, somebody in its group. Calls, text messages, official-account messages, Moments and staff work are
anybody's.
"""

from dataclasses import dataclass
from enum import Enum

from sop.enums import GROUP_CHANNELS, Channel, TouchState

_PRIVATE = frozenset({Channel.PRIVATE_MASS, Channel.STAFF_TASK})


class Refusal(Enum):
    NOT_OPEN = "not_open"
    SAME = "same"
    OWNER_ONLY = "owner_only"
    AT_WECOM = "at_wecom"
    NOT_IN_GROUP = "not_in_group"
    NO_CONTACT = "no_contact"


@dataclass(frozen=True)
class Held:
    """A touch as the question needs it. `people`: customers it reaches, as far as that is known."""

    state: str
    channel: str
    staff_id: int | None
    group_id: int | None
    is_at_wecom: bool
    people: frozenset[int]


@dataclass(frozen=True)
class Colleague:
    staff_id: int
    groups: frozenset[int]  # sits in
    contacts: frozenset[int]  # customers


def refusal(touch: Held, colleague: Colleague) -> Refusal | None:
    """Why this colleague cannot take the touch; None: may."""
    if touch.state not in (TouchState.PLANNED, TouchState.HANDED):
        return Refusal.NOT_OPEN
    if touch.staff_id == colleague.staff_id:
        return Refusal.SAME
    if touch.channel == Channel.GROUP_MASS:
        return Refusal.OWNER_ONLY
    if touch.is_at_wecom:
        return Refusal.AT_WECOM
    if touch.channel in GROUP_CHANNELS and touch.group_id not in colleague.groups:
        return Refusal.NOT_IN_GROUP
    if touch.channel in _PRIVATE:
        if touch.people:
            return None if touch.people <= colleague.contacts else Refusal.NO_CONTACT
        if touch.group_id is not None and touch.group_id not in colleague.groups:
            return Refusal.NOT_IN_GROUP
    return None
