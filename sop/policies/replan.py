"""Where a message that a rule stopped may be tried next. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from contacts.policies.touch import Limits, is_quiet
from tenants.clock import at_local, local

DAYS = 7  # looked at, from the first day on
_STEP_MIN, _FAR_MIN = 30, 180
_SOON = timedelta(minutes=5)  # so near that nobody could carry it out


def times_for(
    *, planned_at: datetime, now: datetime, limits: Limits, is_service: bool, until: datetime | None = None
) -> Iterator[datetime]:
    """Times to try, the best first: the earliest day from today on, and on each the time nearest to its own.

    Up to three hours from its own time of day, on the same day, in half hours; never in the past, in quiet hours (a
    service message may) or at or after `until` (the end of an offer).
    """
    own = local(planned_at, limits.zone)
    first = max(own.date(), local(now, limits.zone).date())
    for number in range(DAYS):
        day = first + timedelta(days=number)
        for at in _near(day, own, limits.zone):
            is_over = until is not None and at >= until
            if at > now + _SOON and not is_over and (is_service or not is_quiet(at, limits)):
                yield at


def _near(day: date, own: datetime, zone: str) -> Iterator[datetime]:
    exact = at_local(day, own.time().replace(microsecond=0), zone)
    yield exact
    for minutes in range(_STEP_MIN, _FAR_MIN + 1, _STEP_MIN):
        for at in (exact + timedelta(minutes=minutes), exact - timedelta(minutes=minutes)):
            if local(at, zone).date() == day:
                yield at
