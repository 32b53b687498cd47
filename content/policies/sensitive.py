"""Words that may not be sent, or only with care: found however they are written. Pure.

A text is folded first: NFKC, case, and every character that is neither a letter nor a digit left out, so that
「国 家 级」, 「國家級」 in full width or 「国-家-级」 read as one word. Then one pass over the text (Aho and Corasick,
"Efficient string matching", 1975) finds every word at once: the time grows with the text, not with the list. A hit
that lies inside an allowed phrase (「第一」 in 「第一天」) is none. A word of Latin letters or digits must stand alone:
"best" is not in "asbestos".
"""

import unicodedata
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final


class Severity(StrEnum):
    """What a word does to a message."""

    REFUSE = "refuse"  # it is not sent
    WARN = "warn"  # it is sent, and somebody is told
    ALLOW = "allow"  # a phrase in which no word counts


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the list. `hint` says what to write instead; `reason` why it is there."""

    text: str
    severity: Severity
    hint: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """One place of the text: [start, end) in its characters, and what stands there as it is written."""

    word: Word
    start: int
    end: int
    found: str

    @property
    def stops(self) -> bool:
        return self.word.severity is Severity.REFUSE


def key_of(text: str) -> str:
    """What a word is compared by; two words of one key are one word. "" for one without letters and digits."""
    return _folded(text)[0]


def find(text: str, words: Sequence[Word]) -> list[Hit]:
    """Every hit in the order of the text; where two begin together the longer first. Linear in the text's length.

    Of several words with one key the last holds.
    """
    if not text or not words:
        return []
    folded, places = _folded(text)
    hits: list[_Span] = []
    allowed: list[_Span] = []
    for end, word, size in _matcher(tuple(words)).run(folded):
        start = end - size + 1
        if not _stands_alone(text, places, start, end):
            continue
        (allowed if word.severity is Severity.ALLOW else hits).append((start, end, word))
    kept = _outside(hits, allowed)
    return [
        Hit(word, places[start], places[end] + 1, text[places[start] : places[end] + 1])
        for start, end, word in sorted(kept, key=lambda one: (one[0], -one[1]))
    ]


def refused(hits: Iterable[Hit]) -> list[str]:
    """The words that stop a message, as they are written in it, each once."""
    return list(dict.fromkeys(one.found for one in hits if one.stops))


def _folded(text: str) -> tuple[str, list[int]]:
    """(what is compared, for each of its characters where it stands in the text)."""
    kept: list[str] = []
    places: list[int] = []
    for at, raw in enumerate(text):
        if raw.isascii():
            if raw.isalnum():
                kept.append(raw.lower())
                places.append(at)
            continue
        for one in _folded_one(raw):
            kept.append(one)
            places.append(at)
    return "".join(kept), places


@lru_cache(maxsize=1 << 15)
def _folded_one(raw: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKC", raw).casefold() if one.isalnum())


def _stands_alone(text: str, places: list[int], start: int, end: int) -> bool:
    """Whether no Latin letter or digit goes on from the hit's own first or last one in the text as written."""
    return not (
        _touches(text, places[start], places[start] - 1) or _touches(text, places[end], places[end] + 1)
    )


def _touches(text: str, edge: int, beside: int) -> bool:
    if not 0 <= beside < len(text):
        return False
    mine, other = _folded_one(text[edge]), _folded_one(text[beside])
    return _sort(mine) != "" and _sort(mine) == _sort(other)


def _sort(folded: str) -> str:
    """ "a" of Latin letters, "0" of digits, "" of everything else."""
    if not folded.isascii() or not folded:
        return ""
    return "a" if folded.isalpha() else "0" if folded.isdigit() else ""


_Span = tuple[int, int, Word]


def _outside(hits: list[_Span], allowed: list[_Span]) -> list[_Span]:
    """Hits that no allowed phrase holds whole. One pass: phrases by their start, with the furthest end so far."""
    if not allowed:
        return hits
    phrases = sorted((start, end) for start, end, _word in allowed)
    kept, at, furthest = [], 0, -1
    for hit in sorted(hits, key=lambda one: one[0]):
        while at < len(phrases) and phrases[at][0] <= hit[0]:
            furthest = max(furthest, phrases[at][1])
            at += 1
        if furthest < hit[1]:
            kept.append(hit)
    return kept


@dataclass(slots=True)
class _Node:
    """A state: where each character leads, the state of the longest other ending, words that end here or there."""

    next: dict[str, int] = field(default_factory=dict)
    fail: int = 0
    word: Word | None = None
    size: int = 0
    shorter: int = 0  # the nearest state on the way of `fail` where a word ends; 0: none


class _Matcher:
    """All words as one automaton."""

    def __init__(self, words: Sequence[Word]) -> None:
        self.nodes = [_Node()]
        for word in words:
            self._add(word)
        self._link()

    def _add(self, word: Word) -> None:
        folded, at = key_of(word.text), 0
        if not folded:
            return
        for one in folded:
            known = self.nodes[at].next.get(one)
            if known is None:
                known = len(self.nodes)
                self.nodes.append(_Node())
                self.nodes[at].next[one] = known
            at = known
        self.nodes[at].word, self.nodes[at].size = word, len(folded)

    def _link(self) -> None:
        waiting = deque(self.nodes[0].next.values())
        while waiting:
            at = waiting.popleft()
            node = self.nodes[at]
            failed = self.nodes[node.fail]
            node.shorter = node.fail if failed.word is not None else failed.shorter
            for one, child in node.next.items():
                self.nodes[child].fail = self._step(node.fail, one)
                waiting.append(child)

    def _step(self, at: int, one: str) -> int:
        nodes = self.nodes
        while at and one not in nodes[at].next:
            at = nodes[at].fail
        return nodes[at].next.get(one, 0)

    def run(self, folded: str) -> list[tuple[int, Word, int]]:
        """(where it ends, word, its length) for every word in the folded text."""
        found, at, nodes = [], 0, self.nodes
        for place, one in enumerate(folded):
            at = self._step(at, one)
            ends = at if nodes[at].word is not None else nodes[at].shorter
            while ends:
                word = nodes[ends].word
                if word is not None:
                    found.append((place, word, nodes[ends].size))
                ends = nodes[ends].shorter
        return found


MATCHERS_KEPT: Final = 64


@lru_cache(maxsize=MATCHERS_KEPT)
def _matcher(words: tuple[Word, ...]) -> _Matcher:
    return _Matcher(words)
