"""What counts as a conversation and what is only sending (R35), pure.

Messages one to one belong together while no more than a day lies between two of them. Where both sides wrote it is a
conversation; where only staff wrote it is a care message, each counted. Broadcasts are neither.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

GAP: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Talk:
    """`conversations`: exchanges that both sides wrote in; `care`: messages of staff outside of them; `last_at`: the
    last message of the last conversation, None without one."""

    conversations: int
    care: int
    last_at: datetime | None


def talk_of(theirs: Iterable[datetime], ours: Iterable[datetime]) -> Talk:
    """The customer's and the staff's messages one to one, in whatever order they came."""
    messages = sorted([*((at, True) for at in theirs), *((at, False) for at in ours)])
    exchanges: list[list[tuple[datetime, bool]]] = []
    for at, is_theirs in messages:
        if not exchanges or at - exchanges[-1][-1][0] > GAP:
            exchanges.append([])
        exchanges[-1].append((at, is_theirs))
    real = [one for one in exchanges if len({is_theirs for _at, is_theirs in one}) == 2]
    care = sum(not is_theirs for one in exchanges if one not in real for _at, is_theirs in one)
    return Talk(len(real), care, real[-1][-1][0] if real else None)
