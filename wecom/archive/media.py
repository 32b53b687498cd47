"""Files of messages: chunk by chunk into the installation's media storage, going on where a worker stopped.

A chunk is stored before the row says so, and WeCom gives the same chunk for the same position again, so a kill
anywhere costs at most one chunk fetched twice. The whole file is checked against WeCom's MD5 where it tells one.
"""

import hashlib
import re
import tempfile
import time
from datetime import timedelta

import structlog
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction

from tenants import clock, preferences
from wecom.archive import codes
from wecom.archive.adapters import archive_port
from wecom.archive.enums import MEDIA_MB, ArchiveState, MediaState
from wecom.archive.models import ArchiveCursor, ArchivedMedia
from wecom.archive.months import chunk_path, paths_of
from wecom.archive.port import ArchiveError, ArchivePort
from wecom.archive.store import MB
from wecom.models import App

log = structlog.get_logger(__name__)

FILES_A_RUN = 20
RUN_S = 60
LEASE_S = 120
MAX_ATTEMPTS = 8
FIRST_PAUSE_S, LONGEST_PAUSE_S = 20, 3600
_GONE = {codes.EXPIRED_FILE, 10005, 10010}
_ENDINGS = {"image": "jpg", "voice": "amr", "video": "mp4", "emotion": "gif", "meeting_voice_call": "amr"}

_CLAIM = """
with chosen as materialized (
  select id from wecom_archivedmedia
  where tenant_id = %s and state = 'waiting' and next_at <= %s
    and (leased_until is null or leased_until < clock_timestamp())
  order by next_at, id limit 1 for update skip locked)
update wecom_archivedmedia row set leased_until = clock_timestamp() + make_interval(secs => %s)
from chosen where row.id = chosen.id returning row.id
"""


class _Damaged(Exception):
    """The whole file has another MD5 than WeCom told."""


class _Forgotten(Exception):
    """Retention or an erasure took the row while we fetched."""


def run(*, tenant_id: int) -> bool:
    """Fetch what is due for some seconds. Returns whether more may be waiting. Safe to run in parallel."""
    port = archive_port()
    if port is None:
        return False
    handles: dict[int, str] = {}
    deadline = time.monotonic() + RUN_S
    try:
        for _ in range(FILES_A_RUN):
            row = _claim(tenant_id)
            if row is None:
                return False
            _fetch(port, handles, row)
            if time.monotonic() > deadline:
                break
    finally:
        for handle in handles.values():
            port.destroy(handle)
    return True


def _claim(tenant_id: int) -> ArchivedMedia | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CLAIM, [tenant_id, clock.now(), LEASE_S])
        found = cursor.fetchone()
    return ArchivedMedia.objects.filter(tenant_id=tenant_id, pk=found[0]).first() if found else None


def _fetch(port: ArchivePort, handles: dict[int, str], row: ArchivedMedia) -> None:
    try:
        try:
            _read_all(port, _handle(port, handles, row), row)
        except ArchiveError as error:
            _refused(row, error)
        except _Damaged:
            _start_over(row)
    except _Forgotten:
        for path in paths_of(row):
            default_storage.delete(path)


def _handle(port: ArchivePort, handles: dict[int, str], row: ArchivedMedia) -> str:
    if row.app_id not in handles:
        cursor = ArchiveCursor.objects.filter(tenant_id=row.tenant_id, app_id=row.app_id).first()
        if cursor is None or cursor.state == ArchiveState.OFF:
            raise ArchiveError("the archive is not connected", code=codes.NOT_ENABLED)
        app = App.objects.get(tenant_id=row.tenant_id, pk=row.app_id)
        handles[row.app_id] = port.init(corp_id=app.corp_id, secret=cursor.secret)
    return handles[row.app_id]


def _read_all(port: ArchivePort, handle: str, row: ArchivedMedia) -> None:
    most = preferences.value(row.tenant_id, MEDIA_MB) * MB
    while True:
        chunk = port.get_media_data(handle, file_id=row.file_id, index_buf=row.index_buf)
        path = chunk_path(row, row.chunks)
        default_storage.delete(path)  # one that a killed worker left: the same bytes
        default_storage.save(path, ContentFile(chunk.data))
        row.chunks, row.fetched, row.index_buf = (
            row.chunks + 1,
            row.fetched + len(chunk.data),
            chunk.next_index,
        )
        if row.fetched > most:
            _end(row, MediaState.TOO_BIG)
            return
        if chunk.is_finished:
            _join(row)
            return
        if not chunk.next_index:
            raise ArchiveError("a chunk that is not the last names no next one", code=10002)
        _keep_place(row)


