"""Members who help (R22): suggested, invited, helping, ended; and the tasks they take over."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from groups.enums import FIRST_DAYS, KOC_MOVES, HelperRole, KocState
from groups.errors import GroupUnknown, KocInvalid, ReasonNeeded
from groups.models import Group, HelperTask, Koc, Member
from groups.policies.koc import origin_of
from groups.selectors.koc import suggestions
from team.enums import Bucket, WorkKind, WorkState
from team.services import work_item_close, work_item_put, work_items_close
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import say

INVITE, TASK = "groups.koc_invite", "groups.helper_task"


def koc_add(*, tenant: Tenant, group_id: int, customer_id: int, actor: Actor) -> Koc:
    """Make a member of the group a candidate, with what speaks for it now. Safe to repeat.

    Raises GroupUnknown, KocInvalid for somebody who does not sit in the group, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        group = Group.objects.filter(tenant=tenant, pk=group_id).first()
        if group is None:
            raise GroupUnknown
        seat = Member.objects.filter(
            tenant=tenant, group=group, customer_id=customer_id, left_at=None, is_staff=False
        ).first()
        if seat is None:
            raise KocInvalid
        found = suggestions(group=group, customer_id=customer_id)
        row, is_new = Koc.objects.get_or_create(
            tenant=tenant, group=group, customer_id=customer_id,
            defaults={
                "added_by": actor.name[:128], "evidence": found[0].evidence if found else {},
                "origin": origin_of(
                    joined_at=seat.joined_at, made_at=group.created_at,
                    was_invited_with=seat.is_creation_invitee,
                    first_days=preferences.value(tenant.pk, FIRST_DAYS),
                ),
            },
        )  # fmt: skip
        if is_new:
            _record(tenant, row, "groups.koc.added", actor)
    return row


def koc_move(*, tenant: Tenant, koc_id: int, state: str, actor: Actor, reason: str = "") -> Koc:
    """One step of the way. An invitation is a task for the owner; ending needs a reason. Saying it twice is safe.

    Raises Koc.DoesNotExist, KocInvalid, ReasonNeeded, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _locked(tenant, koc_id)
        before = row.state
        if before == state:
            return row
        if state not in KOC_MOVES.get(before, frozenset()):
            raise KocInvalid
        if state == KocState.ENDED and not reason.strip():
            raise ReasonNeeded
        now = clock.now()
        row.state = state
        row.helper_at = now if state == KocState.HELPER else row.helper_at
        row.ended_at = now if state == KocState.ENDED else None
        row.ended_reason = reason.strip()[:200] if state == KocState.ENDED else ""
        row.save(update_fields=["state", "helper_at", "ended_at", "ended_reason"])
        if state == KocState.INVITED:
            _ask_owner(tenant, row)
        else:
            done = WorkState.DONE if state == KocState.HELPER else WorkState.CANCELLED
            work_item_close(tenant_id=tenant.pk, source_kind=INVITE, source_id=row.pk, state=done)
        if state == KocState.ENDED:
            _drop_tasks(tenant.pk, [row.pk])
        _record(tenant, row, "groups.koc.moved", actor, {"state": [before, state]}, reason)
    return row


def koc_edit(
    *, tenant: Tenant, koc_id: int, privileges: str, origin: str, actor: Actor, role: str | None = None
) -> Koc:
    """What the person gets for helping, where the person comes from, and the role (R130); None leaves it as it is.

    Raises Koc.DoesNotExist, KocInvalid for an unknown role, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if role and role not in HelperRole.values:
        raise KocInvalid
    with transaction.atomic():
        row = _locked(tenant, koc_id)
        changes = {"privileges": [row.privileges, privileges.strip()[:300]], "origin": [row.origin, origin]}
        if role is not None:
            changes["role"] = [row.role, role]
            row.role = role
        row.privileges, row.origin = privileges.strip()[:300], origin
        row.save(update_fields=["privileges", "origin", "role"])
        changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
        if changes:
            _record(tenant, row, "groups.koc.edited", actor, changes)
    return row


def koc_left(*, tenant_id: int, group_ids: set[int], customer_ids: set[int]) -> int:
    """People left their groups: they help there no more. Returns how many. Safe to repeat."""
    sits = Member.objects.filter(
        tenant_id=tenant_id, group_id__in=group_ids, customer_id__in=customer_ids, left_at=None
    )
    here = set(sits.values_list("group_id", "customer_id"))
    rows = Koc.objects.filter(tenant_id=tenant_id, group_id__in=group_ids, customer_id__in=customer_ids)
    gone = [
        row.pk for row in rows.exclude(state=KocState.ENDED) if (row.group_id, row.customer_id) not in here
    ]
    if gone:
        Koc.objects.filter(tenant_id=tenant_id, pk__in=gone).update(
            state=KocState.ENDED, ended_at=clock.now(), ended_reason=_("Left the group")
        )
        work_items_close(tenant_id=tenant_id, source_kind=INVITE, source_ids=gone)
        _drop_tasks(tenant_id, gone)
    return len(gone)


