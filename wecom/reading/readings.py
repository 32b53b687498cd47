"""How far the reading from WeCom is, what callbacks lost, and whether they arrive at all: reads for the pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Max, QuerySet, Sum

from tenants import clock
from wecom.enums import AppState
from wecom.models import App, LostChange, SyncState
from wecom.reading.sync import kinds

SILENT_AFTER = timedelta(hours=12)  # no callback for so long before a change that none had told
LEAST_STEPS = 3  # an estimate from fewer is a guess


def seconds_left(*, done: int, total: int, since: int, took_s: float) -> float | None:
    """How long the rest takes at the pace of the present stretch: `done` - `since` in `took_s`. None: too early.

    Rounded to 10 seconds: it is an estimate.
    """
    steps = done - since
    if steps < LEAST_STEPS or took_s <= 0 or total <= done:
        return None
    return max(round((total - done) * took_s / steps, -1), 10.0)


@dataclass(frozen=True)
class Reading:
    """One kind of data. `state`: reading, rests (goes on in a moment), failed, waits, read, never.

    `left_s`: estimate of the remaining seconds, or None.
    """

    what: str
    state: str
    done: int
    total: int
    doing: str
    left_s: float | None
    finished_at: datetime | None
    goes_on_at: datetime | None
    lost: int
    lost_ever: int
    error: str

    @property
    def is_going(self) -> bool:
        return self.state in ("reading", "rests")

    @property
    def percent(self) -> int:
        return min(100, int(self.done * 100 / self.total)) if self.total else 0


def readings(*, tenant_id: int) -> list[Reading]:
    """Every kind in reading order. Three queries."""
    rows = {row.what: row for row in SyncState.objects.filter(tenant_id=tenant_id)}
    kept = LostChange.objects.filter(tenant_id=tenant_id).values("what").annotate(n=Sum("count"))
    ever = {row["what"]: row["n"] for row in kept}
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        wall = cursor.fetchone()[0]
    return [
        _reading(rows.get(what) or SyncState(tenant_id=tenant_id, what=what), ever.get(what, 0), wall)
        for what in kinds()
    ]


def _reading(row: SyncState, ever: int, wall: datetime) -> Reading:
    state = _state(row, wall)
    left_s = None
    if state in ("reading", "rests") and row.stretch_at and row.step_at:
        took_s = (row.step_at - row.stretch_at).total_seconds()
        left_s = seconds_left(done=row.done, total=row.total, since=row.stretch_from, took_s=took_s)
    return Reading(
        what=row.what, state=state, done=row.done, total=row.total, doing=row.doing, left_s=left_s,
        finished_at=row.finished_at, goes_on_at=row.next_at if state == "failed" else None,
        lost=row.lost_now if row.position else row.lost_events, lost_ever=ever, error=row.error,
    )  # fmt: skip


def _state(row: SyncState, wall: datetime) -> str:
    if row.leased_until and row.leased_until > wall:
        return "reading"
    is_due = row.next_at is not None and row.next_at <= clock.now()
    if row.error:
        return "failed"
    if row.position and is_due:
        return "rests"
    if is_due:
        return "waits"
    return "read" if row.finished_at else "never"


def lost_list(*, tenant_id: int) -> QuerySet[LostChange]:
    """Every change that comparisons had to repair, newest first."""
    return LostChange.objects.filter(tenant_id=tenant_id).order_by("-found_at", "-pk")


@dataclass(frozen=True)
class LostOf:
    """What was lost about one subject: how many changes, and when the last was found."""

    count: int
    last_at: datetime


def lost_of(*, tenant_id: int, what: str, subject_ids: Iterable[str]) -> dict[str, LostOf]:
    """{subject id: LostOf} of those of whom something was lost, in the last 90 days. One query."""
    rows = LostChange.objects.filter(tenant_id=tenant_id, what=what, subject_id__in=list(subject_ids))
    found = rows.values("subject_id").annotate(n=Sum("count"), last_at=Max("found_at"))
    return {row["subject_id"]: LostOf(row["n"], row["last_at"]) for row in found}


@dataclass(frozen=True)
class Callbacks:
    """Whether WeCom's callbacks reach us. `state`: arrive, never, silent, stopped, none.

    `since`: the last one (silent), or None. Silent: none came for half a day, and then a comparison found changes
    that nobody had told.
    """

    state: str
    since: datetime | None = None
    reason: str = ""

    @property
    def is_bad(self) -> bool:
        return self.state in ("never", "silent", "stopped")


_LATEST = """
select (select received_at from wecom_inboundevent where tenant_id = %(tenant)s and source = 'callback'
          order by received_at desc limit 1),
       (select found_at from wecom_lostchange where tenant_id = %(tenant)s order by found_at desc limit 1)
"""


def callbacks_of(*, tenant_id: int, app: App | None) -> Callbacks:
    """One query for a connected app, none otherwise."""
    if app is None or app.state == AppState.NEW:
        return Callbacks("none")
    if app.state == AppState.BROKEN:
        return Callbacks("stopped", app.checked_at, app.state_reason)
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, {"tenant": tenant_id})
        last, found = cursor.fetchone()
    if last is None:
        return Callbacks("never") if found or not app.verified_at else Callbacks("arrive")
    if found is not None and found - last > SILENT_AFTER:
        return Callbacks("silent", last)
    return Callbacks("arrive", last)
