"""Which words of a message changed. A Chinese character is a word; so is a run of Latin letters, or a variable."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORD = re.compile(r"\{[^{}]*\}|[A-Za-z0-9]+|\s+|.", re.DOTALL)
SAME, GONE, NEW = "same", "gone", "new"


@dataclass(frozen=True)
class Piece:
    """A stretch of words. `kind`: "same" stands in both texts, "gone" only before, "new" only after."""

    kind: str
    text: str


def words_of(text: str) -> list[str]:
    """The words of a text; joined they are the text."""
    return _WORD.findall(text)


def word_changes(before: str, after: str) -> list[Piece]:
    """The two texts as one: pieces that stayed and went make `before`, pieces that stayed and came make `after`."""
    old, new = words_of(before), words_of(after)
    pieces = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece(SAME, "".join(old[i1:i2])))
            continue
        if i1 < i2:
            pieces.append(Piece(GONE, "".join(old[i1:i2])))
        if j1 < j2:
            pieces.append(Piece(NEW, "".join(new[j1:j2])))
    return pieces
