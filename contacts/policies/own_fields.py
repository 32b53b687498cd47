"""Profile fields that a company declares itself (R28), pure: what each can hold, how its question is asked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from contacts.enums import OwnFieldKind, QuestionKind

PREFIX: Final = "own_"
MOST_OPTIONS: Final = 20
OPTION_CHARS: Final = 60
_LONGEST: Final = 200
_NUMBER: Final = re.compile(r"^-?[0-9]{1,13}(\.[0-9]{1,4})?$")
_ASKED: Final = {
    OwnFieldKind.TEXT: QuestionKind.TEXT,
    OwnFieldKind.NUMBER: QuestionKind.NUMBER,
    OwnFieldKind.DATE: QuestionKind.DATE,
    OwnFieldKind.CHOICE: QuestionKind.SINGLE,
}


@dataclass(frozen=True, slots=True)
class OwnSpec:
    """One declared field. `key` names it in a profile: "own_7"; `options` are the words of a choice."""

    key: str
    label: str
    kind: str
    options: tuple[str, ...] = ()

    @property
    def question_kind(self) -> QuestionKind:
        return _ASKED[OwnFieldKind(self.kind)]


def own_holds(spec: OwnSpec, value: str) -> bool:
    """Whether the field can hold a value; "" always: it says that the person did not tell."""
    if not value:
        return True
    if spec.kind == OwnFieldKind.CHOICE:
        return value in spec.options
    if spec.kind == OwnFieldKind.NUMBER:
        return bool(_NUMBER.match(value))
    if spec.kind == OwnFieldKind.DATE:
        return _is_date(value)
    return len(value) <= _LONGEST and value == value.strip()


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def are_options(kind: str, options: Sequence[str]) -> bool:
    """Whether a field of this kind can offer these words; only a choice offers any."""
    if kind != OwnFieldKind.CHOICE:
        return not options
    fit = all(one and one == one.strip() and len(one) <= OPTION_CHARS for one in options)
    return fit and 2 <= len(options) <= MOST_OPTIONS and len(set(options)) == len(options)
