"""Yuan as people write them, fen as they are kept. Pure."""

from decimal import Decimal


def fen_of(yuan: Decimal | None) -> int | None:
    """12.50 -> 1250; None stays None. Negative money is an error of the caller: ValueError."""
    if yuan is None:
        return None
    if yuan < 0:
        raise ValueError("money is never negative")
    return int((yuan * 100).to_integral_value())


def yuan_of(fen: int | None) -> str:
    """1250 -> "12.50", as an input shows it; whole yuan without a point."""
    if fen is None:
        return ""
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen / 100:.2f}"
