"""Finding a script by what a customer asked. Pure.

Chinese has no spaces between words, so a question is cut into pairs of characters; Latin words and numbers stay whole.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LATIN = re.compile(r"[a-z0-9]+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
# Characters that every question has; pairs that hold one say little about what is asked.
_FILLERS = frozenset("的了吗呢吧啊呀么是有在我你您他她这那怎请和就都也还")
LEAST = 0.34  # share of the question that a script must meet
TITLE_WEIGHT, TEXT_WEIGHT = 3.0, 1.0


@dataclass(frozen=True)
class Entry:
    """A script as the search sees it; `uses` breaks ties."""

    pk: int
    title: str
    keywords: str
    text: str
    uses: int = 0


def grams(text: str) -> set[str]:
    """What a text is compared by: Latin words, numbers, pairs of Chinese characters; one alone stays alone."""
    lower = text.lower()
    found = set(_LATIN.findall(lower))
    for run in _HAN.findall(lower):
        pairs = {run[at : at + 2] for at in range(len(run) - 1)} or {run}
        telling = {one for one in pairs if not (set(one) & _FILLERS)}
        found |= telling or pairs
    return found


def rank(question: str, entries: Iterable[Entry]) -> list[int]:
    """Ids of the scripts that meet the question, best first. An empty question meets all, most used first."""
    rows = list(entries)
    asked = grams(question)
    if not asked:
        return (
            [one.pk for one in sorted(rows, key=lambda one: (-one.uses, one.pk))]
            if not question.strip()
            else []
        )
    scored = [(_score(asked, one), one) for one in rows]
    kept = [(score, one) for score, one in scored if score >= LEAST]
    return [one.pk for _score_, one in sorted(kept, key=lambda pair: (-pair[0], -pair[1].uses, pair[1].pk))]


def question_key(words: str) -> str:
    """What a question means, for counting the same one together: letters and digits only, case and marks aside.

    Only marks make a key of themselves.
    """
    lower = words.casefold()
    bare = "".join(one for one in lower if one.isalnum())
    return (bare or lower.strip())[:120]


def continues(before: str, after: str) -> bool:
    """Whether one search is the other typed further, or shortened: one begins with the other."""
    first, second = question_key(before), question_key(after)
    return first.startswith(second) or second.startswith(first)


def _score(asked: set[str], entry: Entry) -> float:
    """0 to 3: the share of the question found, three times as much where it stands in title or keywords."""
    head = f"{entry.title} {entry.keywords}".lower()
    body = entry.text.lower()
    met = 0.0
    for gram in asked:
        if gram in head:
            met += TITLE_WEIGHT
        elif gram in body:
            met += TEXT_WEIGHT
    return met / len(asked)
