"""Templates whose steps are named after days of the week: on which day of the week they begin.

A week of upkeep says "Monday round"; begun on a Wednesday it would ask for that on a Wednesday.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta

_ZH = "一二三四五六日"
_EN = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FIRST_WORD = re.compile(rf"(?:周|星期|礼拜)([{_ZH}天])|({'|'.join(_EN)})\b", re.IGNORECASE)


def weekday_told(title: str) -> int | None:
    """The day of the week that a title begins with, Monday 0; None where it names none."""
    found = _FIRST_WORD.match(title.strip())
    if found is None:
        return None
    chinese, english = found.groups()
    return _ZH.index(chinese.replace("天", "日")) if chinese else _EN.index(english.lower())


def first_weekday(titles: Iterable[tuple[int, str]]) -> int | None:
    """The day of the week that day 1 has to be for every (day, title) to be true, Monday 0; None where nothing names
    a day of the week, or no day suits all."""
    wanted = {(told - day + 1) % 7 for day, title in titles if (told := weekday_told(title)) is not None}
    return wanted.pop() if len(wanted) == 1 else None


def next_weekday(day: date, weekday: int | None) -> date:
    """The first such day of the week from `day` on; the day itself for None."""
    return day if weekday is None else day + timedelta(days=(weekday - day.weekday()) % 7)
