"""Figures and moments as a reader of the language expects them. Pure: language, zone and now are given.

Rules (mockups' README): tabular, minus is −, thousands 1,284, from 1万 on 1.2 万 in Chinese, missing is –.
"""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext, ngettext

MISSING = "–"
_MINUS = "−"
_WAN, _YI = Decimal(10_000), Decimal(100_000_000)
_WEEKDAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _number(value: Any) -> Decimal | None:
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _rounded(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _plain(number: Decimal, places: int, *, trim: bool = True) -> str:
    text = f"{_rounded(number, places):,f}"
    if trim and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", _MINUS) if text not in {"-0"} else "0"


def _is_zh(language: str) -> bool:
    return language.lower().startswith("zh")


def figure(value: Any, language: str, places: int = 1) -> str:
    """1284 -> 1,284; 12345 -> 1.2 万 in Chinese and 12,345 in English; None -> –."""
    number = _number(value)
    if number is None:
        return MISSING
    if _is_zh(language):
        for unit, name in ((_YI, "亿"), (_WAN, "万")):
            if abs(number) >= unit:
                return f"{_plain(number / unit, 1)} {name}"
    return _plain(number, places)


def signed(value: Any, language: str) -> str:
    """A change: +12, −4, 0."""
    number = _number(value)
    text = figure(value, language)
    return f"+{text}" if number is not None and number > 0 else text


def percent(value: Any, places: int = 1) -> str:
    """A share from 0 to 1: 0.423 -> 42.3%."""
    number = _number(value)
    return MISSING if number is None else f"{_plain(number * 100, places, trim=False)}%"


def money(fen: Any, language: str) -> str:
    """Fen to yuan: 198000 -> ¥1,980; cents shown only where there are any."""
    number = _number(fen)
    if number is None:
        return MISSING
    yuan = number / 100
    sign = _MINUS if yuan < 0 else ""
    whole = yuan == yuan.to_integral_value()
    if _is_zh(language) and abs(yuan) >= _WAN and whole:
        return f"{sign}¥{figure(abs(yuan), language)}"
    return f"{sign}¥{_plain(abs(yuan), 0 if whole else 2, trim=False)}"


def clock_time(local: datetime | None) -> str:
    return MISSING if local is None else f"{local:%H:%M}"


def day(local: Any, language: str, *, weekday: bool = False, year: bool = False) -> str:
    """11月20日 周四; 20 Nov Thu. Takes a date or a moment already in the reader's zone."""
    if local is None:
        return MISSING
    if _is_zh(language):
        text = f"{local.month}月{local.day}日"
        text = f"{local.year}年{text}" if year else text
        return f"{text} {_WEEKDAYS_ZH[local.weekday()]}" if weekday else text
    text = f"{local.day} {_MONTHS_EN[local.month - 1]}"
    text = f"{text} {local.year}" if year else text
    return f"{_WEEKDAYS_EN[local.weekday()]} {text}" if weekday else text


def moment(local: datetime | None, now: datetime, language: str) -> str:
    """Today 10:24, yesterday 20:14, 11月18日 20:14; another year is named."""
    if local is None:
        return MISSING
    gap = (local.date() - now.date()).days
    near = {0: gettext("today"), -1: gettext("yesterday"), 1: gettext("tomorrow")}
    head = near.get(gap) or day(local, language, year=local.year != now.year)
    return f"{head} {local:%H:%M}"


def duration(seconds: float) -> str:
    """4:48 under an hour; 1 h 36 min under a day; 1 d 7 h beyond."""
    whole = int(abs(seconds))
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours < 24:
        return gettext("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
    return gettext("%(days)s d %(hours)s h") % {"days": hours // 24, "hours": hours % 24}


def minutes_long(minutes: int) -> str:
    """How long in whole minutes, in words: 26 min; 1 h 36 min under a day; 1 d 7 h beyond."""
    return gettext("%(n)s min") % {"n": minutes} if minutes < 60 else duration(minutes * 60)


def time_left(left: timedelta) -> str:
    """What a deadline says: 4:48 left, 8:14 over, 7 days overdue."""
    seconds = left.total_seconds()
    if seconds <= -86_400:
        days = int(-seconds // 86_400)
        return ngettext("%(days)s day overdue", "%(days)s days overdue", days) % {"days": days}
    words = gettext("%(time)s over") if seconds < 0 else gettext("%(time)s left")
    return words % {"time": duration(seconds)}


def urgency(left: timedelta, soon_s: int = 300) -> str:
    """CSS state of a clock: is-late, is-soon or none."""
    seconds = left.total_seconds()
    if seconds < 0:
        return "is-late"
    return "is-soon" if seconds < soon_s else ""


def passed(since: timedelta) -> str:
    """How long ago: just now, 26 min, 3 h, 2 d."""
    seconds = max(0, int(since.total_seconds()))
    if seconds < 60:
        return gettext("just now")
    if seconds < 3600:
        return gettext("%(minutes)s min ago") % {"minutes": seconds // 60}
    if seconds < 86_400:
        return gettext("%(hours)s h ago") % {"hours": seconds // 3600}
    return gettext("%(days)s d ago") % {"days": seconds // 86_400}
