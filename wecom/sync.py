"""Reading everything from WeCom: at the start, and every night to find what callbacks lost.

`wiring.SYNCERS` names one function per kind of data. A syncer is called in the tenant's scope with (tenant_id,
progress), may take minutes, and returns how many differences it had to repair (0 or None when it cannot tell).
It may be called again at any time.
"""

from collections.abc import Callable
from datetime import datetime, time, timedelta

import structlog
from django.db import connection, transaction

from outbox.dispatch import enqueue
from tenants import clock, preferences
from tenants.models import Tenant
from wecom.enums import RECONCILE_HOUR, AppState
from wecom.errors import Retryable, WecomError
from wecom.models import App, SyncState

log = structlog.get_logger(__name__)

LEASE_S = 300
FIRST_PAUSE_S = 30
LONGEST_PAUSE_S = 3600
# Later kinds refer to earlier ones: a follow needs its staff, a group its owner and members.
ORDER = ("staff", "tags", "customers", "groups")


class Progress:
    """How far a syncer is; what it tells is shown on the set-up page."""

    def __init__(self, *, tenant_id: int, what: str) -> None:
        self._tenant_id, self._what = tenant_id, what

    def __call__(self, done: int, total: int = 0) -> None:
        """Tell how many of how many are read; also keeps the claim alive."""
        with connection.cursor() as cursor:
            cursor.execute(
                """update wecom_syncstate set done = %s, total = %s,
                     leased_until = clock_timestamp() + make_interval(secs => %s)
                   where tenant_id = %s and what = %s""",
                [done, max(total, done), LEASE_S, self._tenant_id, self._what],
            )


Syncer = Callable[[int, Progress], int | None]
_syncers: dict[str, Syncer] = {}


def register_syncer(what: str, syncer: Syncer) -> None:
    _syncers[what] = syncer


def kinds() -> list[str]:
    """What can be read, in the order it must be."""
    return sorted(_syncers, key=lambda what: (ORDER.index(what) if what in ORDER else len(ORDER), what))


def request(*, tenant_id: int, what: str = "") -> None:
    """Make one kind of data, or all, due now. Safe to repeat: a running read is not started twice."""
    now = clock.now()
    for one in [what] if what else kinds():
        SyncState.objects.get_or_create(tenant_id=tenant_id, what=one)
        SyncState.objects.filter(tenant_id=tenant_id, what=one).update(
            next_at=now, done=0, total=0, attempts=0, error="", error_code=0
        )
    enqueue("wecom.run_syncs", tenant_id=tenant_id)


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
        known = kinds()
        due = [row for row in rows if row.what in known and row.next_at and row.next_at <= clock.now()]
        if not due:
            return None
        row = min(due, key=lambda one: known.index(one.what))
        row.leased_until, row.started_at = wall + timedelta(seconds=LEASE_S), clock.now()
        row.done, row.total = 0, 0
        row.save(update_fields=["leased_until", "started_at", "done", "total"])
    return row


def run_due(*, tenant_id: int) -> int:
    """Read every due kind, one after the other. Returns how many. Safe to run in parallel: one reads."""
    count = 0
    while App.objects.filter(tenant_id=tenant_id, state=AppState.CONNECTED).exists():
        row = _claim(tenant_id)
        if row is None:
            break
        _run(row)
        count += 1
    return count


def _run(row: SyncState) -> None:
    progress = Progress(tenant_id=row.tenant_id, what=row.what)
    try:
        lost = _syncers[row.what](row.tenant_id, progress)
    except Exception as error:
        _failed(row, error)
        return
    now = clock.now()
    was_first = row.finished_at is None
    SyncState.objects.filter(tenant_id=row.tenant_id, pk=row.pk).update(
        finished_at=now,
        next_at=next_night(row.tenant_id, now),
        leased_until=None,
        error="",
        error_code=0,
        attempts=0,
        lost_events=0 if was_first else int(lost or 0),
    )


def _failed(row: SyncState, error: Exception) -> None:
    code = error.code if isinstance(error, WecomError) else 0
    pause_s = min(FIRST_PAUSE_S * 2 ** min(row.attempts, 10), LONGEST_PAUSE_S)
    next_at = clock.now() + timedelta(seconds=pause_s)
    if isinstance(error, Retryable):
        next_at = max(error.retry_at, clock.now() + timedelta(seconds=5))
    log.warning("sync_failed", tenant_id=row.tenant_id, what=row.what, exc_info=error)
    SyncState.objects.filter(tenant_id=row.tenant_id, pk=row.pk).update(
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
