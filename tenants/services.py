"""Writes of accounts: sign-up, invitations, roles, API keys, preferences."""

import re
import secrets as random
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction

from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission, Role, Suspension
from tenants.errors import InvitationInvalid, LastOwner, MemberSuspended, NotPermitted
from tenants.models import ApiKey, Invitation, Membership, Preference, Tenant, User
from tenants.scoping import tenant_scope
from tenants.secrets import digest
from tenants.selectors import invitation_by_token

INVITATION_DAYS = 7
KEY_USE_NOTED_EVERY = timedelta(minutes=1)
_SLUG_TRIES = 5


def require(actor: Actor, permission: str) -> None:
    """Raises NotPermitted unless the actor may do this. The system may do everything."""
    if actor.kind != "system" and permission not in actor.permissions:
        raise NotPermitted


def _free_slug(name: str) -> str:
    """A URL-safe slug that says something where the name is in Latin letters, with a random tail."""
    latin = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24]
    return f"{latin or 'c'}-{random.token_hex(3)}"


def tenant_sign_up(*, name: str, owner: User, timezone: str = "Asia/Shanghai", brand: str = "") -> Tenant:
    """Make a tenant with `owner` as its first member. Not safe to repeat: each call makes a company."""
    for _ in range(_SLUG_TRIES):
        try:
            with transaction.atomic():
                tenant = Tenant.objects.create(
                    name=name, slug=_free_slug(name), brand=brand or name[:24], timezone=timezone
                )
        except IntegrityError:
            continue
        with tenant_scope(tenant), transaction.atomic():
            Membership.objects.create(tenant=tenant, user=owner, role=Role.OWNER)
            audit.record(
                tenant=tenant, actor=Actor.of_user(owner), verb="tenants.tenant.created", target=tenant
            )
        return tenant
    raise IntegrityError("no free slug")


def invitation_create(*, tenant: Tenant, role: str, actor: Actor, note: str = "") -> tuple[Invitation, str]:
    """A link for one person. Returns the row and the token, which is shown once."""
    require(actor, Permission.MANAGE)
    token = random.token_urlsafe(24)
    with transaction.atomic():
        invitation = Invitation.objects.create(
            tenant=tenant,
            token_digest=digest(token),
            role=Role(role),
            note=note,
            invited_by_id=actor.id,
            expires_at=clock.now() + timedelta(days=INVITATION_DAYS),
        )
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="tenants.invitation.created",
            target=invitation,
            changes={"role": [None, role]},
        )
    return invitation, token


def invitation_revoke(*, tenant: Tenant, invitation_id: int, actor: Actor) -> None:
    """Make an unused link useless. Safe to repeat. Raises Invitation.DoesNotExist for a foreign id."""
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        row = Invitation.objects.select_for_update().get(tenant=tenant, pk=invitation_id)
        if row.accepted_at is None and row.revoked_at is None:
            row.revoked_at = clock.now()
            row.save(update_fields=["revoked_at"])
            audit.record(tenant=tenant, actor=actor, verb="tenants.invitation.revoked", target=row)


def invitation_accept(*, token: str, user: User) -> Tenant:
    """Join by link. One link, one person; a member who clicks again keeps the role held.

    Raises InvitationInvalid when the link is unknown, used, revoked or expired; MemberSuspended for a member who
    may not enter: the link stays unused.
    """
    found = invitation_by_token(token)
    if found is None:
        raise InvitationInvalid
    with tenant_scope(found.tenant_id), transaction.atomic():
        row = Invitation.objects.select_for_update().get(pk=found.pk)
        if row.accepted_at or row.revoked_at or row.expires_at <= clock.now():
            raise InvitationInvalid
        row.accepted_at, row.accepted_by = clock.now(), user
        row.save(update_fields=["accepted_at", "accepted_by"])
        member, created = Membership.objects.get_or_create(
            tenant_id=row.tenant_id, user=user, defaults={"role": row.role}
        )
        if member.suspended_at:
            raise MemberSuspended
        if member.ended_at:
            member.role, member.ended_at = row.role, None
            member.save(update_fields=["role", "ended_at"])
        audit.record(
            tenant=found.tenant,
            actor=Actor.of_user(user),
            verb="tenants.member.joined",
            target=member,
            changes={"role": [None, member.role]} if created else {},
        )
    return found.tenant


def _other_owner_exists(tenant: Tenant, member: Membership) -> bool:
    owners = Membership.objects.select_for_update().filter(
        tenant=tenant, role=Role.OWNER, ended_at=None, suspended_at=None
    )
    return any(row.pk != member.pk for row in owners)


def member_set_role(*, tenant: Tenant, member_id: int, role: str, actor: Actor) -> Membership:
    """Give a member another role. Raises LastOwner, NotPermitted. Safe to repeat."""
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        member = Membership.objects.select_for_update().get(tenant=tenant, pk=member_id, ended_at=None)
        before = member.role
        if before == Role.OWNER and role != Role.OWNER and not _other_owner_exists(tenant, member):
            raise LastOwner
        member.role = Role(role)
        member.save(update_fields=["role"])
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="tenants.member.role_changed",
            target=member,
            changes={"role": [before, role]},
        )
    return member


