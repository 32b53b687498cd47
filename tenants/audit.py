"""The audit trail (R129): who did what, with the values before and after. Rows are never changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import models

from tenants.models import AuditEntry

if TYPE_CHECKING:
    from tenants.models import Tenant, User


@dataclass(frozen=True)
class Actor:
    """Who acts: a signed-in user, a staff member on a phone, or the system itself.

    `permissions` are those of the role the actor holds in this tenant; the system holds all.
    """

    kind: str  # "user", "staff", "system"
    id: int | None
    name: str
    permissions: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of_user(cls, user: "User", permissions: frozenset[str] = frozenset()) -> "Actor":
        return cls(kind="user", id=user.pk, name=str(user), permissions=permissions)

    @classmethod
    def of_staff(cls, staff_id: int, name: str, permissions: frozenset[str] = frozenset()) -> "Actor":
        return cls(kind="staff", id=staff_id, name=name, permissions=permissions)


SYSTEM = Actor(kind="system", id=None, name="Qunce")


def record(
    *,
    tenant: "Tenant",
    actor: Actor,
    verb: str,
    target: models.Model | None = None,
    changes: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Write one entry inside the caller's transaction.

    `verb` is "<app>.<entity>.<past>". `changes` maps a field to [before, after], JSON values; never a secret.
    """
    entry = _entry(tenant, actor, verb, target, changes or {}, reason)
    entry.save(force_insert=True)
    return entry


def record_many(
    *,
    tenant: "Tenant",
    actor: Actor,
    verb: str,
    targets: Iterable[models.Model],
    changes: Mapping[Any, dict[str, Any]] | None = None,
    reason: str = "",
) -> None:
    """One entry for each target of one act, in one statement. `changes`: {target's id: as `record` takes them}."""
    told = changes or {}
    AuditEntry.objects.bulk_create(
        _entry(tenant, actor, verb, one, told.get(one.pk, {}), reason) for one in targets
    )


def _entry(
    tenant: "Tenant",
    actor: Actor,
    verb: str,
    target: models.Model | None,
    changes: dict[str, Any],
    reason: str,
) -> AuditEntry:
    return AuditEntry(
        tenant=tenant,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name[:128],
        verb=verb,
        target_kind=target._meta.label_lower if target is not None else "",
        target_id=str(target.pk) if target is not None else "",
        target_name=str(target)[:128] if target is not None else "",
        changes=changes,
        reason=reason[:500],
    )