def _keep_place(row: ArchivedMedia) -> None:
    """Say how far we are, and keep the claim alive. Raises _Forgotten."""
    with connection.cursor() as cursor:
        cursor.execute(
            """update wecom_archivedmedia set chunks = %s, fetched = %s, index_buf = %s,
                 leased_until = clock_timestamp() + make_interval(secs => %s) where tenant_id = %s and id = %s""",
            [row.chunks, row.fetched, row.index_buf, LEASE_S, row.tenant_id, row.pk],
        )
        if not cursor.rowcount:
            raise _Forgotten


def _join(row: ArchivedMedia) -> None:
    """All chunks into one file. Raises _Damaged."""
    digest = hashlib.md5(usedforsecurity=False)
    with tempfile.SpooledTemporaryFile(max_size=8 * MB) as whole:
        for number in range(row.chunks):
            with default_storage.open(chunk_path(row, number)) as part:
                data = part.read()
            digest.update(data)
            whole.write(data)
        if row.md5 and digest.hexdigest() != row.md5:
            raise _Damaged
        whole.seek(0)
        path = f"archive/{row.tenant_id}/{row.sent_at:%Y%m}/{row.pk}.{_ending(row)}"
        default_storage.delete(path)
        row.path = default_storage.save(path, File(whole))
    row.size = row.fetched
    _end(row, MediaState.DONE)


def _ending(row: ArchivedMedia) -> str:
    """A harmless file ending; the sender's own name is never part of a path."""
    own = row.name.rpartition(".")[2].lower()
    return own if re.fullmatch(r"[a-z0-9]{1,8}", own) else _ENDINGS.get(row.msgtype, "bin")


def _end(row: ArchivedMedia, state: MediaState, *, code: int = 0) -> None:
    for number in range(row.chunks):
        default_storage.delete(chunk_path(row, number))
    row.state, row.error_code, row.leased_until, row.chunks, row.index_buf = state, code, None, 0, ""
    _save(
        row,
        "state",
        "error_code",
        "leased_until",
        "chunks",
        "index_buf",
        "size",
        "path",
        "fetched",
        "attempts",
    )


def _refused(row: ArchivedMedia, error: ArchiveError) -> None:
    row.attempts += 1
    if error.code in _GONE:
        _end(row, MediaState.EXPIRED, code=error.code)
    elif row.attempts >= MAX_ATTEMPTS or not error.is_passing:
        _end(row, MediaState.FAILED, code=error.code)
    else:
        _later(row, code=error.code)


def _start_over(row: ArchivedMedia) -> None:
    """Damaged on the way: once more from the first chunk, a few times."""
    row.attempts += 1
    if row.attempts >= MAX_ATTEMPTS:
        _end(row, MediaState.FAILED)
        return
    for number in range(row.chunks):
        default_storage.delete(chunk_path(row, number))
    row.chunks, row.fetched, row.index_buf = 0, 0, ""
    _later(row)


def _later(row: ArchivedMedia, *, code: int = 0) -> None:
    pause_s = min(FIRST_PAUSE_S * 2 ** min(row.attempts, 10), LONGEST_PAUSE_S)
    row.error_code, row.leased_until, row.next_at = code, None, clock.now() + timedelta(seconds=pause_s)
    _save(row, "error_code", "leased_until", "next_at", "attempts", "chunks", "fetched", "index_buf")


def _save(row: ArchivedMedia, *fields: str) -> None:
    """Raises _Forgotten."""
    same = ArchivedMedia.objects.filter(tenant_id=row.tenant_id, pk=row.pk)
    if not same.update(**{name: getattr(row, name) for name in fields}):
        raise _Forgotten


def tenants_with_due() -> list[int]:
    """Tenants with files to fetch. Runs across tenants: the caller is a tick."""
    due = ArchivedMedia.objects.filter(state=MediaState.WAITING, next_at__lte=clock.now())
    return list(due.values_list("tenant_id", flat=True).distinct())
