"""Which promise a line of the answer to "What we deliver" is (R17), whatever it says by now. Pure.

Each line carries a key that is given once. When the answer is written anew, a line that stayed keeps its key, one that
was reworded keeps it too, and only a new line gets a new one; two lines with the same words are two promises.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import sha256
from typing import Any

from groups.policies.answers import lines_of

LINES, KEYS = "promises", "promise_keys"
ALIKE = 0.5  # share of the words from which on a line counts as reworded rather than as another one


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the answer: the promise it is, and its words."""

    key: str
    text: str


def lines_keyed(answer: Mapping[str, Any]) -> list[Line]:
    """The lines of an answer with their keys. One written before lines had keys gets them from its words."""
    texts, keys = lines_of(answer, LINES), list(answer.get(KEYS) or ())
    if len(keys) != len(texts) or len(set(keys)) != len(keys):
        keys = []
        for text in texts:
            keys.append(_fresh(text, keys))
    return [Line(*pair) for pair in zip(keys, texts, strict=True)]


def carried(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The answer `after` with the keys that its lines have, given what stood there before."""
    old, texts = lines_keyed(before), lines_of(after, LINES)
    if KEYS not in before and [one.text for one in old] == texts:
        return dict(after)  # nothing changed: its keys follow from its words
    keys: list[str | None] = [None] * len(texts)
    free = list(old)
    for place, text in enumerate(texts):  # what stayed, wherever it stands now
        same = next((one for one in free if one.text == text), None)
        if same is not None:
            keys[place] = same.key
            free.remove(same)
    for place, text in enumerate(texts):
        alike = max(free, key=lambda one: _likeness(one.text, text), default=None)
        if keys[place] is None and alike is not None and _likeness(alike.text, text) >= ALIKE:
            keys[place] = alike.key
            free.remove(alike)
    taken = [one.key for one in old]
    made: list[str] = []
    for key, text in zip(keys, texts, strict=True):
        made.append(key if key is not None else _fresh(text, [*taken, *made]))
    return {**after, KEYS: made} if made else {name: value for name, value in after.items() if name != KEYS}


def _likeness(one: str, two: str) -> float:
    return SequenceMatcher(None, one, two, autojunk=False).ratio()


def _fresh(text: str, taken: Iterable[str]) -> str:
    """A key for a new line that no other line has: the same line in the same place of things has the same one."""
    known: Sequence[str] = list(taken)
    number = 0
    while (key := sha256(f"{number} {text}".encode()).hexdigest()[:16]) in known:
        number += 1
    return key
