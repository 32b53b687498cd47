"""Who recommended an order, and whether it brings a commission (R84). One level: nothing here knows who recruited
whom. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.enums.distribution import SaleReason

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that is read as something else
CODE_LENGTH = 6


@dataclass(frozen=True)
class Touched:
    """Somebody opened the page of a distributor."""

    seller_id: int
    at: datetime


def first_touch(touches: Iterable[Touched], *, ordered_at: datetime, window: timedelta) -> int | None:
    """The distributor whose page the buyer opened first, of those opened within the window before the order."""
    found = [one for one in touches if timedelta() <= ordered_at - one.at < window]
    return min(found, key=lambda one: (one.at, one.seller_id)).seller_id if found else None


@dataclass(frozen=True)
class Bought:
    """An order, and who stands on its two sides. `active`: whether the distributor took part when it was ordered."""

    is_self: bool = False
    is_peer: bool = False
    is_barred: bool = False
    active: bool = True
    net_fen: int = 0


def refusal(bought: Bought, *, min_order_fen: int) -> SaleReason | None:
    """Why a paid order brings no commission; None: it does."""
    found = (
        (bought.is_self, SaleReason.SELF), (bought.is_peer, SaleReason.PEER),
        (bought.is_barred, SaleReason.BARRED), (not bought.active, SaleReason.STOPPED),
        (not counts(bought.net_fen, min_order_fen=min_order_fen), SaleReason.SMALL),
    )  # fmt: skip
    return next((why for holds, why in found if holds), None)


def counts(net_fen: int, *, min_order_fen: int) -> bool:
    """Whether what is left of an order after refunds is enough. Nothing paid is never enough."""
    return net_fen > 0 and net_fen >= min_order_fen
