"""Messages that stayed closed, tried again: when a key is added, or when a person asks."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F, Q

from wecom.archive import months
from wecom.archive.adapters import archive_port
from wecom.archive.enums import SealedReason
from wecom.archive.models import ArchiveCursor, SealedMessage
from wecom.archive.opening import Closed, Sealed, open_entry, openers_of, read_entry
from wecom.archive.store import Opened, messages_store, note_stored

CHUNK = 200


def retry(*, tenant_id: int, app_id: int) -> int:
    """Open what can be opened now. Returns how many became messages. Raises ArchiveError, keeping what was done.

    Safe to repeat and in parallel: a row is moved by whoever locks it first.
    """
    port = archive_port()
    openers = openers_of(tenant_id=tenant_id, app_id=app_id)
    opened_count, after = 0, 0
    hopeful = Q(publickey_version__in=list(openers)) | Q(reason=SealedReason.UNREADABLE)
    while True:
        found = SealedMessage.objects.filter(hopeful, tenant_id=tenant_id, app_id=app_id, pk__gt=after)
        rows = list(found.order_by("pk")[:CHUNK])
        if not rows:
            return opened_count
        after = rows[-1].pk
        results: list[tuple[int, Opened | Closed]] = []
        for row in rows:
            entry = Sealed(row.seq, row.msgid, row.publickey_version, row.random_key, row.sealed)
            if row.reason == SealedReason.UNREADABLE:
                results.append((row.pk, read_entry(entry, row.raw)))
            elif port is not None:
                results.append((row.pk, open_entry(entry, openers=openers, port=port)))
        opened_count += _move(tenant_id, app_id, results)


def _move(tenant_id: int, app_id: int, results: Sequence[tuple[int, Opened | Closed]]) -> int:
    months.ensure(one.message.sent_at for _pk, one in results if isinstance(one, Opened))
    with transaction.atomic():
        cursor = ArchiveCursor.objects.select_for_update().get(tenant_id=tenant_id, app_id=app_id)
        locked = SealedMessage.objects.select_for_update(skip_locked=True).filter(
            tenant_id=tenant_id, pk__in=[pk for pk, _one in results]
        )
        ours = set(locked.values_list("pk", flat=True))
        opened = [(pk, one) for pk, one in results if pk in ours and isinstance(one, Opened)]
        stored = messages_store(tenant_id=tenant_id, app_id=app_id, opened=[one for _pk, one in opened])
        note_stored(cursor, stored, versions={one.version for _pk, one in opened})
        cursor.save(update_fields=["withheld", "message_at"])
        SealedMessage.objects.filter(tenant_id=tenant_id, pk__in=[pk for pk, _one in opened]).delete()
        for pk, one in results:
            if pk in ours and isinstance(one, Closed):
                SealedMessage.objects.filter(tenant_id=tenant_id, pk=pk).update(
                    reason=one.reason, code=one.code, raw=one.raw, attempts=F("attempts") + 1
                )
    return len(opened)
