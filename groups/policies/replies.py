"""Keyword replies of a group (R11), pure: what is said to whoever writes a word that the welcome names.

One a line: the words, a colon, the answer ("课表、时间表：每晚 20:00 带读"). A word of one character must be the whole
message; a longer one may stand anywhere in a short message.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

MESSAGE_CHARS: Final = 30  # a longer message is talk that happens to hold the word
_LINE = re.compile(r"^\s*([^:：=]+?)\s*[:：=]\s*(\S.*?)\s*$")
_BETWEEN = re.compile(r"\s*[、/|]\s*")
_MENTION = re.compile(r"@\S+\s*")
_ASKED = r"(?:回复|发送|输入|扣|reply(?:\s+with)?|send)\s*"
_QUOTED = re.compile(_ASKED + r"[“\"「『【‘']([^”\"」』】’'\n]{1,12})[”\"」』】’']", re.IGNORECASE)
# A bare figure or letter, but not a count of something: "回复 1 领资料", not "24 小时内回复 2 次".
_BARE = re.compile(
    _ASKED + r"([0-9]{1,4}|[A-Za-z])(?![0-9A-Za-z:：.])(?!\s*[小时天分次条个人位遍名秒周月年点%％])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer and the words that call for it, as they were written."""

    words: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Heard:
    """One message of a group."""

    at: datetime
    is_staff: bool
    text: str


def plain(text: str) -> str:
    """A message as words are looked for: without mentions, spaces, marks, width and case."""
    bare = unicodedata.normalize("NFKC", _MENTION.sub("", text)).casefold()
    return "".join(one for one in bare if unicodedata.category(one)[0] not in "PZC")


def replies_of(text: str) -> list[Reply]:
    """The replies that can be read, in their order."""
    found = []
    for line in text.splitlines():
        told = _LINE.match(line)
        words = tuple(one for one in _BETWEEN.split(told[1]) if plain(one)) if told else ()
        if told and words:
            found.append(Reply(words, told[2]))
    return found


def unreadable(text: str) -> list[str]:
    """The lines that name no word or no answer."""
    return [line.strip() for line in text.splitlines() if line.strip() and not replies_of(line)]


def doubled(text: str) -> list[str]:
    """Words that call for two answers."""
    counted = Counter(plain(word) for one in replies_of(text) for word in one.words)
    return [word for word, times in counted.items() if times > 1]


def words_promised(*texts: str) -> list[str]:
    """The words that a welcome or an announcement asks people to write, each once."""
    found = [word.strip() for text in texts for asked in (_QUOTED, _BARE) for word in asked.findall(text)]
    return list(dict.fromkeys(word for word in found if plain(word)))


def reply_to(message: str, replies: Sequence[Reply]) -> Reply | None:
    """What a message calls for; of several words the longest counts."""
    said = plain(message)
    best, length = None, 0
    for one in replies:
        for word in map(plain, one.words):
            is_there = said == word or (len(word) > 1 and word in said and len(said) <= MESSAGE_CHARS)
            if is_there and len(word) > length:
                best, length = one, len(word)
    return best


def waiting(messages: Iterable[Heard], replies: Sequence[Reply]) -> list[tuple[Reply, datetime, int]]:
    """(reply, when the first asked, how many messages ask) of what no colleague has answered yet, in their order.

    Answered: a colleague's later message holds the answer's words.
    """
    open_: dict[Reply, list[datetime]] = {}
    for one in sorted(messages, key=lambda each: each.at):
        if one.is_staff:
            told = plain(one.text)
            open_ = {reply: at for reply, at in open_.items() if plain(reply.text) not in told}
        elif (asked := reply_to(one.text, replies)) is not None:
            open_.setdefault(asked, []).append(one.at)
    return [(reply, at[0], len(at)) for reply, at in open_.items()]
