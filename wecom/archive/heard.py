"""Whether a tenant has any messages at all: most have none, and their lists need not ask the database each time."""

from django.core.cache import cache

from wecom.archive.models import ArchiveRoom

KEPT_S = 60


def _key(tenant_id: int) -> str:
    return f"wecom:archive:any:{tenant_id}"


def mark(tenant_id: int) -> None:
    """Messages of a group are being stored: lists ask from now on."""
    cache.set(_key(tenant_id), True, timeout=KEPT_S)


def is_any(tenant_id: int) -> bool:
    """Whether messages of any group are kept; a no may be a minute old."""
    known = cache.get(_key(tenant_id))
    if known is None:
        known = ArchiveRoom.objects.filter(tenant_id=tenant_id).exists()
        cache.set(_key(tenant_id), known, timeout=KEPT_S)
    return bool(known)
