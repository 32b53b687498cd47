"""What led to an order (R93): newcomer, daily, node or flash; its campaign. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contacts.enums import OrderScene


@dataclass(frozen=True)
class Stay:
    """A time in a flash group; `until` None: still there."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Past:
    """What is on record of a person: all orders that count (not refunded), prizes ({campaign: when}), flash groups."""

    first_joined: datetime | None = None
    ordered: tuple[datetime, ...] = ()
    prizes: Mapping[int, datetime] = field(default_factory=dict)
    flash: tuple[Stay, ...] = ()


def campaign_of(past: Past, *, at: datetime, window: timedelta) -> int | None:
    """The campaign that an order counts for: of those that gave a prize within the window before it, the latest."""
    found = [(since, pk) for pk, since in past.prizes.items() if timedelta() <= at - since < window]
    return max(found)[1] if found else None


def scene_of(
    past: Past, *, at: datetime, newcomer: timedelta, has_campaign: bool, told: str = ""
) -> OrderScene:
    """What its source says, where it does. Else, the first that holds: placed while the person sat in a flash group;
    the first order, within `newcomer` of joining a first group; it counts for a campaign; otherwise daily."""
    if told:
        return OrderScene(told)
    if any(one.since <= at and (one.until is None or at < one.until) for one in past.flash):
        return OrderScene.FLASH
    is_first = not _before(past.ordered, at)
    if is_first and past.first_joined is not None and timedelta() <= at - past.first_joined < newcomer:
        return OrderScene.NEWCOMER
    return OrderScene.NODE if has_campaign else OrderScene.DAILY


def _before(moments: Iterable[datetime], at: datetime) -> bool:
    return any(one < at for one in moments)
