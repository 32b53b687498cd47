"""Reads of files of behaviours and chat logs: those of late, and one with what was found in it."""

from django.db.models import QuerySet

from contacts.models import ImportBatch


def _told(tenant_id: int) -> QuerySet[ImportBatch]:
    return ImportBatch.objects.filter(tenant_id=tenant_id).defer("body")


def imports_recent(*, tenant_id: int, kind: str, limit: int) -> list[ImportBatch]:
    """The last files of a kind, the newest first, without what they hold. One query."""
    rows = _told(tenant_id).filter(kind=kind).defer("errors")
    return list(rows.order_by("-created_at", "-pk")[:limit])


def import_get(*, tenant_id: int, batch_id: int) -> ImportBatch:
    """Raises ImportBatch.DoesNotExist, also for another tenant's id."""
    return _told(tenant_id).get(pk=batch_id)
