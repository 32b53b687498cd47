"""Reads of accounts: members, invitations, what a user may enter."""

from dataclasses import dataclass

from django.db.models import QuerySet

from tenants import clock
from tenants.models import ApiKey, AuditEntry, Invitation, Membership, Tenant, User
from tenants.scoping import unscoped
from tenants.secrets import digest


@dataclass(frozen=True)
class Place:
    """A tenant that a user may enter, and the role held there."""

    tenant: Tenant
    role: str


def place_list_for_user(user: User, *, only: int | None = None) -> list[Place]:
    """The tenants a user may enter, by name. Crosses tenants: a user may belong to several.

    `only`: the one tenant that a session opened by WeCom reaches.
    """
    with unscoped("the tenants of the user who signs in"):
        rows = Membership.objects.filter(
            user=user, ended_at=None, suspended_at=None, tenant__suspended_at=None
        )
        if only is not None:
            rows = rows.filter(tenant_id=only)
        return [Place(row.tenant, row.role) for row in rows.select_related("tenant").order_by("tenant__name")]


def tenant_by_slug(slug: str) -> Tenant | None:
    """The company of a sign-in or phone address; None for an unknown or suspended one."""
    return Tenant.objects.filter(slug=slug, suspended_at=None).first()


def member_list(*, tenant: Tenant) -> QuerySet[Membership]:
    """Members who have not left, with their users; suspended ones too."""
    return (
        Membership.objects.filter(tenant=tenant, ended_at=None).select_related("user").order_by("created_at")
    )


def invitation_list_open(*, tenant: Tenant) -> QuerySet[Invitation]:
    """Invitations that still work, newest first."""
    return Invitation.objects.filter(
        tenant=tenant, accepted_at=None, revoked_at=None, expires_at__gt=clock.now()
    ).order_by("-created_at")


def invitation_by_token(token: str) -> Invitation | None:
    """The open invitation behind a link, with its tenant, or None."""
    with unscoped("an invitation link, before its visitor belongs to a tenant"):
        return (
            Invitation.objects.filter(
                token_digest=digest(token), accepted_at=None, revoked_at=None, expires_at__gt=clock.now()
            )
            .select_related("tenant", "invited_by")
            .first()
        )


def api_key_list(*, tenant: Tenant) -> QuerySet[ApiKey]:
    """Keys not revoked, newest first."""
    return ApiKey.objects.filter(tenant=tenant, revoked_at=None).order_by("-created_at")


def api_key_by_token(token: str) -> ApiKey | None:
    """The live key with this secret, with its tenant, or None."""
    with unscoped("an API key, before its tenant is known"):
        return (
            ApiKey.objects.filter(digest=digest(token), revoked_at=None, tenant__suspended_at=None)
            .select_related("tenant")
            .first()
        )


def audit_list(*, tenant: Tenant) -> QuerySet[AuditEntry]:
    """The audit trail, newest first."""
    return AuditEntry.objects.filter(tenant=tenant).order_by("-at", "-pk")
