"""Names for several groups in one act; in WeCom only a person renames, so the owner gets a task (R10, R115)."""

from collections.abc import Sequence

from django.db import transaction

from groups.errors import NamesRefused
from groups.models import Group
from groups.policies.naming import judged_names
from groups.selectors.naming import name_plan, names_taken
from groups.services.glance import glance_refresh
from groups.services.rename_tasks import rename_ask, rename_settle
from groups.services.setup import assign, group_plan, locked_group
from tenants import audit
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def names_apply(
    *, tenant: Tenant, names: Sequence[tuple[int | None, str]], series: str, actor: Actor
) -> list[Group]:
    """Give each group its name, all or none; None plans a new group under that name. Returns the groups.

    A group that WeCom shows under another name becomes a task of its owner. Naming existing groups is safe to repeat;
    each None plans one more. Raises NamesRefused when a name breaks a rule or is taken, GroupUnknown, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        ids = sorted(group_id for group_id, _name in names if group_id is not None)
        known = {group_id: locked_group(tenant, group_id) for group_id in ids}
        rows = judged_names(
            [name for _id, name in names],
            plan=name_plan(tenant=tenant, series=series, group_ids=ids),
            taken=names_taken(tenant_id=tenant.pk, apart_from=ids),
        )
        refused = [row for row in rows if row.stops]
        if refused:
            raise NamesRefused([(row.name, row.wrong[0][1]) for row in refused])
        found = []
        for (group_id, _given), row in zip(names, rows, strict=True):
            if group_id is None:
                found.append(group_plan(tenant=tenant, name=row.name, series=series, actor=actor))
            else:
                found.append(_rename(tenant, known[group_id], row.name, series, actor))
        glance_refresh(tenant=tenant, group_ids=ids)
    return found


def _rename(tenant: Tenant, group: Group, name: str, series: str, actor: Actor) -> Group:
    changes = assign(group, {"planned_name": name, **({"series": series} if series else {})})
    if changes:
        group.save(update_fields=list(changes))
        audit.record(tenant=tenant, actor=actor, verb="groups.group.edited", target=group, changes=changes)
    if group.chat_id and group.name != name:
        rename_ask(tenant=tenant, group=group)
    else:
        rename_settle(group=group, shown=group.name)
    return group
