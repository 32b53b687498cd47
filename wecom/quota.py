"""WeCom's mass-send limit per receiver, as arithmetic (PROTOCOL section 4). Pure."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from wecom.enums import QuotaRule


@dataclass(frozen=True)
class Window:
    """The days that count together: `first` to `last`, both included; `limit` sends fit in."""

    first: date
    last: date
    limit: int


def window_for(rule: str, day: date) -> Window:
    """The window a local day falls in. An unknown rule is read as WeCom's own default."""
    if rule == QuotaRule.ONE_A_DAY:
        return Window(day, day, 1)
    if rule == QuotaRule.SEVEN_A_WEEK:
        monday = day - timedelta(days=day.weekday())
        return Window(monday, monday + timedelta(days=6), 7)
    days = monthrange(day.year, day.month)[1]
    return Window(day.replace(day=1), day.replace(day=days), days)
