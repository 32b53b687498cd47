"""Reactions of groups to WeCom: one group changed; read them all."""

from groups.policies.wire import change_of
from groups.services.comparing import groups_compare
from groups.services.reading import group_change_apply
from wecom.ingest import Inbound
from wecom.selectors import app_needed
from wecom.sync import Progress


def on_external_chat(event: Inbound) -> None:
    """change_external_chat. May come twice, late, or in any order; may ask WeCom for the whole group."""
    if event.app_id is None or not event.fields.get("ChatId"):
        return
    change = change_of(change_type=event.change_type, fields=event.fields, occurred_at=event.occurred_at)
    group_change_apply(tenant_id=event.tenant_id, app_id=event.app_id, change=change)


def sync_groups(tenant_id: int, progress: Progress) -> int:
    """Read every group; returns how many changes no callback had told. Safe to repeat at any time."""
    app = app_needed(tenant_id=tenant_id)
    if progress.position.get("app", app.pk) != app.pk:
        progress.position = {}  # another app is connected now: what the old one had read says nothing
    return groups_compare(tenant_id=tenant_id, app_id=app.pk, progress=progress)
