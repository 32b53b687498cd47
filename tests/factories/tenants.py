"""Accounts. Each needs its tenant's scope open, except `make_tenant`."""

import itertools

from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Membership, Tenant, User
from tenants.roles import PERMISSIONS
from tenants.services import tenant_sign_up

_numbers = itertools.count(1)


def make_user(*, name: str = "何静", email: str = "") -> User:
    return User.objects.create_user(
        email or f"person{next(_numbers)}@example.com", "correct-horse-9", name=name
    )


def make_tenant(*, name: str = "小芽英语", owner: User | None = None) -> Tenant:
    return tenant_sign_up(name=name, owner=owner or make_user(), brand=name)


def make_member(*, tenant: Tenant, role: str = Role.OPERATOR, user: User | None = None) -> Membership:
    return Membership.objects.create(tenant=tenant, user=user or make_user(), role=role)


def actor_of(member: Membership) -> Actor:
    """The member, acting with the permissions of the role held."""
    return Actor.of_user(member.user, PERMISSIONS[member.role])
