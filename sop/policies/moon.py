"""The Chinese calendar from the sky: solar terms by the sun's longitude, months by the new moon. Pure.

Days are days in Beijing (UTC+8). Positions after J. Meeus, Astronomical Algorithms, chapters 25 and 49: a term is
right to a quarter of an hour, a new moon to a minute; every month from 1979 to 2056 begins on its printed day. Months
are numbered by the rule of 1645: the winter solstice lies in month 11; where thirteen months lie between two of them,
the first without a major term is the leap month.
"""

from datetime import date, timedelta
from functools import lru_cache
from math import radians, sin

_EPOCH, _EPOCH_DAY = 2451545.0, date(2000, 1, 1)  # noon of 1 January 2000
_BEIJING_DAYS = 8 / 24
_SHIFT_DAYS = 69 / 86400  # what the clock of the sky is ahead of ours in these years
_YEAR_DAYS, _MONTH_DAYS = 365.2422, 29.530588861
_SOLSTICE = 270
# (factor, of M, M', F, power of E): the sine terms of the new moon.
_WAVES = (
    (-0.40720, 0, 1, 0, 0), (0.17241, 1, 0, 0, 1), (0.01608, 0, 2, 0, 0), (0.01039, 0, 0, 2, 0),
    (0.00739, -1, 1, 0, 1), (-0.00514, 1, 1, 0, 1), (0.00208, 2, 0, 0, 2), (-0.00111, 0, 1, -2, 0),
    (-0.00057, 0, 1, 2, 0), (0.00056, 1, 2, 0, 1), (-0.00042, 0, 3, 0, 0), (0.00042, 1, 0, 2, 1),
    (0.00038, 1, 0, -2, 1), (-0.00024, -1, 2, 0, 1), (-0.00007, 2, 1, 0, 0), (0.00004, 0, 2, -2, 0),
    (0.00004, 3, 0, 0, 0), (0.00003, 1, 1, -2, 0), (0.00003, 0, 2, 2, 0), (-0.00003, 1, 1, 2, 0),
    (0.00003, -1, 1, 2, 0), (-0.00002, -1, 1, -2, 0), (-0.00002, 1, 3, 0, 0), (0.00002, 0, 4, 0, 0),
)  # fmt: skip
# (factor, angle at k = 0, angle a month): what the planets add.
_PLANETS = (
    (0.000325, 299.77, 0.107408), (0.000165, 251.88, 0.016321), (0.000164, 251.83, 26.651886),
    (0.000126, 349.42, 36.412478), (0.000110, 84.66, 18.206239), (0.000062, 141.74, 53.303771),
    (0.000060, 207.14, 2.453732), (0.000056, 154.84, 7.306860), (0.000047, 34.52, 27.261239),
    (0.000042, 207.19, 0.121824), (0.000040, 291.34, 1.844379), (0.000037, 161.72, 24.198154),
    (0.000035, 239.56, 25.513099), (0.000023, 331.55, 3.592518),
)  # fmt: skip


def _sine(degrees: float) -> float:
    return sin(radians(degrees % 360))


def _day(moment: float) -> date:
    """The day in Beijing of a moment in days since the epoch, clock of the sky."""
    local = moment - _SHIFT_DAYS + _BEIJING_DAYS + 0.5
    return _EPOCH_DAY + timedelta(days=int(local // 1))


def _sun(moment: float) -> float:
    """The sun's apparent longitude in degrees."""
    t = moment / 36525
    mean = 357.52911 + 35999.05029 * t - 0.0001537 * t * t
    centre = (
        (1.914602 - 0.004817 * t - 0.000014 * t * t) * _sine(mean)
        + (0.019993 - 0.000101 * t) * _sine(2 * mean)
        + 0.000289 * _sine(3 * mean)
    )
    true = 280.46646 + 36000.76983 * t + 0.0003032 * t * t + centre
    return (true - 0.00569 - 0.00478 * _sine(125.04 - 1934.136 * t)) % 360


@lru_cache(maxsize=4096)
def term_day(year: int, degrees: int) -> date:
    """The day of a year on which the sun reaches a longitude: 15 is Qingming, 270 the winter solstice."""
    guess = (date(year, 3, 20) - _EPOCH_DAY).days + (
        degrees if degrees < 285 else degrees - 360
    ) / 360 * _YEAR_DAYS
    for _round in range(6):
        off = (degrees - _sun(guess) + 180) % 360 - 180
        guess += off * _YEAR_DAYS / 360
    return _day(guess)


@lru_cache(maxsize=4096)
def _new_moon(k: int) -> date:
    """The day of the k-th new moon; 0 is the one of 6 January 2000."""
    t = k / 1236.85
    e = 1 - 0.002516 * t - 0.0000074 * t * t
    sun = 2.5534 + 29.10535670 * k - 0.0000014 * t * t
    moon = 201.5643 + 385.81693528 * k + 0.0107582 * t * t
    node = 160.7108 + 390.67050284 * k - 0.0016118 * t * t
    at = 2451550.09766 + _MONTH_DAYS * k + 0.00015437 * t * t - _EPOCH
    at += sum(factor * e**power * _sine(a * sun + b * moon + c * node) for factor, a, b, c, power in _WAVES)
    at -= 0.00017 * _sine(124.7746 - 1.56375588 * k + 0.0020672 * t * t)
    at += sum(factor * _sine(start + step * k) for factor, start, step in _PLANETS)
    return _day(at)


def _moon_before(day: date) -> int:
    """The number of the last new moon on or before a day."""
    k = round(((day - _EPOCH_DAY).days - 5) / _MONTH_DAYS) + 1
    while _new_moon(k) > day:
        k -= 1
    return k


@lru_cache(maxsize=512)
def _months(year: int) -> dict[int, date]:
    """{month 1 to 12 of the lunar year that begins in `year`: its first day}; leap months are left out."""
    found: dict[int, date] = {}
    for solstice_year in (year - 1, year):
        for number, first in _between_solstices(solstice_year):
            is_of_year = (number <= 10) == (solstice_year == year - 1)
            if is_of_year:
                found[number] = first
    return found


def _between_solstices(year: int) -> list[tuple[int, date]]:
    """(number, first day) of the months from the one of a year's winter solstice to the next one's, without leap."""
    first, last = _moon_before(term_day(year, _SOLSTICE)), _moon_before(term_day(year + 1, _SOLSTICE))
    has_leap = last - first == 13
    found, number = [], 11
    for k in range(first, last):
        if has_leap and k > first and not _has_major(_new_moon(k), _new_moon(k + 1)):
            has_leap = False
            continue
        found.append((number, _new_moon(k)))
        number = number % 12 + 1
    return found


def _has_major(first: date, until: date) -> bool:
    """Whether one of the twelve major terms (longitudes in thirties) falls in [first, until)."""
    return any(
        first <= term_day(year, degrees) < until
        for year in {first.year, until.year}
        for degrees in range(0, 360, 30)
    )


def lunar_day(year: int, month: int, day: int) -> date:
    """The calendar day of a day of a (non-leap) month in the lunar year that begins in `year`."""
    return _months(year)[month] + timedelta(days=day - 1)


def new_year_eve(year: int) -> date:
    """The last day of the lunar year before the one that begins in `year`: month 12 has 29 or 30 days."""
    return lunar_day(year, 1, 1) - timedelta(days=1)
