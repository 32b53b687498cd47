"""The built-in knowledge cards: a data file beside the code, in both languages."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from content.policies.knowledge import Question

_FILE = Path(__file__).resolve().parent.parent / "builtin" / "knowledge.toml"


@dataclass(frozen=True)
class BuiltinCard:
    """A card to begin with, in one language. The first answer in the file is the right one."""

    code: str
    kind: str
    asks: str
    title: str
    summary: str
    aliases: str
    sections: dict[str, str]
    questions: tuple[Question, ...]


def builtin_list(*, language: str) -> list[BuiltinCard]:
    """All of them. `language`: a language code; what is not Chinese is English. Treat them as read-only."""
    return _read("zh" if language.startswith("zh") else "en")


@cache
def _read(language: str) -> list[BuiltinCard]:
    rows = tomllib.loads(_FILE.read_text(encoding="utf-8"))["cards"]
    return [_card(row, language) for row in rows]


def _card(row: dict[str, Any], language: str) -> BuiltinCard:
    return BuiltinCard(
        code=row["code"], kind=row["kind"], asks=row["asks"], title=row["title"][language],
        summary=row["summary"][language], aliases=row.get("aliases", ""),
        sections={key: words[language] for key, words in row["sections"].items()},
        questions=tuple(
            Question(
                0, one["text"][language], tuple(each[language] for each in one["options"]), 0, one["why"][language]
            )
            for one in row["questions"]
        ),
    )  # fmt: skip
