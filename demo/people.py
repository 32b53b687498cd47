"""The demo's logins: one for each role of one company, and the platform's own administrator."""

from dataclasses import dataclass

from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant, User
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tenants.services import invitation_accept, invitation_create, tenant_sign_up

PASSWORD = "qunce-demo-2026"


@dataclass(frozen=True)
class Login:
    email: str
    name: str
    role: str


LOGINS = (
    Login("owner@qunce.example", "周岚", Role.OWNER),
    Login("leader@qunce.example", "何静", Role.LEADER),
    Login("operator@qunce.example", "林晓", Role.OPERATOR),
    Login("sales@qunce.example", "陈默", Role.SALES),
    Login("viewer@qunce.example", "吴桐", Role.VIEWER),
)
PLATFORM = "platform@qunce.example"


def user_make(email: str, name: str) -> User:
    """The user with this e-mail; made when missing. Safe to repeat."""
    known = User.objects.filter(email=email).first()
    return known or User.objects.create_user(email, PASSWORD, name=name)


def platform_user_make() -> User:
    """The platform's administrator, for /admin/. Safe to repeat."""
    known = User.objects.filter(email=PLATFORM).first()
    return known or User.objects.create_superuser(PLATFORM, PASSWORD, name="平台管理员")


def company_sign_up(name: str, brand: str, email: str, owner_name: str) -> tuple[Tenant, Actor]:
    """A company with its owner. Returns the tenant and the owner as an actor."""
    owner = user_make(email, owner_name)
    tenant = tenant_sign_up(name=name, owner=owner, brand=brand)
    return tenant, Actor.of_user(owner, PERMISSIONS[Role.OWNER])


def colleagues_invite(tenant: Tenant, owner: Actor) -> None:
    """The other roles join by invitation, as people do."""
    for login in LOGINS[1:]:
        with tenant_scope(tenant):
            _, token = invitation_create(tenant=tenant, role=login.role, actor=owner, note=login.name)
        invitation_accept(token=token, user=user_make(login.email, login.name))
