"""What a profile says when several sources spoke (R28), pure. Nothing is ever guessed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contacts.enums import Education, Gender, ProfileField, ProfileSource
from contacts.policies.own_fields import OwnSpec, own_holds

OLDEST_YEAR: Final = 1900
NO_OWN: Final[Mapping[str, OwnSpec]] = {}
_LONGEST: Final = 200
_KEYS: Mapping[str, frozenset[str]] = {
    ProfileField.GENDER: frozenset(Gender.values),
    ProfileField.EDUCATION: frozenset(Education.values),
}


@dataclass(frozen=True, slots=True)
class Said:
    """One source's word on one field. `value` "": asked, not told. `at` None: the source does not tell when."""

    source: str
    value: str
    at: datetime | None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """What a field shows: the word that holds, or None for unknown; those that contradict it; all that was said."""

    holds: Said | None
    against: tuple[Said, ...] = ()
    asked: Said | None = None

    @property
    def value(self) -> str:
        return self.holds.value if self.holds else ""


def _order(one: Said) -> tuple[bool, float, str]:
    return one.at is not None, one.at.timestamp() if one.at else 0.0, one.source


def settled(words: Iterable[Said]) -> Settled:
    """The field after all words, in whatever order they came.

    The last word of staff ends what was said before it: a value of theirs holds, "" makes the field unknown until
    somebody tells later. Without staff the latest value holds. A value that differs from the one that holds is a
    contradiction.
    """
    told = sorted(words, key=_order)
    staff = next((one for one in reversed(told) if one.source == ProfileSource.STAFF), None)
    if staff is not None:
        told = [staff, *(one for one in told if _order(one)[:2] > _order(staff)[:2])]
    valued = [one for one in told if one.value]
    if not valued:
        return Settled(None, asked=told[-1] if told else None)
    holds = staff if staff is not None and staff.value else valued[-1]
    return Settled(holds, tuple(one for one in valued if one.value != holds.value))


def stamp(found: Settled) -> str:
    """What a field shows, as one text: two stamps differ when anybody has said something else or anew since."""
    words = [one for one in (found.holds, found.asked, *found.against) if one]
    return "|".join(f"{one.source}:{one.value}:{one.at.isoformat() if one.at else ''}" for one in words)


def is_value(field: str, value: str, *, this_year: int, own: Mapping[str, OwnSpec] = NO_OWN) -> bool:
    """Whether a field can hold a value; "" always: it says that the person did not tell.

    `own`: the company's own fields by their key.
    """
    if field in own:
        return own_holds(own[field], value)
    if not value:
        return True
    if field in _KEYS:
        return value in _KEYS[field]
    if field == ProfileField.BIRTH_YEAR:
        return value.isdecimal() and value.isascii() and OLDEST_YEAR <= int(value) <= this_year
    return field in ProfileField.values and len(value) <= _LONGEST and value == value.strip()


def age_of(birth_year: str, *, this_year: int) -> int | None:
    """Years somebody turns this year; None when the year is not known."""
    return this_year - int(birth_year) if birth_year else None


def completeness(known: Iterable[bool]) -> float | None:
    """The share of fields that are known, 0 to 1; None without fields."""
    told = list(known)
    return sum(told) / len(told) if told else None
