"""What team itself hands over: work items that wait, and whose backup somebody is."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from team.models import StaffProfile, WorkItem
from team.services.handover import LEAVER, OPEN_STATES, Move, Part, renamed


def _items(*, tenant_id: int, staff_id: int) -> QuerySet:
    rows = WorkItem.objects.filter(tenant_id=tenant_id, staff_id=staff_id, state__in=OPEN_STATES)
    return rows.exclude(source_kind=LEAVER).order_by("due_at", "pk")


def _covered(*, tenant_id: int, staff_id: int) -> QuerySet:
    return (
        StaffProfile.objects.filter(tenant_id=tenant_id, backup_id=staff_id)
        .select_related("staff")
        .order_by("pk")
    )


def _move_covered(one: Move) -> int:
    """Nobody is one's own backup."""
    held = _covered(tenant_id=one.tenant.pk, staff_id=one.giver.pk)
    own = StaffProfile.objects.filter(pk__in=[row.pk for row in held], staff=one.taker).update(backup=None)
    rest = StaffProfile.objects.filter(tenant=one.tenant, backup=one.giver).update(backup=one.taker)
    WorkItem.objects.filter(tenant=one.tenant, cover=one.giver).update(cover=one.taker)
    return own + rest


PARTS = [
    Part("tasks", _("Tasks that wait"), _items, renamed(_items, "staff"), order=80,
         line=lambda row: (row.title, " · ".join(one for one in (row.detail, row.reason) if one))),
    Part("backups", _("Colleagues whose backup they are"), _covered, _move_covered, order=90,
         line=lambda row: (str(row.staff), "")),
]  # fmt: skip
