"""Say that a group owes no weekly plan, and why; or that it owes one again (R61)."""

from django.db import transaction

from groups.errors import GroupUnknown, WeekReasonMissing
from groups.models import Group, WeekExempt
from groups.services.week_alerts import week_alerts_bring_up
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def week_exempt_set(*, tenant: Tenant, group_id: int, reason: str, actor: Actor) -> None:
    """A reason frees the group of its weekly plan, "" takes that back; the alert follows at once. Safe to repeat.

    Raises GroupUnknown, WeekReasonMissing for a reason of blanks, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if reason and not reason.strip():
        raise WeekReasonMissing
    with transaction.atomic():
        group = Group.objects.select_for_update().filter(tenant=tenant, pk=group_id).first()
        if group is None:
            raise GroupUnknown
        rows = WeekExempt.objects.filter(tenant=tenant, group=group)
        before = rows.first()
        if reason:
            values = {"reason": reason.strip()[:200], "at": clock.now(), "by": actor.name[:64]}
            WeekExempt.objects.update_or_create(tenant=tenant, group=group, defaults=values)
        else:
            rows.delete()
        if (before.reason if before else "") != reason.strip():
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="groups.week.exempted" if reason else "groups.week.owed",
                target=group,
                changes={"reason": [before.reason if before else None, reason.strip() or None]},
                reason=reason.strip(),
            )
        week_alerts_bring_up(tenant=tenant, group_ids=[group.pk])
