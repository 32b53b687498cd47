"""Which questions of customers nobody of the staff has answered. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contacts.policies.questions import is_question


@dataclass(frozen=True)
class Said:
    """One message of a group. `who` names a customer or a staff member."""

    at: datetime
    who: str
    text: str
    is_staff: bool


def unanswered(messages: Iterable[Said]) -> list[Said]:
    """Customers' questions after which no staff member has said anything, the oldest first."""
    waiting: list[Said] = []
    for one in sorted(messages, key=lambda each: each.at):
        if one.is_staff:
            waiting = []
        elif is_question(one.text):
            waiting.append(one)
    return waiting
