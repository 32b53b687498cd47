"""Reads of accounts: members, invitations, what a user may enter."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import ApiKey, AuditCheck, AuditEntry, AuditSeal, Invitation, Membership, Tenant, User
from tenants.scoping import unscoped
from tenants.sealing import head
from tenants.secrets import digest
from tenants.verifying import check_last


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


@dataclass(frozen=True)
class ChainState:
    """The audit chain as the page shows it: its head, what waits for its seal, the last verification."""

    number: int
    link: str
    waiting: int
    check: AuditCheck | None


def audit_chain(*, tenant: Tenant) -> ChainState:
    """Head, waiting entries and last check of the tenant's chain."""
    number, link = head(tenant.pk)
    waiting = AuditSeal.objects.filter(tenant=tenant, number=None).count()
    return ChainState(number, link, waiting, check_last(tenant_id=tenant.pk))


# From actor to actor along the index, one probe each, however many entries they wrote.
_ACTORS = """
with recursive found as (
  (select actor_kind, actor_id from tenants_auditentry where tenant_id = %(tenant)s
   order by actor_kind, actor_id limit 1)
  union all
  select next.actor_kind, next.actor_id from found cross join lateral (
    (select 1 as place, actor_kind, actor_id from tenants_auditentry e where tenant_id = %(tenant)s
     and e.actor_kind = found.actor_kind and e.actor_id > found.actor_id order by e.actor_id limit 1)
    union all
    (select 2, actor_kind, actor_id from tenants_auditentry e where tenant_id = %(tenant)s
     and e.actor_kind > found.actor_kind order by e.actor_kind, e.actor_id limit 1)
    order by place limit 1) as next
)
select found.actor_kind, found.actor_id, named.actor_name from found left join lateral (
  select actor_name from tenants_auditentry e where tenant_id = %(tenant)s and e.actor_kind = found.actor_kind
  and e.actor_id = found.actor_id order by at desc limit 1) as named on true
where named.actor_name is not null or found.actor_kind = 'system' limit 500
"""


def audit_actors(*, tenant: Tenant) -> list[tuple[str, str]]:
    """("user:12", name) of everyone in the trail, by name, 500 at most; "system:" is Qunce itself."""
    with connection.cursor() as cursor:
        cursor.execute(_ACTORS, {"tenant": tenant.pk})
        rows = cursor.fetchall()
    found = [(f"{kind}:{'' if pk is None else pk}", name or SYSTEM.name) for kind, pk, name in rows]
    return sorted(found, key=lambda one: one[1])


_VERBS = """
with recursive found as (
  (select verb from tenants_auditentry where tenant_id = %(tenant)s order by verb limit 1)
  union all
  select (select e.verb from tenants_auditentry e where e.tenant_id = %(tenant)s and e.verb > found.verb
          order by e.verb limit 1) from found where found.verb is not null
)
select verb from found where verb is not null
"""


def audit_verbs(*, tenant: Tenant) -> list[str]:
    """Every stored verb of the trail; one probe of an index for each."""
    with connection.cursor() as cursor:
        cursor.execute(_VERBS, {"tenant": tenant.pk})
        return [row[0] for row in cursor.fetchall()]


def audit_target_name(*, tenant: Tenant, kind: str, pk: str) -> str:
    """What the trail last called this object; "" if it never did."""
    rows = AuditEntry.objects.filter(tenant=tenant, target_kind=kind, target_id=pk).order_by("-pk")
    return rows.values_list("target_name", flat=True).first() or ""
