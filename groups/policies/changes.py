"""What differs between two texts, letter by letter: Chinese has no spaces to split at."""

from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Piece:
    """A run of text: "same", "gone" from the text before, or "new" in the text after."""

    kind: str
    text: str


def pieces(before: str, after: str) -> list[Piece]:
    """The way from one text to the other. Without "new" it is `before`, without "gone" it is `after`."""
    found = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            found.append(Piece("same", before[i1:i2]))
            continue
        if i2 > i1:
            found.append(Piece("gone", before[i1:i2]))
        if j2 > j1:
            found.append(Piece("new", after[j1:j2]))
    return found
