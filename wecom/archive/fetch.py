"""Messages out of WeCom's archive: page by page, the cursor moving only with the rows.

A worker that dies between fetching and storing leaves the cursor where it was: the next one fetches the same page,
and a msgid is stored once. One worker reads an archive at a time (a lease on the database's own time); should two
meet all the same, the second finds the cursor moved and lets its page go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import connection, transaction

from tenants import clock, preferences
from wecom.archive import codes, months, pace
from wecom.archive.adapters import archive_port
from wecom.archive.enums import POLL_S, ArchiveState
from wecom.archive.keys import Opener
from wecom.archive.models import ArchiveCursor, SealedMessage
from wecom.archive.opening import Closed, Sealed, open_entry, openers_of
from wecom.archive.port import ArchiveError, ArchivePort
from wecom.archive.store import Opened, messages_store, note_stored
from wecom.enums import AppState
from wecom.models import App

log = structlog.get_logger(__name__)

PAGE = 1000  # the most WeCom gives
PAGES_A_RUN = 10
LEASE_S = 180
WINDOW = timedelta(days=5)  # WeCom holds no more
FIRST_PAUSE_S, LONGEST_PAUSE_S = 15, 900
STOPPED_PAUSE_S = (
    3600  # a stopped archive is looked at again each hour: someone may have repaired it at WeCom
)
ACTIVE = (ArchiveState.RUNNING, ArchiveState.STOPPED)

_CLAIM = """
update wecom_archivecursor set leased_until = clock_timestamp() + make_interval(secs => %s)
where tenant_id = %s and app_id = %s and state = any(%s) and next_at <= %s
  and (leased_until is null or leased_until < clock_timestamp())
returning id
"""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of WeCom, opened as far as it goes."""

    asked_from: int
    opened: list[Opened]
    closed: list[Closed]
    first_seq: int
    last_seq: int
    is_full: bool


def wake(*, tenant_id: int, app_id: int) -> bool:
    """An archive has news: due now. Returns whether it is one we read. Safe to repeat."""
    rows = ArchiveCursor.objects.filter(tenant_id=tenant_id, app_id=app_id, state=ArchiveState.RUNNING)
    return bool(rows.update(next_at=clock.now()))


def run_due(*, tenant_id: int) -> bool:
    """Read every due archive of a tenant. Returns whether one of them has more."""
    due = ArchiveCursor.objects.filter(tenant_id=tenant_id, state__in=ACTIVE, next_at__lte=clock.now())
    more = [run(tenant_id=tenant_id, app_id=one) for one in due.values_list("app_id", flat=True)]
    return any(more)


def run(*, tenant_id: int, app_id: int) -> bool:
    """Read what is new, at most `PAGES_A_RUN` pages. Returns whether there is more. Safe to run in parallel."""
    port, app = archive_port(), App.objects.get(tenant_id=tenant_id, pk=app_id)
    if port is None or app.state == AppState.PAUSED or not _claim(tenant_id, app_id):
        return False
    cursor = ArchiveCursor.objects.get(tenant_id=tenant_id, app_id=app_id)
    handle = ""
    try:
        handle = port.init(corp_id=app.corp_id, secret=cursor.secret)
        has_more = _read_pages(port, handle, app, cursor)
    except ArchiveError as error:
        _failed(cursor, error)
        return False
    finally:
        if handle:
            port.destroy(handle)
    pause_s = 0 if has_more else preferences.value(tenant_id, POLL_S)
    _end(cursor, next_at=clock.now() + timedelta(seconds=pause_s))
    return has_more


def _claim(tenant_id: int, app_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [LEASE_S, tenant_id, app_id, [one.value for one in ACTIVE], clock.now()])
        return cursor.fetchone() is not None


