"""A person says whom a group is for (R15)."""

from django.db import transaction

from groups.enums import Side
from groups.errors import GroupUnknown, ReasonNeeded
from groups.models import Group
from groups.services.glance import glance_refresh
from tenants import audit
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def group_set_side(*, tenant: Tenant, group_id: int, side: str, reason: str, actor: Actor) -> Group:
    """For new or for old customers, whatever its type says; "" follows the type again. Safe to repeat.

    Raises ReasonNeeded (a change without a reason), GroupUnknown, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    wanted = side if side in Side.values else ""
    with transaction.atomic():
        group = Group.objects.select_for_update(of=("self",)).filter(tenant=tenant, pk=group_id).first()
        if group is None:
            raise GroupUnknown
        if group.own_side == wanted:
            return group
        if not reason.strip():
            raise ReasonNeeded
        before, group.own_side = group.own_side, wanted
        group.save(update_fields=["own_side"])
        audit.record(
            tenant=tenant, actor=actor, verb="groups.group.side_set", target=group, reason=reason.strip()[:200],
            changes={"own_side": [before, wanted]},
        )  # fmt: skip
        glance_refresh(tenant=tenant, group_ids=[group.pk])
        group.refresh_from_db()
    return group
