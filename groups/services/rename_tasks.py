"""The owner's task to rename a group in WeCom: only a person can (R10, R115)."""

from django.urls import reverse

from groups.models import Group
from team.enums import Bucket, WorkKind, WorkState
from team.selectors import work_items_of
from team.services import work_item_close, work_item_put
from tenants.models import Tenant
from tenants.words import say

SOURCE = "groups.rename"


def rename_ask(*, tenant: Tenant, group: Group) -> None:
    """Ask the owner to give the group its planned name. In the caller's transaction; safe to repeat."""
    work_item_put(
        tenant_id=tenant.pk,
        source_kind=SOURCE,
        source_id=group.pk,
        staff_id=group.owner_id,
        group_id=group.pk,
        kind=WorkKind.SOP_TASK,
        bucket=Bucket.REMIND,
        title=say("Rename “%(name)s” in WeCom") % {"name": group.name},
        detail=say(
            "In WeCom: open the group, ··· at the top right, group name. It closes by itself once WeCom shows it."
        ),
        script=group.planned_name,
        reason=say("WeCom lets only people rename a group."),
        rule_code="NAME-05",
        url=reverse("groups:detail", kwargs={"tenant_slug": tenant.slug, "pk": group.pk}),
        verb_label=say("See the group"),
    )


def rename_settle(*, group: Group, shown: str) -> None:
    """WeCom shows a name: a task to rename is closed when it is the planned one. Safe to repeat."""
    if group.planned_name and shown == group.planned_name:
        work_item_close(
            tenant_id=group.tenant_id, source_kind=SOURCE, source_id=group.pk, state=WorkState.DONE
        )


def rename_follow(*, tenant: Tenant, group: Group) -> None:
    """Another name is planned now: a task that waits asks for that one, or is done when WeCom shows it already.

    In the caller's transaction; safe to repeat.
    """
    item = work_items_of(tenant_id=tenant.pk, source_kind=SOURCE, source_ids=[group.pk]).get(group.pk)
    if item is None or not item.waits:
        return
    if group.planned_name and group.name != group.planned_name:
        rename_ask(tenant=tenant, group=group)
    else:
        work_item_close(
            tenant_id=tenant.pk, source_kind=SOURCE, source_id=group.pk, state=WorkState.CANCELLED
        )
