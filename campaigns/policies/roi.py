"""What a campaign returned beside what it cost (R94). Pure; money in fen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Bought:
    """An order of a person: `fen` is what was paid, `refund_fen` what went back."""

    order_id: int
    person_id: int
    at: datetime
    fen: int
    refund_fen: int


@dataclass(frozen=True)
class Roi:
    """`orders`: how many count; `waiting`: people whose window is still open. `value` is None without any cost."""

    orders: int
    revenue_fen: int
    refund_fen: int
    prizes_fen: int
    media_fen: int
    labour_fen: int
    waiting: int

    @property
    def net_fen(self) -> int:
        return self.revenue_fen - self.refund_fen

    @property
    def cost_fen(self) -> int:
        return self.prizes_fen + self.media_fen + self.labour_fen

    @property
    def value(self) -> float | None:
        return (self.net_fen - self.cost_fen) / self.cost_fen if self.cost_fen else None


def attributed(bought: Iterable[Bought], *, since: Mapping[int, datetime], window: timedelta) -> list[Bought]:
    """The orders that count: of a person who took part, placed from that moment on and within the window."""
    return [
        one
        for one in bought
        if one.person_id in since and timedelta() <= one.at - since[one.person_id] < window
    ]


def labour_fen(minutes: int, yuan_an_hour: int) -> int:
    """What work costs, rounded down to a whole fen."""
    return minutes * yuan_an_hour * 100 // 60


def roi(
    bought: Iterable[Bought],
    *,
    since: Mapping[int, datetime],
    window: timedelta,
    now: datetime,
    prizes_fen: int,
    media_fen: int,
    labour_fen: int,
) -> Roi:
    """(attributed net revenue − prizes − media − labour) ÷ cost, with everything it is made of."""
    counted = attributed(bought, since=since, window=window)
    return Roi(
        orders=len(counted),
        revenue_fen=sum(one.fen for one in counted),
        refund_fen=sum(one.refund_fen for one in counted),
        prizes_fen=prizes_fen,
        media_fen=media_fen,
        labour_fen=labour_fen,
        waiting=sum(1 for at in since.values() if now - at < window),
    )
