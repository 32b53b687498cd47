"""The ledger of promises (R17), pure: what is due, what was delivered, the gap; and when a written line falls due."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from groups.enums import PromiseState

DUE_TIME = time(23, 59)  # of a promise that names no time
USUAL_DAYS = 7  # of a promise that names no day, in a group without an end
_ISO = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})")
_MONTH_DAY = re.compile(r"(?<!\d)(\d{1,2})月(\d{1,2})[日号]")
_NTH = re.compile(r"第\s*(\d{1,3})\s*天|\b[Dd]ay\s*(\d{1,3})\b")
_CLOCK = re.compile(r"(?<!\d)([01]?\d|2[0-3])[:：]([0-5]\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class Stand:
    """One promise as the ledger looks at it."""

    state: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Ledger:
    """`due`: promised by now, withdrawn ones apart; `kept` and `open` of those. `overdue`: still to be kept."""

    due: int = 0
    kept: int = 0
    overdue: int = 0
    ahead: int = 0
    next_due_at: datetime | None = None

    @property
    def open(self) -> int:
        """Promised and not delivered: the gap."""
        return self.due - self.kept

    @property
    def gap(self) -> float | None:
        """The gap as a share of what was due; None while nothing was."""
        return self.open / self.due if self.due else None

    def tone(self, limit_percent: int) -> str:
        """ "bad" above the limit, "warn" with any gap, "ok" without one, "" while nothing was due."""
        if not self.due:
            return ""
        if self.open * 100 > limit_percent * self.due:
            return "bad"
        return "warn" if self.open else "ok"


def is_due(one: Stand, now: datetime) -> bool:
    """Whether the promise counts by now. Exactly due is due; a broken one is due at once; a withdrawn one never."""
    if one.state == PromiseState.WITHDRAWN:
        return False
    return one.state == PromiseState.BROKEN or one.due_at <= now


def ledger_of(promises: Iterable[Stand], now: datetime) -> Ledger:
    """Count promises in any order."""
    rows = list(promises)
    due = [one for one in rows if is_due(one, now)]
    ahead = [one.due_at for one in rows if one.state == PromiseState.OPEN and one.due_at > now]
    return Ledger(
        due=len(due),
        kept=sum(one.state == PromiseState.KEPT for one in due),
        overdue=sum(one.state == PromiseState.OPEN for one in due),
        ahead=len(ahead),
        next_due_at=min(ahead, default=None),
    )


def due_of_line(line: str, *, first: date, last: date | None) -> tuple[date, time]:
    """When a line such as "第3天 20:00 直播答疑" falls due, on the company's wall.

    A day it names, else the n-th day from `first`, else the `last` day of the group. What reads like a date and is
    none says nothing; a day and month without a year is the next one from `first`.
    """
    named = _day_named(line, first) or last or first + timedelta(days=USUAL_DAYS)
    clock = _CLOCK.search(line)
    return named, time(int(clock[1]), int(clock[2])) if clock else DUE_TIME


def _day_named(line: str, first: date) -> date | None:
    if found := _ISO.search(line):
        return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := _MONTH_DAY.search(line):
        day = _date(first.year, int(found[1]), int(found[2]))
        return _date(first.year + 1, day.month, day.day) if day and day < first else day
    if found := _NTH.search(line):
        number = int(found[1] or found[2])
        return first + timedelta(days=number - 1) if number else None
    return None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
