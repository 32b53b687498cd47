"""Names for several groups in one act; in WeCom only a person renames, so the owner gets a task (R10, R115)."""

from collections.abc import Sequence

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from groups.errors import NamesRefused
from groups.models import Group
from groups.policies.naming import judged_names
from groups.selectors.naming import name_plan, names_taken
from groups.services.glance import glance_refresh
from groups.services.setup import assign, group_plan, locked_group
from team.enums import Bucket, WorkKind, WorkState
from team.services import work_item_close, work_item_put
from tenants import audit
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

SOURCE = "groups.rename"


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
        _ask_owner(tenant, group)
    else:
        rename_settle(group=group, shown=group.name)
    return group


def _ask_owner(tenant: Tenant, group: Group) -> None:
    work_item_put(
        tenant_id=tenant.pk,
        source_kind=SOURCE,
        source_id=group.pk,
        staff_id=group.owner_id,
        group_id=group.pk,
        kind=WorkKind.SOP_TASK,
        bucket=Bucket.REMIND,
        title=_("Rename “%(name)s” in WeCom") % {"name": group.name},
        detail=_(
            "In WeCom: open the group, ··· at the top right, group name. It closes by itself once WeCom shows it."
        ),
        script=group.planned_name,
        reason=_("WeCom lets only people rename a group."),
        rule_code="NAME-05",
        url=reverse("groups:detail", kwargs={"tenant_slug": tenant.slug, "pk": group.pk}),
        verb_label=_("See the group"),
    )


def rename_settle(*, group: Group, shown: str) -> None:
    """WeCom shows a name: a task to rename is closed when it is the planned one. Safe to repeat."""
    if group.planned_name and shown == group.planned_name:
        work_item_close(
            tenant_id=group.tenant_id, source_kind=SOURCE, source_id=group.pk, state=WorkState.DONE
        )
