"""How sure a rate is. Pure."""

from math import sqrt

Z95 = 1.959963984540054


def wilson(part: int, whole: int, z: float = Z95) -> tuple[float, float] | None:
    """The 95% interval of a rate by Wilson's score; None without observations. Ends stay within 0 and 1."""
    if whole <= 0:
        return None
    rate = part / whole
    bottom = 1 + z * z / whole
    middle = (rate + z * z / (2 * whole)) / bottom
    spread = z / bottom * sqrt(rate * (1 - rate) / whole + z * z / (4 * whole * whole))
    return max(0.0, middle - spread), min(1.0, middle + spread)
