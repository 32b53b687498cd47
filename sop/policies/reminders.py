"""When a touch is reminded of. Pure.

At most so many reminders in any 24 hours, whoever gives them; WeCom takes three of a mass send. Never in quiet hours
and never outside working hours. The ladder gives the first after a pause from the moment the touch was due and in
somebody's hands, each further one after another pause, and none once the window has ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sop.policies.plan import in_quiet_hours

DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Hours:
    """Wall times of the tenant's zone: when staff work, and when nobody is disturbed."""

    work_from: time
    work_until: time
    quiet_from: time
    quiet_until: time

    def may_ring(self, wall: time) -> bool:
        """At the end of the working hours itself nobody is reminded any more. Equal ends: all day."""
        is_working = self.work_from == self.work_until or in_quiet_hours(
            wall, self.work_from, self.work_until
        )
        is_quiet = self.quiet_from != self.quiet_until and in_quiet_hours(
            wall, self.quiet_from, self.quiet_until
        )
        return is_working and not is_quiet


@dataclass(frozen=True)
class Ladder:
    """`most`: reminders of a touch in 24 hours; `first` after it was due, `again` after the one before."""

    most: int
    first: timedelta
    again: timedelta


def left(*, given: Sequence[datetime], now: datetime, most: int) -> int:
    """How many reminders a touch may still get now. One given exactly 24 hours ago counts no more."""
    return max(0, most - sum(1 for at in given if now - at < DAY))


def is_due(
    *,
    waits_since: datetime,
    window_ends_at: datetime,
    given: Sequence[datetime],
    now: datetime,
    ladder: Ladder,
) -> bool:
    """Whether the ladder reminds of a touch now. `waits_since`: when it was due and in somebody's hands."""
    if now >= window_ends_at or not left(given=given, now=now, most=ladder.most):
        return False
    return now - max(given) >= ladder.again if given else now - waits_since >= ladder.first
