"""Reads of incidents (R25): the list, the room, what is frozen and what still waits to be sent."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet

from groups.enums import IncidentState
from groups.models import Group, Incident, IncidentEntry, IncidentGroup, IncidentTask

UNDECIDED = (IncidentState.DRAFT, IncidentState.OPEN)


@dataclass(frozen=True)
class Held:
    """Sends to groups: `waiting` may still go out; `stopped` by a freeze since then, the last one at `last_at`."""

    waiting: int = 0
    stopped: int = 0
    last_at: datetime | None = None


HeldSource = Callable[..., Held]
_held: list[HeldSource] = []


def register_held(source: HeldSource) -> None:
    """Say what waits to be sent: `source(tenant_id=, group_ids=, since=) -> Held`; since None: count no stopped ones.

    The last one counts.
    """
    _held[:] = [source]


def held_sends(*, tenant_id: int, group_ids: Iterable[int], since: datetime | None) -> Held | None:
    """The figures of a freeze, or None while nobody tells them."""
    wanted = list(group_ids)
    return _held[0](tenant_id=tenant_id, group_ids=wanted, since=since) if _held and wanted else None


def incident_list(*, tenant_id: int) -> QuerySet[Incident]:
    """All incidents, the newest first, each with `group_count` and `task_open`."""
    return (
        Incident.objects.filter(tenant_id=tenant_id)
        .select_related("owner")
        .annotate(
            group_count=Count("rooms", distinct=True),
            task_open=Count("tasks", filter=Q(tasks__done_at=None), distinct=True),
        )
        .order_by("-opened_at", "-pk")
    )


def incident_get(*, tenant_id: int, incident_id: int) -> Incident:
    """Raises Incident.DoesNotExist, also for another tenant's id."""
    return Incident.objects.select_related("owner").get(tenant_id=tenant_id, pk=incident_id)


def incident_rooms(*, tenant_id: int, incident_id: int) -> list[IncidentGroup]:
    """Its groups by name."""
    rows = IncidentGroup.objects.filter(tenant_id=tenant_id, incident_id=incident_id)
    return list(rows.select_related("group", "group__owner").order_by("group__name", "group_id"))


def incident_entries(*, tenant_id: int, incident_id: int) -> list[IncidentEntry]:
    """Its timeline, the latest first."""
    rows = IncidentEntry.objects.filter(tenant_id=tenant_id, incident_id=incident_id)
    return list(rows.order_by("-at", "-pk"))


def incident_tasks(*, tenant_id: int, incident_id: int) -> list[IncidentTask]:
    """Steps of the playbook, then our own, in their order."""
    rows = IncidentTask.objects.filter(tenant_id=tenant_id, incident_id=incident_id)
    return list(rows.select_related("staff").order_by("position", "pk"))


def incidents_of_group(*, tenant_id: int, group_id: int) -> list[Incident]:
    """Incidents of one group, those not over first, then the newest."""
    rows = Incident.objects.filter(tenant_id=tenant_id, rooms__group_id=group_id)
    return sorted(rows.order_by("-opened_at", "-pk"), key=lambda one: one.is_over)


def incident_running(*, tenant_id: int, group_id: int) -> Incident | None:
    """The real incident of a group that is not over: a second signal belongs to it."""
    rows = Incident.objects.filter(
        tenant_id=tenant_id, rooms__group_id=group_id, state__in=UNDECIDED, is_drill=False
    )
    return rows.order_by("-opened_at", "-pk").first()


def incident_settled_at(*, tenant_id: int, group_id: int) -> datetime | None:
    """When the last real incident of a group was closed or dismissed: what came before is dealt with."""
    rows = Incident.objects.filter(
        tenant_id=tenant_id, rooms__group_id=group_id, is_drill=False, closed_at__isnull=False
    )
    return rows.order_by("-closed_at").values_list("closed_at", flat=True).first()


def groups_held_elsewhere(*, tenant_id: int, incident_id: int, group_ids: Iterable[int]) -> set[int]:
    """Those of the groups that another incident, not over, still keeps frozen."""
    rows = IncidentGroup.objects.filter(
        tenant_id=tenant_id,
        group_id__in=list(group_ids),
        frozen_at__isnull=False,
        released_at=None,
        incident__state__in=UNDECIDED,
    ).exclude(incident_id=incident_id)
    return set(rows.values_list("group_id", flat=True))


def frozen_by(*, tenant_id: int, incident_id: int) -> QuerySet[Group]:
    """Groups that this incident froze and that are frozen now."""
    held = IncidentGroup.objects.filter(
        tenant_id=tenant_id, incident_id=incident_id, frozen_at__isnull=False, released_at=None
    )
    return Group.objects.filter(
        tenant_id=tenant_id, pk__in=held.values("group_id"), frozen_at__isnull=False
    ).order_by(F("name"), "pk")
