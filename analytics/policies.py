"""Pure arithmetic of figures: intervals and shares."""

from tenants.rates import wilson

__all__ = ["against_base", "share", "wilson"]


def share(part: int | None, whole: int | None) -> float | None:
    """part ÷ whole; None where either is unknown or nothing is there to divide by."""
    return None if part is None or not whole else part / whole


def against_base(interval: tuple[float, float] | None, base_rate: float) -> str:
    """Where a rate lies against a fixed rate: "above", "below", or "unclear" when the interval covers it."""
    if interval is None or interval[0] <= base_rate <= interval[1]:
        return "unclear"
    return "above" if interval[0] > base_rate else "below"
