"""Forms before a camp, pure: their questions, their signed personal links, what an answer tells of a profile."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from contacts.enums import Education, Gender, GroupQuestion, ProfileField, QuestionKind
from contacts.policies.own_fields import OwnSpec
from contacts.policies.profile import NO_OWN, is_value

MOST_QUESTIONS: Final = 12
MOST_OPTIONS: Final = 20
ANSWER_CHARS: Final = 200
# Profile fields that know only their own words: their question offers these and no others.
_SCALE: Final = [(str(number), str(number)) for number in range(1, 6)]
_FIXED: Mapping[str, Sequence[tuple[str, Any]]] = {
    ProfileField.GENDER: Gender.choices,
    ProfileField.EDUCATION: Education.choices,
    GroupQuestion.EXPECTATION: _SCALE,
    GroupQuestion.GAIN: _SCALE,
    GroupQuestion.RATING: _SCALE,
    GroupQuestion.SERVICE: _SCALE,
}
_CHOSEN: Final = (QuestionKind.SINGLE, QuestionKind.MULTI)
_TAIL: Final = re.compile(r"^([0-9]{1,15})_([0-9a-f]{16})$")


@dataclass(frozen=True)
class Question:
    """One question. `options` are the words of a choice; `field` the ProfileField or GroupQuestion it tells, or ""."""

    key: str
    label: str
    kind: str = QuestionKind.TEXT
    field: str = ""
    required: bool = False
    options: tuple[str, ...] = ()

    @property
    def choices(self) -> list[tuple[str, Any]]:
        """(stored value, what is shown)."""
        return list(_FIXED[self.field]) if self.field in _FIXED else [(one, one) for one in self.options]


def questions_from(stored: Iterable[Mapping[str, Any]]) -> list[Question]:
    """The questions of a stored form."""
    return [Question(**{**one, "options": tuple(one.get("options") or ())}) for one in stored]


def questions_to(questions: Iterable[Question]) -> list[dict[str, Any]]:
    """Questions as they are stored."""
    return [{**asdict(one), "options": list(one.options)} for one in questions]


def asks_newcomers(questions: Iterable[Question]) -> bool:
    """Whether a form fits who has just come: none of its questions asks how it was."""
    told = {one.field for one in questions} & set(GroupQuestion.values)
    return told <= {GroupQuestion.EXPECTATION.value}


def normalised(question: Question, own: Mapping[str, OwnSpec] = NO_OWN) -> Question:
    """A question whose kind fits the field it tells: a gender is one of two, a year a number, a city a city.

    `own`: the company's own fields by their key.
    """
    told = asdict(question)
    if question.field in own:
        spec = own[question.field]
        told |= {"kind": spec.question_kind.value, "options": spec.options}
    elif question.field in _FIXED:
        told |= {"kind": QuestionKind.SINGLE.value, "options": ()}
    elif question.field == GroupQuestion.FEEDBACK:
        told |= {"kind": QuestionKind.TEXT.value, "options": ()}
    elif question.field == ProfileField.BIRTH_YEAR:
        told |= {"kind": QuestionKind.NUMBER.value, "options": ()}
    elif question.kind not in _CHOSEN:
        told |= {"options": ()}
    return Question(**told)


def are_questions(questions: Sequence[Question], own: Mapping[str, OwnSpec] = NO_OWN) -> bool:
    """Whether a form can have these questions."""
    fields = [one.field for one in questions if one.field]
    return (
        1 <= len(questions) <= MOST_QUESTIONS
        and len({one.label for one in questions}) == len(questions)
        and len({one.key for one in questions}) == len(questions)
        and len(set(fields)) == len(fields)
        and all(_is_question(one, own) for one in questions)
    )


def _is_question(one: Question, own: Mapping[str, OwnSpec]) -> bool:
    if (
        not one.label.strip()
        or one.kind not in QuestionKind.values
        or one.field not in ("", *ProfileField.values, *GroupQuestion.values, *own)
    ):
        return False
    offered = one.choices
    return one.kind not in _CHOSEN or 2 <= len({value for value, _shown in offered}) <= MOST_OPTIONS


def told_of(
    question: Question, value: Any, *, this_year: int, own: Mapping[str, OwnSpec] = NO_OWN
) -> dict[str, Any]:
    """One answer as it is kept: the value, and the words as they were shown. "" for no answer.

    `field`: the profile field it tells; `counts`: the GroupQuestion it answers.
    """
    values = (
        [str(one) for one in value]
        if isinstance(value, list)
        else [str(value)]
        if value not in (None, "")
        else []
    )
    shown = dict(question.choices)
    words = ", ".join(str(shown.get(one, one)) for one in values)[:ANSWER_CHARS]
    kept = ", ".join(values)[:ANSWER_CHARS]
    counts = question.field if kept and question.field in GroupQuestion.values else ""
    is_off = counts in _FIXED and kept not in shown
    if counts:
        told = {"key": question.key, "label": question.label, "field": "", "value": kept, "words": words}
        return {**told, "counts": "" if is_off else counts}
    field = question.field if is_value(question.field, kept, this_year=this_year, own=own) else ""
    return {"key": question.key, "label": question.label, "field": field, "value": kept, "words": words}


def link_tail(link_id: int, mac: str) -> str:
    """What stands behind the tenant in the address of a personal link."""
    return f"{link_id}_{mac[:16]}"


def link_of(tail: str) -> tuple[int, str] | None:
    """(link id, mac) of such an address; None for anything else."""
    found = _TAIL.match(tail)
    return (int(found.group(1)), found.group(2)) if found else None