def _read_pages(port: ArchivePort, handle: str, app: App, cursor: ArchiveCursor) -> bool:
    openers = openers_of(tenant_id=app.tenant_id, app_id=app.pk)
    limit, seq = PAGE, cursor.seq
    for _ in range(PAGES_A_RUN):
        if not pace.may_ask(tenant_id=app.tenant_id, corp_id=app.corp_id):
            raise ArchiveError("our own limit of 600 looks a minute", code=45009)
        try:
            page = fetch_page(port, handle, openers=openers, seq=seq, limit=limit)
        except ArchiveError as error:
            if error.code != codes.PAGE_TOO_BIG or limit == 1:
                raise
            limit = max(1, limit // 4)
            continue
        if not store_page(tenant_id=app.tenant_id, app_id=app.pk, page=page):
            return False  # another worker is further
        if not page.is_full:
            return False
        seq = page.last_seq
    return True


def fetch_page(
    port: ArchivePort, handle: str, *, openers: Mapping[int, Opener], seq: int, limit: int
) -> Page:
    """Ask for one page and open it. Nothing is written. Raises ArchiveError."""
    rows = [Sealed.of(one) for one in port.get_chat_data(handle, seq=seq, limit=limit)]
    rows = sorted((one for one in rows if one.seq > seq and one.msgid), key=lambda one: one.seq)
    opened: list[Opened] = []
    closed: list[Closed] = []
    for entry in rows:
        found = open_entry(entry, openers=openers, port=port)
        if isinstance(found, Closed):
            closed.append(found)
        else:
            opened.append(found)
    first, last = (rows[0].seq, rows[-1].seq) if rows else (0, seq)
    return Page(seq, opened, closed, first, last, len(rows) >= limit)


def store_page(*, tenant_id: int, app_id: int, page: Page) -> bool:
    """Rows and cursor in one transaction. False: the cursor is no longer where the page begins."""
    months.ensure(one.message.sent_at for one in page.opened)
    with transaction.atomic():
        cursor = ArchiveCursor.objects.select_for_update().get(tenant_id=tenant_id, app_id=app_id)
        if cursor.seq != page.asked_from:
            return False
        stored = messages_store(tenant_id=tenant_id, app_id=app_id, opened=page.opened)
        _keep_closed(tenant_id, app_id, page.closed)
        note_stored(cursor, stored, versions={one.version for one in page.opened})
        _note_gap(cursor, page)
        cursor.seq, cursor.has_more, cursor.fetched_at = page.last_seq, page.is_full, clock.now()
        cursor.state, cursor.error_code, cursor.error, cursor.attempts = ArchiveState.RUNNING, 0, "", 0
        cursor.save(
            update_fields=[
                "seq", "has_more", "fetched_at", "withheld", "message_at", "state", "error_code", "error", "attempts",
                "gap_from", "gap_until",
            ]
        )  # fmt: skip
    return True


def _keep_closed(tenant_id: int, app_id: int, closed: list[Closed]) -> None:
    SealedMessage.objects.bulk_create(
        [
            SealedMessage(
                tenant_id=tenant_id,
                app_id=app_id,
                seq=one.entry.seq,
                msgid=one.entry.msgid,
                publickey_version=one.entry.version,
                random_key=one.entry.random_key,
                sealed=one.entry.sealed,
                reason=one.reason,
                code=one.code,
                raw=one.raw,
            )
            for one in closed
        ],
        ignore_conflicts=True,
    )


def _note_gap(cursor: ArchiveCursor, page: Page) -> None:
    """We were away longer than WeCom holds messages: what lay between is lost, unless the numbers go on unbroken."""
    if cursor.fetched_at is None or clock.now() - cursor.fetched_at <= WINDOW:
        return
    if page.first_seq == page.asked_from + 1:
        return
    cursor.gap_from = cursor.gap_from or cursor.fetched_at
    cursor.gap_until = clock.now() - WINDOW
    log.warning("archive_gap", tenant_id=cursor.tenant_id, since=str(cursor.gap_from))


def _failed(cursor: ArchiveCursor, error: ArchiveError) -> None:
    """Try again by itself, or stop until a person has looked. Nothing was stored, nothing is lost."""
    pause_s: float = min(FIRST_PAUSE_S * 2 ** min(cursor.attempts, 10), LONGEST_PAUSE_S)
    changes = {"attempts": cursor.attempts + 1, "error_code": error.code, "error": error.message[:500]}
    if not error.is_passing:
        pause_s, changes["state"] = STOPPED_PAUSE_S, ArchiveState.STOPPED
    log.warning("archive_failed", tenant_id=cursor.tenant_id, code=error.code, error=error.message)
    _end(cursor, next_at=clock.now() + timedelta(seconds=pause_s), **changes)


def _end(cursor: ArchiveCursor, **changes: object) -> None:
    rows = ArchiveCursor.objects.filter(tenant_id=cursor.tenant_id, pk=cursor.pk)
    rows.update(leased_until=None, **changes)


def tenants_with_due() -> list[int]:
    """Tenants with an archive to be read. Runs across tenants: the caller is a tick."""
    due = ArchiveCursor.objects.filter(state__in=ACTIVE, next_at__lte=clock.now())
    return list(due.values_list("tenant_id", flat=True).distinct())


def archives_unchecked() -> list[tuple[int, int]]:
    """(tenant_id, app_id) of archives whose first check never came. Runs across tenants: the caller is a tick."""
    return list(ArchiveCursor.objects.filter(state=ArchiveState.NEW).values_list("tenant_id", "app_id"))
