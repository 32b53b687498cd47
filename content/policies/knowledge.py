"""Short tests and who is asked to know what by when (R126). Pure."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from content.enums import CardAsk

LEAST_OPTIONS = 2
LEAST_QUESTIONS = 3  # fewer are passed by guessing
DUE_TIME = time(18)  # wall time of the tenant's zone
SHORTEST = timedelta(days=1)  # nobody is asked to know something within less


@dataclass(frozen=True)
class Question:
    pk: int
    text: str
    options: tuple[str, ...]
    answer: int
    why: str = ""


@dataclass(frozen=True)
class Grade:
    """What a sheet came to. `percent` is rounded down: 79.9 does not pass 80."""

    right: int
    asked: int
    is_passed: bool

    @property
    def percent(self) -> int:
        return self.right * 100 // self.asked if self.asked else 0


def is_sound(options: Sequence[str], answer: int) -> bool:
    """Whether a question can be asked: two different answers at least, none empty, one of them right."""
    words = [one.strip() for one in options]
    return (
        len(words) >= LEAST_OPTIONS
        and all(words)
        and len(set(words)) == len(words)
        and 0 <= answer < len(words)
    )


def sheet_make(questions: Sequence[Question], *, most: int, seed: int) -> list[dict[str, Any]]:
    """The questions of one try, and their answers in an order of their own. The same seed draws the same."""
    dice = random.Random(seed)
    drawn = dice.sample(list(questions), min(most, len(questions)))
    sheet = []
    for one in drawn:
        places = list(range(len(one.options)))
        dice.shuffle(places)
        sheet.append({
            "id": one.pk, "text": one.text, "options": [one.options[place] for place in places],
            "right": places.index(one.answer), "why": one.why,
        })  # fmt: skip
    return sheet


def graded(sheet: Sequence[Mapping[str, Any]], answers: Sequence[int | None], *, need_percent: int) -> Grade:
    """How many are right. What was not answered, or does not exist, is wrong; an empty sheet passes nobody."""
    right = sum(
        1
        for number, one in enumerate(sheet)
        if number < len(answers) and answers[number] is not None and answers[number] == one["right"]
    )
    return Grade(right, len(sheet), bool(sheet) and right * 100 >= need_percent * len(sheet))


@dataclass(frozen=True)
class Asked:
    """A card as people are asked for it. `product`: the name of its product, "" for all."""

    pk: int
    asks: str
    edition: int
    product: str = ""


@dataclass(frozen=True)
class CampPerson:
    """Somebody who leads a group of a camp that has not ended. `product`: what it sells, "" if unsaid."""

    staff_id: int
    camp: str
    starts_on: date
    product: str = ""


@dataclass(frozen=True)
class Known:
    """What one person did with one card, and since when which edition is asked of them."""

    done_edition: int = 0
    asked_edition: int = 0
    asked_at: datetime | None = None


@dataclass(frozen=True)
class Wanted:
    """That one person is to know one card by then. `camp` names the camp it is for."""

    edition: int
    asked_at: datetime
    due_at: datetime
    camp: str = ""
    is_done: bool = False


def wanted(
    *,
    cards: Iterable[Asked],
    people: Iterable[int],
    camps: Iterable[CampPerson],
    known: Mapping[tuple[int, int], Known],
    now: datetime,
    zone: str,
    days: int,
    camp_days: int,
) -> dict[tuple[int, int], Wanted]:
    """{(card, staff): Wanted}. The nearest camp decides; what was asked before keeps its day.

    A day ends at 18:00 of the tenant's zone, and nobody gets less than a day.
    """
    working, leading = set(people), list(camps)
    found: dict[tuple[int, int], Wanted] = {}
    for card in cards:
        for staff_id, camp in _askers(card, working, leading):
            been = known.get((card.pk, staff_id), Known())
            same = been.asked_at is not None and been.asked_edition >= card.edition
            asked_at = been.asked_at if same and been.asked_at is not None else now
            due = _due(asked_at, camp, zone, days, camp_days)
            made = Wanted(
                card.edition, asked_at, due, camp.camp if camp else "", been.done_edition >= card.edition
            )
            held = found.get((card.pk, staff_id))
            if held is None or made.due_at < held.due_at:
                found[card.pk, staff_id] = made
    return found


def _askers(
    card: Asked, working: set[int], leading: Sequence[CampPerson]
) -> Iterable[tuple[int, CampPerson | None]]:
    if card.asks == CardAsk.EVERYBODY:
        return [(one, None) for one in sorted(working)]
    if card.asks != CardAsk.CAMP:
        return []
    return [
        (one.staff_id, one)
        for one in leading
        if one.staff_id in working and (not card.product or not one.product or card.product == one.product)
    ]


def _due(asked_at: datetime, camp: CampPerson | None, zone: str, days: int, camp_days: int) -> datetime:
    asked_on = asked_at.astimezone(ZoneInfo(zone)).date()
    if camp is None:
        return datetime.combine(asked_on + timedelta(days=days), DUE_TIME, tzinfo=ZoneInfo(zone))
    day = max(camp.starts_on - timedelta(days=camp_days), asked_on + SHORTEST)
    return datetime.combine(day, DUE_TIME, tzinfo=ZoneInfo(zone))


def named(text: str, *, title: str, aliases: Sequence[str]) -> bool:
    """Whether a customer's words name this card's matter."""
    said = text.casefold()
    return any(word.casefold() in said for word in (title, *aliases) if word.strip())
