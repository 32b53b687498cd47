"""Days that matter to those who plan messages in China: festivals, solar terms, shopping days. Pure.

A festival lies on a Gregorian day, on a day of the lunar calendar, on the n-th weekday of a month, or on the day of one
of the 24 solar terms (Qingming); lunar days and terms are borax's, which knows the years 1900 to 2100. The New-Year
goods season runs from the Laba festival (month 12, day 8) to the Little New Year of the north (month 12, day 23). R79
takes its nodes from here.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from borax.calendars.lunardate import TERMS_CN, LunarDate, TermUtils
from django.utils.translation import gettext_lazy as _

from sop.enums.calendar import FestivalKind

_SUNDAY, _THURSDAY = 6, 3
FIRST_YEAR, LAST_YEAR = 1901, 2099


@dataclass(frozen=True)
class Festival:
    """A day, or a season of days, that comes each year. `label` in the reader's language, `chinese` always."""

    key: str
    label: object
    chinese: str
    kind: str

    @property
    def both(self) -> str:
        """The name in both languages; once where they are the same."""
        own = str(self.label)
        return own if own == self.chinese else f"{own} · {self.chinese}"


@dataclass(frozen=True)
class Festive:
    """A festival as it falls: both days included, local to China."""

    festival: Festival
    first: date
    last: date


def _named(rows: str, kind: str, labels: dict[str, object]) -> dict[str, Festival]:
    found = {}
    for row in rows.split():
        key, chinese = row.split("=")
        found[key] = Festival(key, labels[key], chinese, kind)
    return found


# key -> (month, day)
FIXED = {
    "new_year": (1, 1), "valentine": (2, 14), "women": (3, 8), "arbor": (3, 12), "consumer": (3, 15),
    "reading": (4, 23), "labour": (5, 1), "youth": (5, 4), "i_love_you": (5, 20), "children": (6, 1), "618": (6, 18),
    "teachers": (9, 10), "national": (10, 1), "double_11": (11, 11), "world_children": (11, 20),
    "double_12": (12, 12), "christmas_eve": (12, 24), "christmas": (12, 25),
}  # fmt: skip
# key -> (lunar month, lunar day)
LUNAR = {
    "spring": (1, 1), "lantern": (1, 15), "dragon_head": (2, 2), "dragon_boat": (5, 5), "qixi": (7, 7),
    "ghost": (7, 15), "mid_autumn": (8, 15), "double_ninth": (9, 9), "laba": (12, 8), "little_new_year": (12, 23),
}  # fmt: skip
# key -> (month, weekday from Monday 0, which one)
WEEKDAY = {"mothers": (5, _SUNDAY, 2), "fathers": (6, _SUNDAY, 3), "thanksgiving": (11, _THURSDAY, 4)}
FESTIVALS = {
    **_named(
        "new_year=元旦 valentine=情人节 women=三八妇女节 arbor=植树节 reading=世界读书日 "
        "labour=五一劳动节 youth=五四青年节 children=六一儿童节 teachers=教师节 national=国庆节 "
        "world_children=世界儿童日 christmas_eve=平安夜 christmas=圣诞节 eve=除夕 spring=春节 lantern=元宵节 "
        "dragon_head=龙抬头 dragon_boat=端午节 qixi=七夕 ghost=中元节 mid_autumn=中秋节 double_ninth=重阳节 "
        "laba=腊八节 little_new_year=小年 mothers=母亲节 fathers=父亲节 thanksgiving=感恩节 qingming=清明节",
        FestivalKind.FESTIVAL,
        {
            "new_year": _("New Year's Day"), "valentine": _("Valentine's Day"), "women": _("Women's Day"),
            "arbor": _("Arbor Day"), "reading": _("World Book Day"), "labour": _("Labour Day"),
            "youth": _("Youth Day"), "children": _("Children's Day"), "teachers": _("Teachers' Day"),
            "national": _("National Day"), "world_children": _("World Children's Day"),
            "christmas_eve": _("Christmas Eve"), "christmas": _("Christmas"), "eve": _("New Year's Eve (lunar)"),
            "spring": _("Spring Festival"), "lantern": _("Lantern Festival"), "dragon_head": _("Dragon Head Day"),
            "dragon_boat": _("Dragon Boat Festival"), "qixi": _("Qixi"), "ghost": _("Ghost Festival"),
            "mid_autumn": _("Mid-Autumn Festival"), "double_ninth": _("Double Ninth"), "laba": _("Laba Festival"),
            "little_new_year": _("Little New Year"), "mothers": _("Mother's Day"), "fathers": _("Father's Day"),
            "thanksgiving": _("Thanksgiving"), "qingming": _("Qingming"),
        },
    ),
    **_named(
        "consumer=315消费者日 i_love_you=520 618=618 double_11=双11 double_12=双12 goods=年货节",
        FestivalKind.SALE,
        {
            "consumer": _("Consumer Rights Day"), "i_love_you": _("520 (I love you)"), "618": _("6·18 sale"),
            "double_11": _("Double 11"), "double_12": _("Double 12"), "goods": _("New-Year goods season"),
        },
    ),
    **_named(
        "lichun=立春 yushui=雨水 jingzhe=惊蛰 chunfen=春分 guyu=谷雨 lixia=立夏 xiaoman=小满 mangzhong=芒种 "
        "xiazhi=夏至 "
        "xiaoshu=小暑 dashu=大暑 liqiu=立秋 chushu=处暑 bailu=白露 qiufen=秋分 hanlu=寒露 shuangjiang=霜降 lidong=立冬 "
        "xiaoxue=小雪 daxue=大雪 dongzhi=冬至 xiaohan=小寒 dahan=大寒",
        FestivalKind.TERM,
        {
            "lichun": _("Start of Spring"), "yushui": _("Rain Water"), "jingzhe": _("Insects Awaken"),
            "chunfen": _("Spring Equinox"), "guyu": _("Grain Rain"), "lixia": _("Start of Summer"),
            "xiaoman": _("Grain Buds"), "mangzhong": _("Grain in Ear"), "xiazhi": _("Summer Solstice"),
            "xiaoshu": _("Slight Heat"), "dashu": _("Great Heat"), "liqiu": _("Start of Autumn"),
            "chushu": _("End of Heat"), "bailu": _("White Dew"), "qiufen": _("Autumn Equinox"),
            "hanlu": _("Cold Dew"), "shuangjiang": _("Frost Descends"), "lidong": _("Start of Winter"),
            "xiaoxue": _("Slight Snow"), "daxue": _("Great Snow"), "dongzhi": _("Winter Solstice"),
            "xiaohan": _("Slight Cold"), "dahan": _("Great Cold"),
        },
    ),
}  # fmt: skip


