"""Pure arithmetic of figures: intervals and shares."""

from math import sqrt

Z95 = 1.959963984540054


def share(part: int | None, whole: int | None) -> float | None:
    """part ÷ whole; None where either is unknown or nothing is there to divide by."""
    return None if part is None or not whole else part / whole


def wilson(part: int, whole: int, z: float = Z95) -> tuple[float, float] | None:
    """The 95% interval of a rate by Wilson's score; None without observations. Ends stay within 0 and 1."""
    if whole <= 0:
        return None
    rate = part / whole
    bottom = 1 + z * z / whole
    middle = (rate + z * z / (2 * whole)) / bottom
    spread = z / bottom * sqrt(rate * (1 - rate) / whole + z * z / (4 * whole * whole))
    return max(0.0, middle - spread), min(1.0, middle + spread)


def against_base(interval: tuple[float, float] | None, base_rate: float) -> str:
    """Where a rate lies against a fixed rate: "above", "below", or "unclear" when the interval covers it."""
    if interval is None or interval[0] <= base_rate <= interval[1]:
        return "unclear"
    return "above" if interval[0] > base_rate else "below"
