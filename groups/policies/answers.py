"""The six questions and the crisis plan (R4, R5, R25): what an answer holds, and whether it is one."""

from collections.abc import Mapping
from typing import Any

from groups.enums import PLAN_DAYS, ContentKind, Question, Slot

AUDIENCE_SIDES = ("age", "gender", "interests", "occupation", "spending")
# question -> the keys that must not be empty. All values are text, except the week and the crew.
REQUIRED: dict[str, tuple[str, ...]] = {
    Question.POSITIONING: ("audience", "not_for", "outcome", "actions"),
    Question.OPERATION: ("week",),
    Question.DELIVERABLE: ("promises",),
    Question.RULES: ("lines", "ladder"),
    Question.MANAGEMENT: ("duties",),
    Question.ENDING: ("how", "next"),
    Question.CRISIS: ("first_speaker", "complaint", "competitor"),
}
OPTIONAL: dict[str, tuple[str, ...]] = {
    # The five sides of the audience (R5); screening and benefits are of a super-user group (R16)
    Question.POSITIONING: (*AUDIENCE_SIDES, "screening", "benefits"),
    Question.MANAGEMENT: ("crew", "care"),  # staff ids chosen before the chat exists; what they do in it (R7)
    Question.OPERATION: ("note",),
    Question.DELIVERABLE: (
        "promise_keys",
    ),  # one a line of "promises": which promise it is (policies.promise_lines)
    Question.ENDING: ("reason",),
}
_TEXT_LIMIT = 1000
Week = dict[str, list[str]]  # slot -> one content kind or "" a day


def keys_of(question: str) -> tuple[str, ...]:
    """Every key an answer to the question may hold."""
    return (*REQUIRED[question], *OPTIONAL.get(question, ()))


def empty_week() -> Week:
    """A first week with nothing planned."""
    return {slot: [""] * PLAN_DAYS for slot in Slot.values}


def week_of(answer: Mapping[str, Any]) -> Week:
    """The planned week of an answer to "How we operate"; an empty one when there is none."""
    week: Any = answer.get("week")
    return week if is_week(week) else empty_week()


def is_week(value: object) -> bool:
    """Whether the value is a week: every slot, every day, only known kinds."""
    return (
        isinstance(value, dict)
        and set(value) == set(Slot.values)
        and all(
            isinstance(days, list)
            and len(days) == PLAN_DAYS
            and all(one in ("", *ContentKind.values) for one in days)
            for days in value.values()
        )
    )


def is_valid(question: str, answer: Mapping[str, Any]) -> bool:
    """Whether the answer has the shape of its question. It may still be incomplete."""
    if question not in REQUIRED or not set(answer) <= set(keys_of(question)):
        return False
    for key, value in answer.items():
        if key == "week":
            if not is_week(value):
                return False
        elif key == "crew":
            if not (isinstance(value, list) and all(isinstance(one, int) for one in value)):
                return False
        elif key == "promise_keys":
            if not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
                return False
        elif not isinstance(value, str) or len(value) > _TEXT_LIMIT:
            return False
    return True


def missing(question: str, answer: Mapping[str, Any]) -> list[str]:
    """The required keys that say nothing yet."""
    return [key for key in REQUIRED[question] if not _says_something(answer.get(key))]


def _says_something(value: object) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, dict):
        return any(any(days) for days in value.values())
    return bool(value)


def lines_of(answer: Mapping[str, Any], key: str) -> list[str]:
    """The lines of a text of the answer, without empty ones."""
    return [line.strip() for line in str(answer.get(key, "")).splitlines() if line.strip()]


def mix(week: Week) -> tuple[int, int]:
    """(marketing slots, planned slots) of a week."""
    planned = [one for days in week.values() for one in days if one]
    return sum(one == ContentKind.MARKETING for one in planned), len(planned)


def days_of(week: Week) -> list[list[str]]:
    """The week by day: what is planned on each, empty slots left out."""
    return [[days[day] for days in week.values() if days[day]] for day in range(PLAN_DAYS)]


def balanced(week: Week, limit_percent: int) -> Week:
    """The week with as little marketing turned into value as the rules need, the busiest days first."""
    made = {slot: list(days) for slot, days in week.items()}
    while (day := _day_to_mend(made, limit_percent)) is not None:
        slot = next(slot for slot in made if made[slot][day] == ContentKind.MARKETING)
        made[slot][day] = ContentKind.VALUE.value
    return made


def _day_to_mend(week: Week, limit_percent: int) -> int | None:
    days = days_of(week)
    bare = [
        day for day, kinds in enumerate(days) if kinds and all(one == ContentKind.MARKETING for one in kinds)
    ]
    if bare:
        return bare[0]
    empty = [day for day, kinds in enumerate(days) if not kinds]
    if empty:
        week[Slot.MORNING.value][empty[0]] = ContentKind.MARKETING.value
        return empty[0]
    marketing, planned = mix(week)
    if marketing * 100 <= limit_percent * planned:
        return None
    return max(range(PLAN_DAYS), key=lambda day: (days[day].count(ContentKind.MARKETING), -day))


def planned_after(week: Week, day: int) -> int:
    """How many slots of the week lie on its day `day` (0-based) or later."""
    return sum(len(kinds) for kinds in days_of(week)[max(day, 0) :])