def member_remove(*, tenant: Tenant, member_id: int, actor: Actor) -> None:
    """End a membership; the row stays for the history. Raises LastOwner, NotPermitted."""
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        member = Membership.objects.select_for_update().get(tenant=tenant, pk=member_id, ended_at=None)
        if member.role == Role.OWNER and not _other_owner_exists(tenant, member):
            raise LastOwner
        member.ended_at = clock.now()
        member.save(update_fields=["ended_at"])
        audit.record(tenant=tenant, actor=actor, verb="tenants.member.removed", target=member)


def member_let_in(*, tenant: Tenant, name: str, role: str, actor: Actor) -> Membership:
    """A new member who signs in by WeCom only: without an address and a password. Not safe to repeat."""
    require(actor, Permission.MANAGE)
    address = f"{random.token_hex(10)}{User.NO_ADDRESS}"
    with transaction.atomic():
        user = User.objects.create_user(address, None, name=name[:64])
        member = Membership.objects.create(tenant=tenant, user=user, role=Role(role))
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="tenants.member.let_in",
            target=member,
            changes={"role": [None, role]},
        )
    return member


def member_suspend(*, tenant: Tenant, member_id: int, why: str, actor: Actor) -> bool:
    """Keep a member out until an owner lets them in again. Returns whether it is so now. Safe to repeat.

    The last owner stays: a company nobody can enter helps nobody. That is recorded too, so that people see it.
    In the caller's transaction, or one of its own.
    """
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        member = Membership.objects.select_for_update().get(tenant=tenant, pk=member_id)
        if not member.may_enter:
            return True
        is_last = member.role == Role.OWNER and not _other_owner_exists(tenant, member)
        if not is_last:
            member.suspended_at, member.suspended_for = clock.now(), Suspension(why)
            member.save(update_fields=["suspended_at", "suspended_for"])
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="tenants.member.kept" if is_last else "tenants.member.suspended",
            target=member,
            reason=str(Suspension(why).label),
        )
    return not is_last


def member_resume(*, tenant: Tenant, member_id: int, actor: Actor) -> Membership:
    """Let a suspended member in again. Safe to repeat. Raises NotPermitted, Membership.DoesNotExist."""
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        member = Membership.objects.select_for_update().get(tenant=tenant, pk=member_id, ended_at=None)
        if member.suspended_at is not None:
            member.suspended_at, member.suspended_for = None, ""
            member.save(update_fields=["suspended_at", "suspended_for"])
            audit.record(tenant=tenant, actor=actor, verb="tenants.member.resumed", target=member)
    return member


def api_key_create(*, tenant: Tenant, name: str, actor: Actor) -> tuple[ApiKey, str]:
    """A key for the event API. Returns the row and the secret, which is shown once."""
    require(actor, Permission.MANAGE)
    token = f"qk_{random.token_urlsafe(32)}"
    with transaction.atomic():
        key = ApiKey.objects.create(
            tenant=tenant, name=name, prefix=token[:8], digest=digest(token), created_by_id=actor.id
        )
        audit.record(tenant=tenant, actor=actor, verb="tenants.api_key.created", target=key)
    return key, token


def api_key_used(*, key: ApiKey) -> None:
    """Note that a key was used, at most once a minute. Safe to repeat."""
    now = clock.now()
    if key.last_used_at is not None and now - key.last_used_at < KEY_USE_NOTED_EVERY:
        return
    with tenant_scope(key.tenant_id):
        ApiKey.objects.filter(tenant_id=key.tenant_id, pk=key.pk).update(last_used_at=now)


def api_key_revoke(*, tenant: Tenant, key_id: int, actor: Actor) -> None:
    """Make a key useless at once. Safe to repeat."""
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        key = ApiKey.objects.select_for_update().get(tenant=tenant, pk=key_id)
        if key.revoked_at is None:
            key.revoked_at = clock.now()
            key.save(update_fields=["revoked_at"])
            audit.record(tenant=tenant, actor=actor, verb="tenants.api_key.revoked", target=key)


def preference_set(*, tenant: Tenant, setting: preferences.Declared, raw: Any, actor: Actor) -> Any:
    """Store a tenant's own value. Raises PreferenceInvalid, NotPermitted. Returns the typed value."""
    require(actor, Permission.MANAGE)
    typed = preferences.parse(setting, raw)
    stored = typed.isoformat("minutes") if hasattr(typed, "isoformat") else typed
    with transaction.atomic():
        before = preferences.value(tenant.pk, setting)
        Preference.objects.update_or_create(tenant=tenant, key=setting.key, defaults={"value": stored})
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="tenants.preference.set",
            target=tenant,
            changes={setting.key: [str(before), str(typed)]},
        )
    return typed


def user_update(*, user: User, name: str | None = None, language: str | None = None) -> User:
    """A user's own name and language. Safe to repeat; what is None stays."""
    changed = {field: value for field, value in (("name", name), ("language", language)) if value is not None}
    for field, value in changed.items():
        setattr(user, field, value)
    if changed:
        user.save(update_fields=list(changed))
    return user
