"""Adherence beside result: followed and worked, followed and failed, and the two others (R59)."""

from dataclasses import dataclass

from sop.enums.reviews import Quadrant


@dataclass(frozen=True)
class Bars:
    """From where somebody counts as following (0..1) and as working (the result of all groups together; None while
    nobody did anything), and how much is needed to judge at all."""

    follows: float
    works: float | None
    touches: int
    people: int


def quadrant(*, in_window: int, due: int, succeeded: int | None, people: int, bars: Bars) -> Quadrant | None:
    """Where an operator stands; None where there is too little to say, or no result to compare with.

    At the bar itself counts as above it.
    """
    if due < max(bars.touches, 1) or people < max(bars.people, 1) or succeeded is None or bars.works is None:
        return None
    follows = in_window >= bars.follows * due
    works = succeeded >= bars.works * people
    if follows:
        return Quadrant.STANDARD if works else Quadrant.FIX_PLAN
    return Quadrant.LEARN if works else Quadrant.COACH
