"""Marketing nodes of a year (R79): the days worth a campaign, and when one for them begins. Pure."""

from datetime import date, timedelta

from borax.calendars.lunardate import LunarDate

from sop.enums.calendar import FestivalKind
from sop.policies.festivals import LUNAR, Festive, festivals_between

# What every shop in China plans for (R79).
BIG = ("women", "labour", "618", "double_11", "goods")
WARM_UP = timedelta(days=3)
DAYS_AHEAD = 365
LUNAR_KEYS = frozenset({*LUNAR, "eve", "goods"})


def nodes_of(first: date, last: date) -> list[Festive]:
    """Festivals and shopping days that begin in [first, last], by day; solar terms are none."""
    found = festivals_between(first, last)
    return [one for one in found if one.first >= first and one.festival.kind != FestivalKind.TERM]


def node_of(key: str, first: date) -> Festive | None:
    """The node of a key that begins on a day; None for any other day or word."""
    return next(
        (one for one in nodes_of(first, first) if one.festival.key == key and one.first == first), None
    )


def lunar_words(day: date) -> str:
    """A day of the lunar calendar in Chinese: 八月十五."""
    told = LunarDate.from_solar_date(day.year, day.month, day.day)
    return f"{told.cn_month}月{told.cn_day}"


def starts_on(node: Festive, today: date) -> date:
    """When a campaign for a node begins: some days of warming up before it, from tomorrow on at the earliest, but not
    after the node's first day."""
    return max(node.first - WARM_UP, min(today + timedelta(days=1), node.first))