def nth_weekday(year: int, month: int, weekday: int, which: int) -> date:
    """The `which`-th weekday (Monday 0) of a month. Raises ValueError when the month has no such day."""
    first = date(year, month, 1)
    day = 1 + (weekday - first.weekday()) % 7 + 7 * (which - 1)
    if not 1 <= day <= monthrange(year, month)[1]:
        raise ValueError("the month has no such weekday")
    return date(year, month, day)


# All festivals that are the day of a solar term of their name.
TERMS = {
    key: name for key, one in FESTIVALS.items() if (name := one.chinese.removesuffix("节")) in TERMS_CN
}  # fmt: skip


def lunar_day(year: int, month: int, day: int) -> date:
    """The calendar day of a day of a (non-leap) month in the lunar year that begins in `year`."""
    return LunarDate(year, month, day).to_solar_date()


def term_day(year: int, name: str) -> date:
    """The day of a solar term, by its Chinese name."""
    return TermUtils.nth_term_day(year, term_name=name)


def festivals_of(year: int) -> list[Festive]:
    """Every festival that begins in the Gregorian year, by day. The lunar ones of two lunar years meet in it; none
    before `FIRST_YEAR` and after `LAST_YEAR`."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return []
    days = {key: (date(year, *at),) * 2 for key, at in FIXED.items()}
    days |= {key: (nth_weekday(year, *at),) * 2 for key, at in WEEKDAY.items()}
    days |= {key: (term_day(year, name),) * 2 for key, name in TERMS.items()}
    days["eve"] = (lunar_day(year, 1, 1) - timedelta(days=1),) * 2
    found = [Festive(FESTIVALS[key], *span) for key, span in days.items()]
    for lunar_year in (year - 1, year):
        found += [
            Festive(FESTIVALS[key], day, day)
            for key, at in LUNAR.items()
            if (day := lunar_day(lunar_year, *at)).year == year
        ]
        goods = lunar_day(lunar_year, *LUNAR["laba"])
        if goods.year == year:
            found.append(Festive(FESTIVALS["goods"], goods, lunar_day(lunar_year, *LUNAR["little_new_year"])))
    return sorted(found, key=lambda one: (one.first, one.last, one.festival.kind, one.festival.key))


def festivals_between(first: date, last: date) -> list[Festive]:
    """Festivals that touch [first, last], by day."""
    years = range((first - timedelta(days=60)).year, last.year + 1)
    return [one for year in years for one in festivals_of(year) if one.first <= last and one.last >= first]
