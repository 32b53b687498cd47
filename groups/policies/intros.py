"""Introductions and nicknames (R20), pure: is it one, what fields does it tell, does the nickname fit."""

import re
from collections.abc import Mapping
from typing import Final

from contacts.enums import ProfileField

# What a label may be called -> the field it tells. "Age" becomes a year of birth. Others ("child's age") tell nothing.
_AGE = "age"
LABELS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("城市", "所在城市", "所在地", "坐标", "常住城市", "city"), ProfileField.CITY.value),
    **dict.fromkeys(("年龄", "age"), _AGE),
    **dict.fromkeys(("出生年份", "出生年", "year of birth", "born"), ProfileField.BIRTH_YEAR.value),
    **dict.fromkeys(
        ("职业", "工作", "行业", "从事", "job", "work", "occupation"), ProfileField.OCCUPATION.value
    ),
    **dict.fromkeys(("兴趣", "爱好", "兴趣爱好", "interests", "hobbies"), ProfileField.INTERESTS.value),
}
_LINE = re.compile(r"^[\s\d.、)）【\[·•*-]*([^：:\n【】\[\]]{1,16}?)\s*[】\]]?\s*[：:]\s*(.*)$")
_OPENINGS = ("自我介绍", "我是", "我叫", "my name is", "i am ", "i'm ")
_SHORTEST: Final = 8  # characters of an introduction without labels
_LONGEST: Final = 200
_OLDEST: Final = 100
_SEPARATORS = re.compile(r"\s*[-–—_·|/+~ ]\s*")


def lines_told(text: str) -> dict[str, str]:
    """{label in lower case: value} of the lines "label: value"; lines without a value are left out."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match and match[2].strip():
            found.setdefault(match[1].strip().casefold(), match[2].strip())
    return found


def labels_asked(template: str) -> list[str]:
    """The labels of a template's lines, in lower case, whether a value follows or not."""
    matches = [_LINE.match(line) for line in template.splitlines()]
    return [match[1].strip().casefold() for match in matches if match]


def is_introduction(text: str, template: str) -> bool:
    """Whether a message answers the template: at least half of its labels with a value.

    Where the template has no labels, a message that opens like an introduction and is not a mere greeting.
    """
    asked = set(labels_asked(template))
    if asked:
        return 2 * len(asked & set(lines_told(text))) >= len(asked)
    said = text.strip().casefold()
    return len(said) >= _SHORTEST and any(one in said for one in _OPENINGS)


def fields_told(text: str, *, this_year: int) -> dict[str, str]:
    """{profile field: value} that plainly labelled lines tell; what does not fit a field is left out."""
    found: dict[str, str] = {}
    for label, value in lines_told(text).items():
        field = LABELS.get(label)
        if field is None:
            continue
        kept = (
            _as_year(value, field, this_year)
            if field in (_AGE, ProfileField.BIRTH_YEAR)
            else value[:_LONGEST]
        )
        if kept:
            found.setdefault(ProfileField.BIRTH_YEAR.value if field == _AGE else field, kept.strip())
    return found


def _as_year(value: str, field: str, this_year: int) -> str:
    match = re.fullmatch(r"(\d{1,4})\s*(?:岁|years?(?: old)?|年)?", value, re.ASCII)
    if match is None:
        return ""
    number = int(match[1])
    year = this_year - number if field == _AGE and 0 < number <= _OLDEST else number
    return str(year) if this_year - _OLDEST <= year <= this_year else ""


def parts_of(name: str) -> list[str]:
    """A nickname or pattern, cut at its separators."""
    return [one for one in _SEPARATORS.split(name.strip()) if one]


def nickname_fits(nickname: str, pattern: str) -> bool:
    """Whether a nickname has as many parts as the pattern asks: "Suzhou-Lin-teacher" fits "city-name-job".

    The separator may be any of - _ · | / + ~ or a space. Without a pattern every nickname fits.
    """
    asked = len(parts_of(pattern))
    return not asked or len(parts_of(nickname)) >= asked
