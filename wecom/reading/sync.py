"""Reading everything from WeCom: at the start, and every night to find what callbacks lost.

`wiring.SYNCERS` names one function per kind of data. A syncer is called in the tenant's scope with (tenant_id,
progress) and reads from where `progress.position` says to the end. It works in slices: it tells how far it is, and
where the slice's time is over `progress.rest()` ends it, to go on in a later task. So no read holds a worker for
long, other tenants get their turn, and a killed worker costs only what it had not told yet.

What a read has to repair in data that was read whole before is a lost change: no callback had told of it.
"""

import secrets
import time as monotonic_time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import F
from psycopg2.extras import Json

from outbox.dispatch import enqueue
from tenants import clock, preferences
from tenants.models import Tenant
from wecom.enums import RECONCILE_HOUR, AppState
from wecom.errors import Retryable, WecomError
from wecom.models import App, LostChange, SyncState

log = structlog.get_logger(__name__)

LEASE_S = 120  # a step (one call and its write) is far shorter
SLICE_S = 60
TELL_S = 1.0
FIRST_PAUSE_S = 30
LONGEST_PAUSE_S = 3600
STALE = timedelta(hours=12)  # a read that stood still for so long begins anew
LOST_KEPT = timedelta(days=90)
TASK = "wecom.run_syncs"
# Later kinds refer to earlier ones: a follow needs its staff, a group its owner and members.
ORDER = ("staff", "tags", "customers", "groups")

_TELL = """
update wecom_syncstate set done = %s, total = %s, doing = %s, position = coalesce(%s, position),
  step_at = clock_timestamp(),
  stretch_at = case when total = %s then stretch_at else clock_timestamp() end,
  stretch_from = case when total = %s then stretch_from else %s end,
  leased_until = clock_timestamp() + make_interval(secs => %s)
where tenant_id = %s and what = %s and claim = %s
"""


class SliceOver(Exception):
    """The read goes on in a later task, from the position told last."""


class ClaimLost(Exception):
    """Another worker has taken this read over: this one slept longer than its lease."""


@dataclass(frozen=True)
class Lost:
    """Changes of one subject that no callback had told. `kind` is an enums.LostKind."""

    subject_id: str
    title: str
    kind: str
    count: int = 1


class Progress:
    """How far a syncer is. What it tells is shown to people, and is where the next worker goes on.

    `began_at` is when this read of everything began (product time), also in a later slice; `compared_at` when the
    last whole one ended, None for the first: what a first read finds is new, not lost.
    """

    def __init__(
        self,
        *,
        tenant_id: int,
        what: str,
        claim: str = "",
        position: dict[str, Any] | None = None,
        began_at: datetime | None = None,
        compared_at: datetime | None = None,
        is_first: bool = False,
        slice_s: float = SLICE_S,
    ) -> None:
        self.position: dict[str, Any] = dict(position or {})
        self.began_at = began_at or clock.now()
        self.compared_at = compared_at
        self._is_first = is_first
        self._tenant_id, self._what, self._claim = tenant_id, what, claim
        self._ends_at = monotonic_time.monotonic() + slice_s
        self._told_at = 0.0
        self.lost_count = 0

    def __call__(
        self, done: int, total: int = 0, *, doing: str = "", position: dict[str, Any] | None = None
    ) -> None:
        """Tell how many of how many are read; keeps the claim alive.

        Without a `position` it is told once a second at most. With one, what was written before this call is never
        read again in this pass. Raises ClaimLost.
        """
        now = monotonic_time.monotonic()
        if position is None and now - self._told_at < TELL_S and done < total:
            return
        self._told_at = now
        self.position = self.position if position is None else position
        self._tell(done, max(total, done), doing, position)

    def lost(self, found: Iterable[Lost]) -> None:
        """Remember changes that no callback had told. In the transaction that repairs them. A first read loses none."""
        rows = [one for one in found if one.count]
        if self._is_first or not rows:
            return
        LostChange.objects.bulk_create(
            LostChange(
                tenant_id=self._tenant_id, what=self._what, subject_id=one.subject_id, title=one.title[:128],
                kind=one.kind, count=one.count, found_at=clock.now(),
            )
            for one in rows
        )  # fmt: skip
        count = sum(one.count for one in rows)
        self.lost_count += count
        SyncState.objects.filter(tenant_id=self._tenant_id, what=self._what, claim=self._claim).update(
            lost_now=F("lost_now") + count
        )

    def rest(self) -> None:
        """Call where the position is told. Raises SliceOver when this slice's time is over."""
        if monotonic_time.monotonic() >= self._ends_at:
            raise SliceOver

    def _tell(self, done: int, total: int, doing: str, position: dict[str, Any] | None) -> None:
        kept = None if position is None else Json(position)
        values = [done, total, doing[:160], kept, total, total, done]
        with connection.cursor() as cursor:
            cursor.execute(_TELL, [*values, LEASE_S, self._tenant_id, self._what, self._claim])
            if self._claim and not cursor.rowcount:
                raise ClaimLost(self._what)


Syncer = Callable[[int, Progress], int | None]
_syncers: dict[str, Syncer] = {}


def register_syncer(what: str, syncer: Syncer) -> None:
    _syncers[what] = syncer


def kinds() -> list[str]:
    """What can be read, in the order it must be."""
    return sorted(_syncers, key=lambda what: (ORDER.index(what) if what in ORDER else len(ORDER), what))


