"""Stop and resume all sends to groups (R25): one action for many groups, with a reason, in the record."""

from collections.abc import Callable

from django.db import transaction

from groups.errors import GroupUnknown, ReasonNeeded
from groups.events import GroupsFrozen, GroupsUnfrozen
from groups.models import Group
from outbox.services import publish
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def group_freeze(*, tenant: Tenant, group_ids: list[int], reason: str, actor: Actor) -> list[Group]:
    """Nothing more goes out to these groups: planned touches are refused by the gate, queued ones are stopped.

    Returns the groups newly frozen. Safe to repeat. Raises ReasonNeeded, GroupUnknown (then none is frozen).
    """
    now = clock.now()

    def freeze(group: Group) -> bool:
        if group.frozen_at is not None:
            return False
        group.frozen_at, group.freeze_reason = now, reason.strip()[:200]
        return True

    return _each(tenant, group_ids, reason, actor, freeze, verb="groups.group.frozen", event=GroupsFrozen)


def group_unfreeze(*, tenant: Tenant, group_ids: list[int], reason: str, actor: Actor) -> list[Group]:
    """Sends may go out again; what was stopped meanwhile stays stopped. Raises like group_freeze."""

    def unfreeze(group: Group) -> bool:
        if group.frozen_at is None:
            return False
        group.frozen_at, group.freeze_reason = None, ""
        return True

    return _each(
        tenant, group_ids, reason, actor, unfreeze, verb="groups.group.unfrozen", event=GroupsUnfrozen
    )


def _each(
    tenant: Tenant,
    group_ids: list[int],
    reason: str,
    actor: Actor,
    change: Callable[[Group], bool],
    *,
    verb: str,
    event: type[GroupsFrozen] | type[GroupsUnfrozen],
) -> list[Group]:
    require(actor, Permission.OPERATE)
    if not reason.strip():
        raise ReasonNeeded
    wanted = sorted(set(group_ids))
    with transaction.atomic():
        groups = list(
            Group.objects.select_for_update(of=("self",)).filter(tenant=tenant, pk__in=wanted).order_by("pk")
        )
        if len(groups) != len(wanted):
            raise GroupUnknown
        changed = [group for group in groups if change(group)]
        if changed:
            Group.objects.filter(tenant=tenant, pk__in=[group.pk for group in changed]).update(
                frozen_at=changed[0].frozen_at, freeze_reason=changed[0].freeze_reason
            )
            audit.record_many(tenant=tenant, actor=actor, verb=verb, targets=changed, reason=reason.strip())
            publish(
                event(
                    tenant_id=tenant.pk,
                    occurred_at=clock.now(),
                    group_ids=[group.pk for group in changed],
                    reason=reason.strip()[:200],
                )
            )
    return changed
