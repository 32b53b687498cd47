"""Until when something stays away that is put off: pure."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from team.enums import SnoozeReason

WAITING = timedelta(hours=2)
MORNING = time(9, 0)


def snoozed_until(*, reason: str, now: datetime, zone: str, minutes: int) -> datetime:
    """`minutes` for what is busy, two hours for who waits for somebody, else 09:00 of the next day in the zone."""
    if reason in (SnoozeReason.CUSTOMER, SnoozeReason.COLLEAGUE):
        return now + WAITING
    if reason == SnoozeReason.TOMORROW:
        day = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
        return datetime.combine(day, MORNING, tzinfo=ZoneInfo(zone))
    return now + timedelta(minutes=minutes)
