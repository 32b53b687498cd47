"""The wheel as a drawing. Pure."""

from dataclasses import dataclass
from math import cos, pi, sin

RADIUS, LABEL_AT = 100.0, 66.0


@dataclass(frozen=True)
class Sector:
    """One sector of a wheel around (0, 0), the first one centred at the top: its outline, and where its words stand."""

    path: str
    x: str
    y: str
    turn: str


def _at(turns: float, radius: float) -> tuple[str, str]:
    """The point at so many turns clockwise from the top."""
    return f"{radius * sin(2 * pi * turns):.2f}", f"{-radius * cos(2 * pi * turns):.2f}"


def sectors(count: int) -> list[Sector]:
    """The sectors of a wheel, clockwise."""
    found = []
    for number in range(count):
        from_x, from_y = _at((number - 0.5) / count, RADIUS)
        to_x, to_y = _at((number + 0.5) / count, RADIUS)
        x, y = _at(number / count, LABEL_AT)
        path = f"M0 0L{from_x} {from_y}A{RADIUS:.0f} {RADIUS:.0f} 0 0 1 {to_x} {to_y}Z"
        found.append(Sector(path, x, y, f"{360 * number / count:.2f}"))
    return found
