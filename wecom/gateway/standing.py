"""Whether an app may be called, kept where people see it: its state, the reason, what is missing."""

from typing import Any

import structlog
from django.db import transaction

from outbox.services import publish
from tenants import clock
from tenants.scoping import tenant_scope
from wecom.endpoints import Endpoint
from wecom.enums import AppState
from wecom.events import AppStateChanged
from wecom.gateway.reactions import reaction_to
from wecom.models import App

log = structlog.get_logger(__name__)


def app_set_state(*, app: App, state: AppState, code: int = 0, reason: str = "") -> App:
    """The one place where an app's state changes. In the caller's transaction, on a locked row. Safe to repeat."""
    before = app.state, app.state_code
    app.state, app.state_code, app.state_reason, app.checked_at = state, code, reason[:500], clock.now()
    app.save(update_fields=["state", "state_code", "state_reason", "checked_at"])
    if before != (state, code):
        publish(
            AppStateChanged(
                tenant_id=app.tenant_id,
                occurred_at=clock.now(),
                app_id=app.pk,
                state=state,
                code=code,
                reason=app.state_reason,
            )
        )
    return app


def mark_broken(*, app: App, code: int, hint: str = "") -> None:
    """Stop an app with WeCom's reason, once. Opens its own transaction; safe to repeat."""
    reason = " ".join(part for part in (str(reaction_to(code).meaning), hint) if part)
    with tenant_scope(app.tenant_id), transaction.atomic():
        row = App.objects.select_for_update().get(tenant_id=app.tenant_id, pk=app.pk)
        if row.secret_version != app.secret_version:
            return  # repaired while the call was on its way
        app_set_state(app=row, state=AppState.BROKEN, code=code, reason=reason)
    app.state, app.state_code = AppState.BROKEN, code
    log.error("wecom_app_stopped", tenant_id=app.tenant_id, app_id=app.pk, code=code)


def note_missing_permission(*, app: App, endpoint: Endpoint, code: int) -> None:
    """Keep which permission WeCom refused, for the set-up page. Safe to repeat."""
    note: dict[str, Any] = {"ok": False, "code": code, "path": endpoint.path, "at": clock.now().isoformat()}
    with tenant_scope(app.tenant_id), transaction.atomic():
        row = App.objects.select_for_update().get(tenant_id=app.tenant_id, pk=app.pk)
        row.checks = {**row.checks, f"permission.{endpoint.permission}": note}
        row.save(update_fields=["checks"])
