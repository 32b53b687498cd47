"""The product's only clock.

Whatever decides by time asks `now()`. In production that is the system's time. In the demo, the smoke run and
the simulator it is the system's time plus an offset that all processes read from one small file, so that a
33-day camp can be lived through in minutes and every process agrees what time it is.

The file holds one little-endian float64: the offset in seconds. A missing or short file means no offset.
"""

import struct
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings


def offset_s() -> float:
    """Seconds to add to the system's time."""
    if not settings.CLOCK_FILE:
        return 0.0
    try:
        raw = Path(settings.CLOCK_FILE).read_bytes()
    except FileNotFoundError:
        return 0.0
    return struct.unpack("<d", raw[:8])[0] if len(raw) >= 8 else 0.0


def now() -> datetime:
    """The present moment, aware, in UTC."""
    moment = datetime.now(UTC)
    shift = offset_s()
    return moment + timedelta(seconds=shift) if shift else moment


def is_simulated() -> bool:
    """True where a clock file can move the time: the shell then says so."""
    return bool(settings.CLOCK_FILE)


def local(moment: datetime, zone: str) -> datetime:
    """The same moment on the wall of `zone` (an IANA name)."""
    return moment.astimezone(ZoneInfo(zone))


def local_date(moment: datetime, zone: str) -> date:
    """The calendar day that `moment` falls on in `zone`."""
    return local(moment, zone).date()


def at_local(day: date, clock: time, zone: str) -> datetime:
    """The UTC moment of a wall-clock time on a day in `zone`."""
    return datetime.combine(day, clock, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def day_bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """First moment of the day and of the next one, UTC: a half-open range."""
    return at_local(day, time.min, zone), at_local(day + timedelta(days=1), time.min, zone)
