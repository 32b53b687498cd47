"""Which questions of customers nobody of the staff has answered. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

_MARKED = re.compile(r"[?？]")
# Chinese questions often end without a mark.
_ENDS = re.compile(r"(吗|呢|么|怎么办|多少钱|多少)[\s~～。.!！]*$")


@dataclass(frozen=True)
class Said:
    """One message of a group. `who` names a customer or a staff member."""

    at: datetime
    who: str
    text: str
    is_staff: bool


def is_question(text: str) -> bool:
    """Whether a message asks something."""
    told = text.strip()
    return bool(told) and (_MARKED.search(told) is not None or _ENDS.search(told) is not None)


def unanswered(messages: Iterable[Said]) -> list[Said]:
    """Customers' questions after which no staff member has said anything, the oldest first."""
    waiting: list[Said] = []
    for one in sorted(messages, key=lambda each: each.at):
        if one.is_staff:
            waiting = []
        elif is_question(one.text):
            waiting.append(one)
    return waiting
