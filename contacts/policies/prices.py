"""Prices to compare with (R91): only a price that people really paid may stand crossed out beside a lower one. Pure."""

from dataclasses import dataclass
from datetime import datetime

# China's rule on promotions (规范促销行为暂行规定, SAMR order 32 of 2020): without another stated basis a discount is
# measured by the lowest price of the seven days before the promotion, and by the last sale where there was none.
BASIS_DAYS = 7


@dataclass(frozen=True)
class PriceFacts:
    """What the orders of one SKU say of one price, money in fen, times UTC.

    `days` back, `sales` people-paid orders at that price or above, `last_at` the latest of them; `lowest_fen` is the
    lowest price of the last BASIS_DAYS, `last_fen` that of the latest sale of all; None: no sale.
    """

    days: int
    sales: int
    last_at: datetime | None = None
    lowest_fen: int | None = None
    last_fen: int | None = None

    @property
    def basis_fen(self) -> int | None:
        """What a discount is measured by when nothing else is stated; None: never sold."""
        return self.last_fen if self.lowest_fen is None else self.lowest_fen

    def is_proven(self, sales_least: int) -> bool:
        """Whether enough people really paid it."""
        return self.sales >= max(sales_least, 1)

    def is_above_basis(self, price_fen: int) -> bool:
        """Whether the last seven days sold for less, so that the price needs its basis named beside it."""
        return self.basis_fen is not None and price_fen > self.basis_fen
