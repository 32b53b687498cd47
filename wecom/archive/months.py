"""Monthly partitions of the messages, and how long messages are kept.

A month's partition is made before its first row is stored. Retention deletes a tenant's rows; a month that no
tenant holds any more is dropped whole, which gives the space back without a vacuum.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import structlog
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet

from tenants import clock, preferences
from tenants.scoping import unscoped
from wecom.archive.enums import RETENTION_DAYS
from wecom.archive.models import ArchivedMedia, ArchivedMessage

log = structlog.get_logger(__name__)

BATCH = 2000
_made: set[date] = set()


def ensure(moments: Iterable[datetime]) -> None:
    """Make the partitions these moments fall in, where missing. Never raises: the default partition takes the rest.

    Safe to repeat and in parallel. Call it before the transaction that stores.
    """
    for month in sorted({date(one.year, one.month, 1) for one in moments} - _made):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("select qunce_archive_month(%s)", [month])
            if not connection.in_atomic_block:
                _made.add(month)  # durable: this process need not ask again
        except DatabaseError as error:  # a long reader, or rows of that month in the default partition
            log.warning("archive_month_not_made", month=str(month), error=str(error))


def drop(month: date) -> bool:
    """Drop a month that holds no row of anybody. Returns whether it was."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select qunce_archive_drop(%s)", [month])
        dropped = bool(cursor.fetchone()[0])
    _made.discard(month)
    return dropped


def drop_empty(*, before: date) -> list[date]:
    """Drop every empty month that ended before `before`. For a tick across tenants."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select to_date(right(c.relname, 6), 'YYYYMM') from pg_inherits i
               join pg_class c on c.oid = i.inhrelid
               where i.inhparent = 'wecom_archivedmessage'::regclass and c.relname ~ '_[0-9]{6}$' order by 1"""
        )
        known = [row[0] for row in cursor.fetchall()]
    dropped = []
    for month in known:
        if (month + timedelta(days=32)).replace(day=1) > before:
            break
        if _holds_rows(month):
            continue  # dropping locks the whole table, so only a month that looks empty is tried
        try:
            if drop(month):
                dropped.append(month)
        except DatabaseError as error:
            log.warning("archive_month_not_dropped", month=str(month), error=str(error))
    return dropped


def _holds_rows(month: date) -> bool:
    """Whether anybody keeps a message of this month."""
    first = datetime(month.year, month.month, 1, tzinfo=UTC)
    until = (first + timedelta(days=32)).replace(day=1)
    with unscoped("retention looks for months that nobody holds"):
        return ArchivedMessage.objects.filter(sent_at__gte=first, sent_at__lt=until).exists()


def kept_since(tenant_id: int) -> datetime | None:
    """The moment before which a tenant keeps nothing; None: everything is kept."""
    days = preferences.value(tenant_id, RETENTION_DAYS)
    return clock.now() - timedelta(days=days) if days else None


def forget_old(*, tenant_id: int, limit: int = 50 * BATCH) -> int:
    """Delete what is older than the tenant keeps, files too, some thousand at a time. Returns how many messages.

    Safe to repeat and to be cut off anywhere.
    """
    since = kept_since(tenant_id)
    if since is None:
        return 0
    old_files = ArchivedMedia.objects.filter(tenant_id=tenant_id, sent_at__lt=since)
    media_forget(old_files.order_by("pk")[:BATCH])
    gone = 0
    while gone < limit:
        old = ArchivedMessage.objects.filter(tenant_id=tenant_id, sent_at__lt=since).order_by("sent_at")
        ids = list(old.values_list("pk", flat=True)[:BATCH])
        if not ids:
            break
        ArchivedMessage.objects.filter(tenant_id=tenant_id, sent_at__lt=since, pk__in=ids).delete()
        gone += len(ids)
    return gone


def media_forget(rows: QuerySet[ArchivedMedia]) -> int:
    """Delete these files and what lies of them in storage. Returns how many. Safe to repeat and to be cut off.

    A row is held while its files go, so that whoever fetches one meanwhile finds it gone and leaves nothing behind.
    """
    gone = 0
    for tenant_id, pk in list(rows.values_list("tenant_id", "pk")):
        with transaction.atomic():
            row = ArchivedMedia.objects.select_for_update().filter(tenant_id=tenant_id, pk=pk).first()
            if row is not None:
                for path in paths_of(row):
                    default_storage.delete(path)
                row.delete()
                gone += 1
    return gone


def paths_of(row: ArchivedMedia) -> list[str]:
    """What lies in storage of one file: the whole, or the chunks so far."""
    return [path for path in (row.path, *(chunk_path(row, number) for number in range(row.chunks))) if path]


def chunk_path(row: ArchivedMedia, number: int) -> str:
    """Where one chunk of a file lies until the file is whole."""
    return f"archive/{row.tenant_id}/{row.sent_at:%Y%m}/{row.pk}.{number:05d}"
