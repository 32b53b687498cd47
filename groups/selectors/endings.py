"""How far a group's end is (R13): its tasks, and who has not come along to the next group."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from groups.enums import EndKind, EndState
from groups.models import EndTask, Group, Member

ORDER = list(EndKind.values)


def end_tasks(*, tenant_id: int, group_id: int) -> list[EndTask]:
    """The tasks of one group's end in their order; cancelled ones too."""
    rows = EndTask.objects.filter(tenant_id=tenant_id, group_id=group_id).select_related("owner", "target")
    return sorted(rows, key=lambda row: ORDER.index(row.kind))


def is_ended(group: Group) -> bool:
    """Whether every task of the group's end is done; False where none was laid out."""
    states = EndTask.objects.filter(tenant_id=group.tenant_id, group=group).values_list("state", flat=True)
    return bool(states) and set(states) == {EndState.DONE}


def end_tasks_open(*, tenant_id: int, group_ids: Iterable[int]) -> QuerySet[EndTask]:
    """Tasks that wait."""
    return EndTask.objects.filter(tenant_id=tenant_id, group_id__in=list(group_ids), state=EndState.OPEN)


def ending_open(group: Group) -> QuerySet[EndTask]:
    """The closing tasks of one group that wait."""
    return end_tasks_open(tenant_id=group.tenant_id, group_ids=[group.pk])


@dataclass(frozen=True)
class Handover:
    """Customers of a closing group and which of them already sit in the next one. None: nobody knows yet."""

    total: int
    over: int
    left: list[Member]


def handover_of(*, group: Group, target: Group) -> Handover:
    """Who of the customers now in `group` sits in `target` too. Two queries."""
    rows = Member.objects.filter(tenant_id=group.tenant_id, left_at=None, is_staff=False)
    there = set(rows.filter(group=target).values_list("userid", flat=True))
    here = list(rows.filter(group=group).select_related("customer").order_by("joined_at", "pk"))
    left = [row for row in here if row.userid not in there]
    return Handover(total=len(here), over=len(here) - len(left), left=left)
