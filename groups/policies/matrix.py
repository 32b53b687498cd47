"""The map of groups (R14): by topic down, by audience or term across. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from groups.enums import Kind, PaymentBasis, Side

ROWS = ("series", "scenario", "kind")
COLUMNS = ("term", "audience", "side", "payment")
SHORT, LONG = "short", "long"
AUDIENCES_SHOWN = 4
OTHERS = "\x00others"


@dataclass(frozen=True, slots=True)
class Spot:
    """One live group on the map. `audience`: the positioning answer's words, "" when not answered; `term`: SHORT or
    LONG."""

    pk: int
    name: str
    series: str
    scenario: str
    kind: str
    state: str
    risk: int
    customers: int
    side: str
    audience: str
    term: str
    is_frozen: bool = False
    payment: str = ""
    knows_members: bool = True  # False: `customers` is 0 because nobody has counted them


@dataclass(frozen=True)
class Cell:
    """Groups of one row and one column, the unhealthiest first, then the largest. `customers`: seats, not people."""

    spots: tuple[Spot, ...] = ()

    @property
    def customers(self) -> int:
        return sum(one.customers for one in self.spots)

    @property
    def risky(self) -> int:
        return sum(one.risk >= 2 for one in self.spots)


@dataclass(frozen=True)
class Row:
    """One topic: its cells in the order of the columns."""

    key: str
    cells: tuple[Cell, ...]
    groups: int
    customers: int


@dataclass(frozen=True)
class Matrix:
    """`columns`: keys in order, "" for what nobody says, OTHERS for the rest of the audiences."""

    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = field(default_factory=tuple)


def term_of(*, kind: str, starts_on: date | None, ends_on: date | None, short_days: int) -> str:
    """SHORT when it is a flash group or ends within `short_days` of its start, else LONG; no start: by its end alone.

    A group without an end is a long-term one, whatever was meant.
    """
    if kind == Kind.FLASH:
        return SHORT
    if ends_on is None:
        return LONG
    if starts_on is None:
        return SHORT
    return SHORT if (ends_on - starts_on).days <= short_days else LONG


def columns_of(spots: Sequence[Spot], across: str) -> tuple[str, ...]:
    """The columns that have a group; the audiences are the commonest ones, then the others, then the unsaid."""
    if across == "term":
        return tuple(one for one in (SHORT, LONG) if any(spot.term == one for spot in spots))
    if across in ("side", "payment"):
        known = Side.values if across == "side" else PaymentBasis.values
        return tuple(one for one in (*known, "") if any(getattr(spot, across) == one for spot in spots))
    sizes: dict[str, int] = {}
    for spot in spots:
        if spot.audience:
            sizes[spot.audience] = sizes.get(spot.audience, 0) + 1
    common = sorted(sizes, key=lambda one: (-sizes[one], one))
    shown = common[:AUDIENCES_SHOWN]
    rest = [OTHERS] if len(common) > len(shown) else []
    unsaid = [""] if any(not spot.audience for spot in spots) else []
    return (*shown, *rest, *unsaid)


def matrix_of(spots: Iterable[Spot], *, by: str, across: str) -> Matrix:
    """Every group once, in the cell of its topic and column; topics by customers, the unnamed last."""
    listed = list(spots)
    columns = columns_of(listed, across)
    place = _placer(across, columns)
    cells: dict[str, dict[str, list[Spot]]] = {}
    for spot in listed:
        cells.setdefault(getattr(spot, by), {}).setdefault(place(spot), []).append(spot)
    rows = [
        Row(
            key=key,
            cells=tuple(_cell(found.get(column, [])) for column in columns),
            groups=sum(len(one) for one in found.values()),
            customers=sum(spot.customers for one in found.values() for spot in one),
        )
        for key, found in cells.items()
    ]
    return Matrix(columns, tuple(sorted(rows, key=lambda row: (not row.key, -row.customers, row.key))))


def _placer(across: str, columns: tuple[str, ...]) -> Callable[[Spot], str]:
    if across != "audience":
        return lambda spot: getattr(spot, across)
    return lambda spot: spot.audience if spot.audience in columns else OTHERS


def _cell(spots: list[Spot]) -> Cell:
    return Cell(tuple(sorted(spots, key=lambda one: (-one.risk, -one.customers, one.pk))))


@dataclass(frozen=True, slots=True)
class Overlap:
    """People who sit in both of two series or groups. Sizes are distinct people of each."""

    first: str
    second: str
    people: int
    first_size: int
    second_size: int

    @property
    def share(self) -> float | None:
        """Of the smaller one, 0 to 1."""
        smaller = min(self.first_size, self.second_size)
        return self.people / smaller if smaller else None
