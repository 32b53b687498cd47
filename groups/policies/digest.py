"""What a busy day of a group comes down to (R54): counts and quotes, never a sentence made up about them. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from groups.policies.questions import Said, unanswered

TOPIC_CHARS = 15  # a staff message as long as this is an announcement, a shorter one small talk
SHOWN = 5
QUOTED = 60
_URL = re.compile(r"https?://[^\s<>\"'，。；、）)]+")


@dataclass(frozen=True)
class Sent:
    """One message: `kind` is WeCom's msgtype, `title` of a link, mini-program or file, `url` of a link."""

    said: Said
    kind: str = "text"
    title: str = ""
    url: str = ""


@dataclass(frozen=True)
class Digest:
    """A day of one group. `announced` are staff messages, the longest first; `shared` (title or address, who)."""

    day: date
    messages: int = 0
    staff_messages: int = 0
    people: int = 0  # customers who wrote
    questions: list[Said] = field(default_factory=list)  # nobody of the staff has spoken after
    announced: list[Said] = field(default_factory=list)
    shared: list[tuple[str, str]] = field(default_factory=list)

    def is_over(self, limit: int) -> bool:
        return self.messages > limit


def digest(day: date, sent: Iterable[Sent]) -> Digest:
    """The day's messages in any order; each link, file and announcement is named once."""
    rows = sorted(sent, key=lambda one: one.said.at)
    own = [one.said for one in rows if one.said.is_staff]
    long = {one.text.strip(): one for one in reversed(own) if len(one.text.strip()) >= TOPIC_CHARS}.values()
    return Digest(
        day=day,
        messages=len(rows),
        staff_messages=len(own),
        people=len({one.said.who for one in rows if not one.said.is_staff}),
        questions=unanswered(one.said for one in rows),
        announced=sorted(long, key=lambda one: (-len(one.text), one.at))[:SHOWN],
        shared=_shared(rows),
    )


def _shared(rows: list[Sent]) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for one in rows:
        if one.kind == "text":
            named = _URL.findall(one.said.text)
        else:
            named = [one.title or one.url] if one.kind in ("link", "weapp", "file", "news", "docmsg") else []
        for name in named:
            if name:
                found.setdefault(name, one.said.who)
    return list(found.items())


def quoted(text: str) -> str:
    """The first words of a message, on one line."""
    told = " ".join(text.split())
    return told if len(told) <= QUOTED else told[: QUOTED - 1] + "…"
