"""WeCom apps and what comes in through them."""

import itertools
from datetime import datetime
from typing import Any

from tenants import clock
from tenants.models import Tenant
from wecom.inbox.ingest import Inbound
from wecom.models import App

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
