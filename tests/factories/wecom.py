"""WeCom apps and what comes in through them."""

import hashlib
import itertools
from datetime import datetime
from typing import Any

from tenants import clock
from tenants.models import Tenant
from wecom.inbox.filing import file_landed
from wecom.inbox.ingest import Inbound
from wecom.models import App, Landed

_numbers = itertools.count(1)


def make_app(*, tenant: Tenant, **fields: Any) -> App:
    """A connected app of a corp of its own."""
    number = next(_numbers)
    values = {
        "corp_id": f"ww{number:016d}",
        "corp_name": tenant.name,
        "agent_id": 1000000 + number,
        "secret": f"secret-{number}",
        "slug": f"app-{number}",
        "state": "connected",
    }
    return App.objects.create(tenant=tenant, **{**values, **fields})


def make_inbound(
    *,
    app: App,
    event: str,
    change_type: str = "",
    fields: dict[str, Any] | None = None,
    at: datetime | None = None,
) -> Inbound:
    """A normalised event, as wecom's ingest hands it to a handler."""
    return Inbound(
        tenant_id=app.tenant_id,
        app_id=app.pk,
        event=event,
        change_type=change_type,
        fields=fields or {},
        occurred_at=at or clock.now(),
        corp_id=app.corp_id,
    )


def land(app: App, *texts: str) -> list[int]:
    """Callbacks that just came, not filed yet. Needs the tenant's scope; returns their numbers."""
    return [
        Landed.objects.create(
            tenant_id=app.tenant_id, app=app, body=text, received_at=clock.now(),
            dedupe_key=hashlib.sha256(text.encode()).hexdigest(),
        ).pk
        for text in texts
    ]  # fmt: skip


def arrive(app: App, *texts: str) -> list[int]:
    """Callbacks in the inbox, waiting to be processed. Needs the tenant's scope; returns their numbers."""
    numbers = land(app, *texts)
    file_landed(tenant_id=app.tenant_id)
    return numbers
