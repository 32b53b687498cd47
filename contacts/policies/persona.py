"""Who buyers are and who the others are (R73), pure. Describing only: no rule and no order of work reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from contacts.enums import Education, Gender, ProfileField
from tenants.rates import wilson

UNKNOWN, OTHER = "", "*"
AGE_FROM = (0, 25, 30, 40)  # lower bounds, inclusive
BANDS = tuple(f"{low}" for low in AGE_FROM)
FEW = 30  # people below whom a rate says little
OCCUPATIONS = 8  # shown by name; the others stand together
FIELDS = (ProfileField.GENDER, ProfileField.BIRTH_YEAR, ProfileField.EDUCATION, ProfileField.OCCUPATION)
_FIXED: Mapping[str, Sequence[str]] = {
    ProfileField.GENDER: Gender.values,
    ProfileField.BIRTH_YEAR: BANDS,
    ProfileField.EDUCATION: Education.values,
}


def age_band(age: int) -> str:
    """The band of an age in years, as its lower bound: 24 is "0", 25 and 29 are "25", 30 "30", 40 "40"."""
    return str(max(low for low in AGE_FROM if low <= max(age, 0)))


def band_years(band: str, *, this_year: int) -> tuple[int, int]:
    """The years of birth of a band, [first, last]."""
    low = int(band)
    high = next((after for one, after in pairwise(AGE_FROM) if one == low), None)
    return (this_year - high + 1 if high is not None else 0), this_year - low


@dataclass(frozen=True)
class Row:
    """The people of one value of a field: how many, and how many of them bought."""

    key: str
    people: int
    bought: int

    @property
    def others(self) -> int:
        return self.people - self.bought

    @property
    def rate(self) -> float | None:
        return self.bought / self.people if self.people else None

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson(self.bought, self.people)

    @property
    def is_few(self) -> bool:
        return self.people < FEW


@dataclass(frozen=True)
class FieldRows:
    """One field over some people. `rows` holds the known values; `unknown` those of whom it is not known.

    Known and unknown together are everybody.
    """

    field: str
    rows: tuple[Row, ...]
    unknown: Row

    @property
    def known(self) -> Row:
        return Row(UNKNOWN, sum(one.people for one in self.rows), sum(one.bought for one in self.rows))

    def share(self, row: Row, *, of_buyers: bool) -> float | None:
        """The share of a known row among the buyers, or among those who did not buy, whose value is known."""
        part, whole = (row.bought, self.known.bought) if of_buyers else (row.others, self.known.others)
        return part / whole if whole else None

    def stands_out(self, row: Row) -> str:
        """ "above" or "below" where the row's interval does not overlap that of the other known people; else ""."""
        rest = self.known
        one, other = row.interval, wilson(rest.bought - row.bought, rest.people - row.people)
        if one is None or other is None:
            return ""
        return "above" if one[0] > other[1] else "below" if one[1] < other[0] else ""


def field_rows(
    field: str, counts: Mapping[str, tuple[int, int]], *, people: int, bought: int, this_year: int
) -> FieldRows:
    """The rows of a field from {value: (people, of them bought)} of the known ones, and everybody's totals.

    Years of birth fall into bands. Of free words the most frequent stand alone, the others together.
    """
    summed: dict[str, tuple[int, int]] = {}
    for value, (many, buyers) in counts.items():
        key = age_band(this_year - int(value)) if field == ProfileField.BIRTH_YEAR else value
        had = summed.get(key, (0, 0))
        summed[key] = (had[0] + many, had[1] + buyers)
    if field in _FIXED:
        rows = [Row(key, *summed.get(key, (0, 0))) for key in _FIXED[field]]
    else:
        named = sorted(summed.items(), key=lambda one: (-one[1][0], one[0]))
        rows = [Row(key, *found) for key, found in named[:OCCUPATIONS]]
        if rest := named[OCCUPATIONS:]:
            rows.append(Row(OTHER, sum(one[1][0] for one in rest), sum(one[1][1] for one in rest)))
    known, sold = sum(one.people for one in rows), sum(one.bought for one in rows)
    return FieldRows(field, tuple(rows), Row(UNKNOWN, people - known, bought - sold))
