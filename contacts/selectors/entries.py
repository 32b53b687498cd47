"""Who came into a group by a channel's code; the app that keeps groups tells (path A of R30)."""

from collections.abc import Callable
from typing import Any

from django.db.models import F, QuerySet

from contacts.models import Follow


class _Entries:
    read: Callable[..., QuerySet[Any]] | None = None


def register_group_entries(entries: Callable[..., QuerySet[Any]]) -> None:
    """`entries(tenant_id=) -> query` of the times somebody came into a group by a channel's code: each has customer,
    channel_id and joined_at."""
    _Entries.read = staticmethod(entries)


def group_entries(*, tenant_id: int) -> QuerySet[Any]:
    """The times somebody came into a group by a channel's code, in no order; none where no app tells."""
    if _Entries.read is None:
        return Follow.objects.none().annotate(joined_at=F("followed_at"))
    return _Entries.read(tenant_id=tenant_id)
