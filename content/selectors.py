"""Reads of content."""

from content.models import RadarLink
from content.policies import token_tenant
from tenants.models import Tenant


def radar_tenant(token: str) -> Tenant | None:
    """The tenant whose link a token may be; None for nonsense, unknown and suspended tenants. No scope needed."""
    tenant_id = token_tenant(token)
    if tenant_id is None or tenant_id >= 2**63:
        return None
    return Tenant.objects.filter(pk=tenant_id, suspended_at=None).first()


def radar_link(*, tenant: Tenant, token: str) -> RadarLink | None:
    """The link behind a token, or None. Needs the tenant's scope."""
    return RadarLink.objects.filter(tenant=tenant, token=token).first()


def radar_clicks(*, tenant_id: int, source_kind: str, source_id: int) -> dict[str, int]:
    """source_key -> counted clicks of one source's links."""
    rows = RadarLink.objects.filter(tenant_id=tenant_id, source_kind=source_kind, source_id=source_id)
    return dict(rows.values_list("source_key", "clicks"))
