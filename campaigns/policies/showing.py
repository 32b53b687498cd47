"""Show-orders: which orders count, until when they are taken, and that no praise is asked for. Pure."""

import re
from datetime import datetime, timedelta

# Words that make a reward depend on praise: the law against unfair competition forbids it.
_PRAISE = re.compile(
    r"好评|(五|5|全|满)\s*(颗|个)?\s*(星|分)|正面评价|夸(一?夸|赞)?我们|只(要|说)好话"
    r"|five[- ]?stars?|5[- ]?stars?|(good|positive) (rating|review)s?|praise",
    re.IGNORECASE,
)
_SAYS_NO = re.compile(
    r"(不需要?|无需|不用|不要求|不必|别|勿|不得|不(是|看|限|论)(否|不)?是?|无论|不管|no need (to|for) |not (for|need) "
    r"|no )"
    r"\S{0,6}$",
    re.IGNORECASE,
)  # fmt: skip


def asks_praise(text: str) -> str:
    """The words that ask people to praise; empty where there are none. "No praise needed" is fine."""
    for found in _PRAISE.finditer(text):
        if not _SAYS_NO.search(text[: found.start()]):
            return found.group(0)
    return ""


def orders_since(starts_at: datetime, *, before_days: int) -> datetime:
    """From when on an order counts: the beginning, or so many days before it."""
    return starts_at - timedelta(days=before_days)


def taken_until(ends_at: datetime, *, look_hours: int) -> datetime:
    """Until when orders are shown, so that there is time to look at each of them before the end."""
    return ends_at - timedelta(hours=look_hours)
