"""Reactions of groups to WeCom: one group changed; read them all."""

from collections.abc import Callable

from django.core.cache import cache

from groups.policies.wire import change_of
from groups.services.reading import group_change_apply, groups_sync_all
from tenants import clock
from wecom.ingest import Inbound
from wecom.selectors import app_needed

RESUME_S = 6 * 3600  # a sync that was cut off goes on where it stood for this long


def on_external_chat(event: Inbound) -> None:
    """change_external_chat. May come twice, late, or in any order; may ask WeCom for the whole group."""
    if event.app_id is None or not event.fields.get("ChatId"):
        return
    change = change_of(change_type=event.change_type, fields=event.fields, occurred_at=event.occurred_at)
    group_change_apply(tenant_id=event.tenant_id, app_id=event.app_id, change=change)


def sync_groups(tenant_id: int, progress: Callable[[int, int], None]) -> int:
    """Read every group; returns how many comings and goings no callback had told. Safe to repeat at any time."""
    app = app_needed(tenant_id=tenant_id)
    key = f"groups:sync:{tenant_id}:{app.pk}"
    cache.add(key, clock.now(), timeout=RESUME_S)
    result = groups_sync_all(
        tenant_id=tenant_id, app_id=app.pk, on_progress=progress, since=cache.get(key) or clock.now()
    )
    cache.delete(key)
    return result.lost_events
