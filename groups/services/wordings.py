"""Versions of a group's welcome and announcement (R11): kept when somebody saves, restored by writing a new one."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.cache import cache

from groups.enums import WordsKind
from groups.models import Group, Wording
from outbox.dispatch import enqueue
from tenants import clock

KEEP_TASK = "groups.keep_wordings"
SETTLE_S = 300  # words saved while somebody types become a version once they have rested


def wordings_keep(
    *,
    group: Group,
    by: str,
    before: Mapping[str, Sequence[Any]] | None = None,
    restored_from: int | None = None,
) -> dict[str, int]:
    """Write a version of each text that differs from its last one. Returns {kind: new number}. Safe to repeat.

    In the caller's transaction, under the group's lock. `before` holds {"field": [before, after]} of a change: words
    that stood before versions were kept become the first one.
    """
    made = {}
    for kind in WordsKind.values:
        last = (
            Wording.objects.filter(tenant_id=group.tenant_id, group=group, kind=kind)
            .order_by("-number")
            .first()
        )
        stood = str((before or {}).get(kind, ("",))[0] or "")
        text = str(getattr(group, kind))
        if last is None and stood and stood != text:
            last = _write(group, kind, 1, stood, by="", at=group.added_at)
        if text == (last.text if last else ""):
            continue
        number = last.number + 1 if last else 1
        _write(group, kind, number, text, by=by, at=clock.now(), restored_from=restored_from)
        made[str(kind)] = number
    return made


def _write(group: Group, kind: str, number: int, text: str, *, by: str, **fields: Any) -> Wording:
    return Wording.objects.create(
        tenant_id=group.tenant_id, group=group, kind=kind, number=number, text=text, by=by[:128], **fields
    )


def wordings_keep_soon(*, group: Group, by: str) -> None:
    """After the present transaction commits and the words have rested, keep what stands then."""
    if cache.add(f"groups:words:{group.tenant_id}:{group.pk}", 1, timeout=SETTLE_S):
        enqueue(KEEP_TASK, tenant_id=group.tenant_id, countdown_s=SETTLE_S, group_id=group.pk, by=by)
