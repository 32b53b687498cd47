"""A plan day by day and week by week: what an SOP version or a group's week brings its members (R2, R60 to R62)."""

from collections.abc import Sequence
from dataclasses import dataclass

from groups.enums import PLAN_DAYS, ContentKind, Question
from groups.policies import answers
from groups.policies.plan import GroupPlan

GIVES = frozenset({ContentKind.VALUE.value, ContentKind.TALK.value})  # what a member has something of
NORMS = "norms"  # told, but neither value nor talk


@dataclass(frozen=True)
class Span:
    """Days in a row, 1-based, and what they hold."""

    first: int
    last: int
    kinds: tuple[str, ...]

    @property
    def marketing(self) -> int:
        return sum(one == ContentKind.MARKETING for one in self.kinds)


def content_days(plan: GroupPlan) -> list[tuple[str, ...]]:
    """What each day of the plan under judgement holds; without one, the first week of the readiness gate."""
    if plan.days is not None:
        return list(plan.days)
    return [tuple(day) for day in answers.days_of(answers.week_of(plan.answer(Question.OPERATION)))]


def spans(days: Sequence[Sequence[str]], length: int = PLAN_DAYS) -> list[Span]:
    """Every `length` days in a row, for a week may begin on any day; one shorter span when there are fewer."""
    if not days:
        return []
    starts = range(max(len(days) - length, 0) + 1)
    return [
        Span(
            start + 1,
            min(start + length, len(days)),
            tuple(kind for day in days[start : start + length] for kind in day),
        )
        for start in starts
    ]


def most_marketing(found: Sequence[Span]) -> Span | None:
    """The span with the largest share of marketing, the earliest of equals; None where nothing is planned."""
    held = [one for one in found if one.kinds]
    return max(held, key=lambda one: one.marketing / len(one.kinds), default=None)


def bare_days(days: Sequence[Sequence[str]]) -> list[int]:
    """Days, 1-based, that give members neither value nor talk."""
    return [number for number, kinds in enumerate(days, 1) if not GIVES.intersection(kinds)]


def thin_days(days: Sequence[Sequence[str]], least: int) -> list[int]:
    """Days, 1-based, with fewer than `least` items."""
    return [number for number, kinds in enumerate(days, 1) if len(kinds) < least]
