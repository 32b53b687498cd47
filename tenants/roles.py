"""Role -> permissions: the one table that views, services and tests read (R122)."""

from tenants.enums import Permission, Role

_ALL = frozenset(Permission)
PERMISSIONS: dict[str, frozenset[str]] = {
    Role.OWNER: _ALL,
    Role.LEADER: _ALL - {Permission.MANAGE},
    Role.OPERATOR: frozenset({Permission.VIEW, Permission.WORK, Permission.OPERATE, Permission.SEE_PERSONAL}),
    Role.SALES: frozenset({Permission.VIEW, Permission.WORK, Permission.SEE_PERSONAL}),
    Role.VIEWER: frozenset({Permission.VIEW}),
}


def allows(role: str, permission: str) -> bool:
    """Whether a role may do a thing. An unknown role may do nothing."""
    return permission in PERMISSIONS.get(role, frozenset())