def request(*, tenant_id: int, what: str = "") -> None:
    """Make one kind of data, or all, due now. Safe to repeat: a read that is going on, or rests, goes on."""
    now = clock.now()
    for one in [what] if what else kinds():
        SyncState.objects.get_or_create(tenant_id=tenant_id, what=one)
        SyncState.objects.filter(tenant_id=tenant_id, what=one).update(
            next_at=now, attempts=0, error="", error_code=0
        )
    enqueue(TASK, tenant_id=tenant_id)


def next_night(tenant_id: int, after: datetime) -> datetime:
    """The next reconciliation hour in the tenant's zone, later than `after`."""
    zone = Tenant.objects.values_list("timezone", flat=True).get(pk=tenant_id)
    hour = preferences.value(tenant_id, RECONCILE_HOUR)
    day = clock.local_date(after, zone)
    found = clock.at_local(day, time(hour), zone)
    return found if found > after else clock.at_local(day + timedelta(days=1), time(hour), zone)


def _claim(tenant_id: int) -> SyncState | None:
    """The next due kind, in order, unless one is being read: later kinds wait for earlier ones."""
    with transaction.atomic():
        rows = list(SyncState.objects.select_for_update().filter(tenant_id=tenant_id).order_by("pk"))
        with connection.cursor() as cursor:
            cursor.execute("select clock_timestamp()")
            wall = cursor.fetchone()[0]
        if any(row.leased_until and row.leased_until > wall for row in rows):
            return None
        known, now = kinds(), clock.now()
        due = [row for row in rows if row.what in known and row.next_at and row.next_at <= now]
        if not due:
            return None
        row = min(due, key=lambda one: known.index(one.what))
        if not row.position or row.started_at is None or row.started_at < now - STALE:
            row.started_at, row.position = now, {}
            row.done = row.total = row.lost_now = 0
        row.claim, row.doing = secrets.token_hex(8), ""
        row.stretch_at, row.stretch_from, row.step_at = wall, row.done, wall
        row.leased_until = wall + timedelta(seconds=LEASE_S)
        row.save()
    return row


def run_due(*, tenant_id: int) -> int:
    """Read every due kind, one after the other, for one slice. Returns how many were read to the end.

    Safe to run in parallel: one reads. What is not whole after the slice goes on in a task of its own.
    """
    count = 0
    ends_at = monotonic_time.monotonic() + SLICE_S
    while App.objects.filter(tenant_id=tenant_id, state=AppState.CONNECTED).exists():
        row = _claim(tenant_id)
        if row is None:
            break
        if not _run(row, slice_s=max(ends_at - monotonic_time.monotonic(), 1.0)):
            enqueue(TASK, tenant_id=tenant_id)
            break
        count += 1
    return count


def _run(row: SyncState, *, slice_s: float) -> bool:
    """Read one kind. False: it rests. A failure counts as an end: it comes back at its own time."""
    progress = Progress(
        tenant_id=row.tenant_id, what=row.what, claim=row.claim, position=row.position,
        began_at=row.started_at, compared_at=row.finished_at, is_first=row.finished_at is None, slice_s=slice_s,
    )  # fmt: skip
    try:
        found = _syncers[row.what](row.tenant_id, progress)
    except SliceOver:
        _mine(row).update(leased_until=None, attempts=0, error="", error_code=0)
        return False
    except ClaimLost:
        log.warning("sync_claim_lost", tenant_id=row.tenant_id, what=row.what)
        return True
    except Exception as error:
        _failed(row, error)
        return True
    _finished(row, untold=max(int(found or 0) - progress.lost_count, 0))
    return True


def _mine(row: SyncState) -> Any:
    return SyncState.objects.filter(tenant_id=row.tenant_id, pk=row.pk, claim=row.claim)


def _finished(row: SyncState, *, untold: int) -> None:
    """The read is whole. `untold`: differences the syncer counted without naming their subjects."""
    now = clock.now()
    was_first = row.finished_at is None
    _mine(row).update(
        finished_at=now,
        next_at=next_night(row.tenant_id, now),
        leased_until=None,
        error="",
        error_code=0,
        attempts=0,
        position={},
        doing="",
        lost_events=0 if was_first else F("lost_now") + untold,
        lost_now=0,
    )
    LostChange.objects.filter(tenant_id=row.tenant_id, what=row.what, found_at__lt=now - LOST_KEPT).delete()


def _failed(row: SyncState, error: Exception) -> None:
    code = error.code if isinstance(error, WecomError) else 0
    pause_s = min(FIRST_PAUSE_S * 2 ** min(row.attempts, 10), LONGEST_PAUSE_S)
    next_at = clock.now() + timedelta(seconds=pause_s)
    if isinstance(error, Retryable):
        next_at = max(error.retry_at, clock.now() + timedelta(seconds=5))
    log.warning("sync_failed", tenant_id=row.tenant_id, what=row.what, exc_info=error)
    _mine(row).update(
        next_at=next_at,
        leased_until=None,
        attempts=row.attempts + 1,
        error=f"{type(error).__name__}: {error}"[:2000],
        error_code=code,
    )


def tenants_with_due() -> list[int]:
    """Tenants with something to read. Runs across tenants: the caller is a tick."""
    due = SyncState.objects.filter(next_at__lte=clock.now())
    return list(due.values_list("tenant_id", flat=True).distinct())
