"""What customers of a group answered (R17, R18), pure: which question, which number, and what follows per person.

An answer is a form behaviour from any source whose object id is "survey:" and the question. The number stands in its
data as "value", or its text begins with it: a file has no data.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from groups.enums import Survey

PREFIX = "survey:"
RANGES: dict[str, tuple[int, int]] = {
    Survey.EXPECTATION: (1, 5), Survey.GAIN: (1, 5), Survey.RATING: (1, 5), Survey.ASSESSMENT: (0, 100),
}  # fmt: skip
_NUMBER = re.compile(r"\s*(\d{1,3}(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer of one person. `value` None: words only."""

    customer_id: int
    survey: str
    at: datetime
    value: float | None = None
    text: str = ""


def object_id_of(survey: str) -> str:
    """What a behaviour names its question by."""
    return f"{PREFIX}{survey}"


def survey_of(object_id: str) -> str:
    """The question that a behaviour answers; "" for any other form."""
    name = object_id.removeprefix(PREFIX)
    return name if object_id.startswith(PREFIX) and name in Survey.values else ""


def value_of(survey: str, data: Mapping[str, Any], text: str) -> float | None:
    """The number of an answer; None for none, or for one outside the scale."""
    raw = data.get("value")
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raw = text
    found = _NUMBER.match(str(raw))
    least, most = RANGES.get(survey, (1, 0))
    value = float(found[1]) if found else None
    return value if value is not None and least <= value <= most else None


@dataclass(frozen=True, slots=True)
class Voices:
    """What each person said, by customer id: the first expectation, the latest gain and rating, the best assessment."""

    expectation: Mapping[int, float]
    gain: Mapping[int, float]
    rating: Mapping[int, float]
    assessment: Mapping[int, float]
    feedback: frozenset[int]

    @property
    def both(self) -> set[int]:
        """Who was asked at entry and again at the end."""
        return set(self.expectation) & set(self.rating)

    def met(self) -> set[int]:
        """Those of both whose rating is at least what they had expected."""
        return {who for who in self.both if self.rating[who] >= self.expectation[who]}

    def beyond(self) -> set[int]:
        """Those of both whose rating is above what they had expected."""
        return {who for who in self.both if self.rating[who] > self.expectation[who]}

    def mean_gap(self) -> float | None:
        """Mean of rating less expectation over those of both; None without anybody."""
        gaps = [self.rating[who] - self.expectation[who] for who in sorted(self.both)]
        return sum(gaps) / len(gaps) if gaps else None


def voices_of(answers: Iterable[Answered]) -> Voices:
    """Each person's word for each question, whatever order the answers come in."""
    rows = sorted(answers, key=lambda one: (one.at, one.value or 0, one.customer_id))
    told: dict[str, dict[int, float]] = {key: {} for key in Survey.values}
    for one in rows:
        if one.value is None:
            continue
        mine = told[one.survey]
        if one.survey == Survey.EXPECTATION:
            mine.setdefault(one.customer_id, one.value)
        elif one.survey == Survey.ASSESSMENT:
            mine[one.customer_id] = max(one.value, mine.get(one.customer_id, 0.0))
        else:
            mine[one.customer_id] = one.value
    worded = {one.customer_id for one in rows if one.survey == Survey.FEEDBACK and one.text.strip()}
    return Voices(
        expectation=told[Survey.EXPECTATION], gain=told[Survey.GAIN], rating=told[Survey.RATING],
        assessment=told[Survey.ASSESSMENT], feedback=frozenset(worded),
    )  # fmt: skip


def learned(
    *, lessons: int, assignments: int, points: float | None, need: tuple[int, int], pass_points: int
) -> bool:
    """Whether somebody has learned: the assessment is passed, or lessons and assignments both reach `need`."""
    by_work = lessons >= need[0] and assignments >= need[1]
    return by_work or (points is not None and points >= pass_points)