def helper_task_add(
    *, tenant: Tenant, koc_id: int, title: str, due_on: date | None, actor: Actor
) -> HelperTask:
    """Something a helper takes over; the owner gets the task of asking. Raises KocInvalid unless the person helps."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _locked(tenant, koc_id)
        if row.state != KocState.HELPER or not title.strip():
            raise KocInvalid
        task = HelperTask.objects.create(
            tenant=tenant, koc=row, title=title.strip()[:120], due_on=due_on, created_by=actor.name[:128]
        )
        due_at = clock.day_bounds(due_on, tenant.timezone)[1] if due_on else None
        work_item_put(
            tenant_id=tenant.pk, source_kind=TASK, source_id=task.pk, **_item(tenant, row),
            title=say("Helper %(name)s: %(task)s") % {"name": row, "task": task.title},
            detail=say("Ask the helper in time; say that it is done when it is."), due_at=due_at,
            reason=say("A task of a helper in %(group)s") % {"group": row.group},
        )  # fmt: skip
        _record(tenant, row, "groups.koc.task_added", actor, {"task": [None, task.title]})
    return task


def helper_task_act(*, tenant: Tenant, task_id: int, verb: str, actor: Actor) -> HelperTask:
    """Say "done", or "undo" to take that back. Safe to repeat. Raises HelperTask.DoesNotExist, NotPermitted."""
    require(actor, Permission.WORK)
    with transaction.atomic():
        task = HelperTask.objects.select_for_update().get(tenant=tenant, pk=task_id)
        is_done = verb == "done"
        if is_done != (task.done_at is not None):
            task.done_at = clock.now() if is_done else None
            task.done_by = actor.name[:128] if is_done else ""
            task.save(update_fields=["done_at", "done_by"])
    return task


def helper_task_close(*, tenant: Tenant, task_id: int, verb: str, actor: Actor) -> HelperTask:
    """The same from the group's page: the owner's item follows."""
    with transaction.atomic():
        task = helper_task_act(tenant=tenant, task_id=task_id, verb=verb, actor=actor)
        if verb == "done":
            work_item_close(tenant_id=tenant.pk, source_kind=TASK, source_id=task.pk, by=actor.name)
        else:
            work_item_put(tenant_id=tenant.pk, source_kind=TASK, source_id=task.pk, state=WorkState.OPEN)
    return task


def _locked(tenant: Tenant, koc_id: int) -> Koc:
    rows = Koc.objects.select_for_update(of=("self",)).select_related("group", "customer")
    return rows.get(tenant=tenant, pk=koc_id)


def _item(tenant: Tenant, row: Koc) -> dict[str, Any]:
    url = reverse("groups:detail", kwargs={"tenant_slug": tenant.slug, "pk": row.group_id})
    return {
        "staff_id": row.group.owner_id, "group_id": row.group_id, "kind": WorkKind.CHECK,
        "bucket": Bucket.REMIND, "url": f"{url}?tab=koc", "verb_label": say("See the helpers"),
    }  # fmt: skip


def _ask_owner(tenant: Tenant, row: Koc) -> None:
    gets = _("What you get: %(what)s") % {"what": row.privileges} if row.privileges else ""
    words = _("%(name)s, you help so many here. Would you like to help me look after the group?")
    work_item_put(
        tenant_id=tenant.pk, source_kind=INVITE, source_id=row.pk, **_item(tenant, row),
        title=say("Invite %(name)s to help in %(group)s") % {"name": row, "group": row.group},
        detail=say("Ask in a private chat; then say on the group's page whether the person helps."),
        script=" ".join(part for part in (words % {"name": row}, gets) if part),
        script_source=say("Suggested words; make them your own"),
        reason=say("Warm, active and known for long"),
    )  # fmt: skip


def _drop_tasks(tenant_id: int, koc_ids: Iterable[int]) -> None:
    open_now = HelperTask.objects.filter(tenant_id=tenant_id, koc_id__in=list(koc_ids), done_at=None)
    work_items_close(
        tenant_id=tenant_id, source_kind=TASK, source_ids=list(open_now.values_list("pk", flat=True))
    )


def _record(
    tenant: Tenant, row: Koc, verb: str, actor: Actor, changes: dict[str, Any] | None = None, reason: str = ""
) -> None:
    told = {"koc": [None, str(row)], **(changes or {})}
    audit.record(tenant=tenant, actor=actor, verb=verb, target=row.group, changes=told, reason=reason)
