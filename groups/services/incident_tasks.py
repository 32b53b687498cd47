"""What has to be done in an incident: the playbook's steps and our own, on Today of whoever they are given to."""

from datetime import datetime

from django.db import transaction

from groups.enums import EntryKind
from groups.errors import IncidentUnknown, ReasonNeeded
from groups.models import Incident, IncidentTask
from groups.services.incidents import TASK, entry_add, incident_locked, incident_url
from team.enums import Bucket, WorkKind, WorkState
from team.services import work_item_close, work_item_put
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.spoken import spoken
from tenants.words import say


def task_add(
    *,
    tenant: Tenant,
    incident_id: int,
    text: str,
    staff_id: int | None,
    due_at: datetime | None,
    actor: Actor,
) -> IncidentTask:
    """Give somebody something to do; it stands on that person's Today. Not safe to repeat: each is a task.

    Raises ReasonNeeded (no words), IncidentUnknown, IncidentOver, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if not text.strip():
        raise ReasonNeeded
    with transaction.atomic():
        incident = incident_locked(tenant, incident_id)
        last = incident.tasks.order_by("-position").values_list("position", flat=True).first()
        task = IncidentTask.objects.create(
            tenant=tenant, incident=incident, text=" ".join(text.split())[:200], staff_id=staff_id, due_at=due_at,
            position=(last or 0) + 1,
        )  # fmt: skip
        _put(tenant, incident, task)
    return task


def task_assign(*, tenant: Tenant, task_id: int, staff_id: int | None, actor: Actor) -> IncidentTask:
    """Give a step to somebody, or to nobody. Safe to repeat. Raises IncidentUnknown, IncidentOver, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        incident, task = _task_locked(tenant, task_id)
        task.staff_id = staff_id
        task.save(update_fields=["staff"])
        if staff_id is None:
            work_item_close(
                tenant_id=tenant.pk, source_kind=TASK, source_id=task.pk, state=WorkState.CANCELLED
            )
        elif task.done_at is None:
            _put(tenant, incident, task)
    return task


def _put(tenant: Tenant, incident: Incident, task: IncidentTask) -> None:
    text = spoken(task, "text")
    room = incident.rooms.order_by("pk").first()
    work_item_put(
        tenant_id=tenant.pk,
        source_kind=TASK,
        source_id=task.pk,
        staff_id=task.staff_id,
        group_id=room.group_id if room else None,
        kind=WorkKind.ALERT,
        bucket=Bucket.MUST,
        title=say("Drill: %(title)s") % {"title": text} if incident.is_drill else text,
        script=task.words,
        reason=spoken(incident, "title"),
        rule_code="INCIDENT",
        starts_at=clock.now(),
        due_at=task.due_at,
        url=incident_url(incident, tenant),
        verb_label=say("Open the room"),
    )


def _task_locked(tenant: Tenant, task_id: int, *, must_run: bool = True) -> tuple[Incident, IncidentTask]:
    """The incident's lock first, as everywhere. Raises IncidentUnknown, IncidentOver."""
    known = IncidentTask.objects.filter(tenant=tenant, pk=task_id).first()
    if known is None:
        raise IncidentUnknown
    incident = incident_locked(tenant, known.incident_id, must_run=must_run)
    return incident, IncidentTask.objects.select_for_update(of=("self",)).get(tenant=tenant, pk=task_id)


def task_set_done(
    *, tenant: Tenant, task_id: int, is_done: bool, actor: Actor, from_item: bool = False
) -> IncidentTask:
    """Tick a task, or take the tick back; the timeline says who. Safe to repeat.

    `from_item`: said on the work item itself, which then opens and closes with it. Raises IncidentUnknown,
    NotPermitted. Also after the incident is over: the review is a task.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        incident, task = _task_locked(tenant, task_id, must_run=False)
        if bool(task.done_at) == is_done:
            return task
        task.done_at, task.done_by = (clock.now(), actor.name[:128]) if is_done else (None, "")
        task.save(update_fields=["done_at", "done_by"])
        said = say("Done: %(task)s") if is_done else say("Not done after all: %(task)s")
        entry_add(
            incident=incident, kind=EntryKind.TASK, text=said % {"task": spoken(task, "text")}, by=actor.name
        )
        if is_done:
            work_item_close(tenant_id=tenant.pk, source_kind=TASK, source_id=task.pk, by=actor.name)
        elif not from_item and not incident.is_over and (task.staff_id is not None or not task.key):
            _put(tenant, incident, task)
    return task
