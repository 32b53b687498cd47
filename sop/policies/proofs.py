"""Which archived message proves which touch. Pure.

A staff member's message proves a touch when it was sent by the one whose touch it is, in that group or to that
person, after the hand-over and before the window ended, and holds enough of the step's words: of all pairs of
neighbouring characters of the step (spaces, punctuation, addresses and {variables} left out) at least the asked-for
share stands in the message too. A step of fewer than four characters must be the message.

A member's message proves a touch that its sender has said to be sent: in that group, or from that person to that
sender, after it was said and within the hours that count. It goes to the touch said last before it.

One message proves one touch, and one touch with one person needs one message.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

_DROPPED = re.compile(r"https?://\S+|\{[^{}]*\}")
SHORT = 4  # characters


@dataclass(frozen=True)
class Wanted:
    """A touch that waits for proof, for one person when it is private. [since, until] is aware UTC."""

    touch_id: int
    room: str  # "": between two people
    staff: str
    person: str  # external_userid; "" in a group
    words: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Said:
    """One archived message. `to`: userids of those it went to."""

    id: str
    by: str
    room: str
    to: frozenset[str]
    at: datetime
    words: str


@dataclass(frozen=True)
class Hit:
    wanted: Wanted
    said: Said
    likeness: float  # 0..1


def bare(words: str) -> str:
    """The letters and digits of a text, in one form."""
    kept = unicodedata.normalize("NFKC", _DROPPED.sub(" ", words)).casefold()
    return "".join(one for one in kept if unicodedata.category(one)[0] in "LN")


def likeness(*, written: str, said: str) -> float:
    """How much of what was written stands in what was said: 0..1; nothing written is in nothing."""
    want, have = bare(written), bare(said)
    if not want:
        return 0.0
    if len(want) < SHORT:
        return float(want == have)
    wanted = Counter(pairwise(want))
    found = wanted & Counter(pairwise(have))
    return found.total() / wanted.total()


def hits(*, wanted: Iterable[Wanted], said: Iterable[Said], least: float) -> list[Hit]:
    """Staff messages that prove touches; the likest pair first, each message and each wanted thing once."""
    messages = list(said)
    pairs = [
        Hit(one, message, likeness(written=one.words, said=message.words))
        for one in wanted
        for message in messages
        if one.staff == message.by and one.since <= message.at <= one.until and _is_there(one, message, message.to)
    ]  # fmt: skip
    ranked = sorted(
        (hit for hit in pairs if hit.likeness >= least and hit.likeness > 0),
        key=lambda hit: (-hit.likeness, hit.said.at, hit.said.id, hit.wanted.touch_id, hit.wanted.person),
    )
    return _each_once(ranked)


def replies(*, wanted: Iterable[Wanted], said: Iterable[Said]) -> list[Hit]:
    """Members' messages that prove touches said to be sent; `wanted.since` is when that was said."""
    found = [
        Hit(one, message, 1.0)
        for message in said
        for one in wanted
        if message.by != one.staff
        and one.since < message.at <= one.until
        and (message.room == one.room if one.room else message.by == one.person and one.staff in message.to)
        and bool(one.room) == bool(message.room)
    ]
    ranked = sorted(
        found,
        key=lambda hit: (hit.said.at, hit.said.id, -hit.wanted.since.timestamp(), -hit.wanted.touch_id),
    )
    return _each_once(ranked)


def _is_there(one: Wanted, message: Said, to: frozenset[str]) -> bool:
    return message.room == one.room if one.room else not message.room and one.person in to


def _each_once(ranked: Iterable[Hit]) -> list[Hit]:
    used: set[str] = set()
    proven: set[tuple[int, str]] = set()
    kept = []
    for hit in ranked:
        place = (hit.wanted.touch_id, hit.wanted.person)
        if hit.said.id not in used and place not in proven:
            used.add(hit.said.id)
            proven.add(place)
            kept.append(hit)
    return kept


def is_proven(*, people: int, proven: int) -> bool:
    """Whether a private touch with so many people counts as done: at least half of them."""
    return proven > 0 and 2 * proven >= people
