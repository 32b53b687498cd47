"""Who does which step of a group's set-up by when (R12), what is ticked by hand, and who is told of a late one."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse

from groups.enums import LIVE_STATES, SetupKind, State
from groups.errors import GroupUnknown, StepInvalid
from groups.models import Group, SetupStep
from groups.policies.setup_steps import BY_HAND, STEPS
from groups.selectors import group_facts
from groups.selectors.setup_steps import Checklist, Step, checklists
from team.enums import Bucket, WorkKind, WorkState
from team.selectors import staff_by_id
from team.services import work_items_close, work_items_put
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import say, say_list

SOURCE = "groups.setup_step"
CHUNK = 200


def setup_step_assign(
    *, tenant: Tenant, group_id: int, kind: str, owner_id: int | None, due_on: date | None, actor: Actor
) -> SetupStep:
    """Say who does a step and by when; None: as laid out. Safe to repeat. Raises StepInvalid, GroupUnknown."""
    require(actor, Permission.OPERATE)
    if kind not in STEPS:
        raise StepInvalid
    staff = staff_by_id(tenant_id=tenant.pk, staff_ids=[owner_id] if owner_id is not None else [])
    if owner_id is not None and owner_id not in staff:
        raise StepInvalid
    with transaction.atomic():
        group, row = _step(tenant, group_id, kind)
        before, was = _told(row), (row.owner_id, row.due_on)
        row.owner, row.due_on = staff.get(owner_id or 0), due_on
        row.save(update_fields=["owner", "due_on"])
        if was != (row.owner_id, row.due_on):
            audit.record(
                tenant=tenant, actor=actor, verb="groups.setup.assigned", target=group,
                changes={kind: [before, _told(row)]},
            )  # fmt: skip
        setup_steps_tell(tenant=tenant, groups=[group])
    return row


def _told(row: SetupStep) -> list[str]:
    """Owner and day of a step as the record tells them; [] for as laid out."""
    return [str(one) for one in (row.owner, row.due_on) if one]


def setup_step_tick(
    *, tenant: Tenant, group_id: int, kind: str, is_done: bool, actor: Actor, from_item: bool = False
) -> SetupStep:
    """Say by hand that a step is done, or take that back. Only for what cannot be seen here. Safe to repeat.

    `from_item`: said on the work item itself, which then opens and closes with it.

    Raises StepInvalid, GroupUnknown.
    """
    require(actor, Permission.WORK)
    if kind not in BY_HAND:
        raise StepInvalid
    with transaction.atomic():
        group, row = _step(tenant, group_id, kind)
        if is_done == (row.ticked_at is not None):
            return row
        if is_done and not _may_tick(tenant, group, kind):
            raise StepInvalid
        row.ticked_at, row.ticked_by = (clock.now(), actor.name[:128]) if is_done else (None, "")
        row.save(update_fields=["ticked_at", "ticked_by"])
        audit.record(
            tenant=tenant, actor=actor, verb="groups.setup.ticked" if is_done else "groups.setup.unticked",
            target=group, changes={kind: [not is_done, is_done]},
        )  # fmt: skip
        if not from_item:
            setup_steps_tell(tenant=tenant, groups=[group])
    return row


def setup_item_act(*, tenant: Tenant, step_id: int, is_done: bool, actor: Actor) -> None:
    """What a person says of the work item of a late step. Raises StepInvalid for what only the work itself settles."""
    row = SetupStep.objects.filter(tenant=tenant, pk=step_id).first()
    if row is None:
        raise StepInvalid
    setup_step_tick(
        tenant=tenant, group_id=row.group_id, kind=row.kind, is_done=is_done, actor=actor, from_item=True
    )


def _may_tick(tenant: Tenant, group: Group, kind: str) -> bool:
    facts = group_facts(tenant=tenant, group=group)
    found = checklists(tenant=tenant, groups=[group], facts={group.pk: facts}).get(group.pk)
    if found is None:
        return False
    steps = [*found.steps, *found.steps[-1].parts]
    return any(step.kind == kind and step.may_tick and not step.waits for step in steps)


def _step(tenant: Tenant, group_id: int, kind: str) -> tuple[Group, SetupStep]:
    group = Group.objects.select_for_update(of=("self",)).filter(tenant=tenant, pk=group_id).first()
    if group is None:
        raise GroupUnknown
    row, _made = SetupStep.objects.get_or_create(tenant=tenant, group=group, kind=SetupKind(kind))
    return group, row


def setup_steps_tell(*, tenant: Tenant, groups: Iterable[Group]) -> int:
    """Put a late step before its owner, and take away what is done or no longer late. Returns how many are late.

    In the caller's transaction. Safe to repeat.
    """
    rows = list(groups)
    found = checklists(tenant=tenant, groups=rows)
    late = {
        (row.pk, step.kind): (row, step) for row in rows if row.pk in found for step in found[row.pk].late
    }
    SetupStep.objects.bulk_create(
        [SetupStep(tenant=tenant, group_id=group_id, kind=kind) for group_id, kind in sorted(late)],
        ignore_conflicts=True,
    )
    kept = SetupStep.objects.filter(tenant=tenant, group_id__in=[row.pk for row in rows])
    told = {(one.group_id, one.kind): one for one in kept}
    items = {
        told[key].pk: _item(tenant, *late[key], found[key[0]], due_on)
        for key in sorted(late)
        if (due_on := late[key][1].due_on) is not None
    }
    if items:
        work_items_put(tenant_id=tenant.pk, source_kind=SOURCE, items=items)
    over = [one for key, one in told.items() if one.is_told and key not in late]
    if over:
        work_items_close(
            tenant_id=tenant.pk, source_kind=SOURCE, source_ids=[one.pk for one in over], state=WorkState.DONE
        )
    kept.filter(pk__in=[one.pk for one in over]).update(is_told=False)
    kept.filter(pk__in=list(items)).update(is_told=True)
    return len(late)


def _item(tenant: Tenant, group: Group, step: Step, checklist: Checklist, due_on: date) -> dict[str, Any]:
    number = [one.kind for one in checklist.steps].index(step.kind) + 1
    return {
        "staff_id": step.owner.pk if step.owner else None,
        "group_id": group.pk,
        "kind": WorkKind.ALERT,
        "bucket": Bucket.MUST,
        "title": say("Set up %(group)s, step %(n)s: %(step)s")
        % {"group": group, "n": number, "step": step.label},
        "detail": say_list(step.lacks, "; "),
        "reason": say(
            "%(done)s of %(total)s steps are done; this one is late. It closes by itself once done."
        )
        % {"done": checklist.done, "total": checklist.total},
        "rule_code": "R12",
        "due_at": clock.day_bounds(due_on, tenant.timezone)[1],
        "url": f"{reverse('groups:readiness', args=[tenant.slug, group.pk])}#{step.anchor}",
        "verb_label": say("Do this step"),
    }


def setup_follow(*, tenant: Tenant, group_ids: Iterable[int]) -> None:
    """After something about these groups changed: items of steps that are done now go away. Mostly one query."""
    told = SetupStep.objects.filter(tenant=tenant, group_id__in=list(group_ids), is_told=True)
    waiting = set(told.values_list("group_id", flat=True))
    if waiting:
        setup_steps_tell(tenant=tenant, groups=Group.objects.filter(tenant=tenant, pk__in=waiting))


def setup_night(*, tenant_id: int) -> int:
    """Look at every group that is being set up, some at a time under their locks. Returns how many steps are late. Safe
    to repeat."""
    tenant = Tenant.objects.get(pk=tenant_id)
    since = clock.now() - timedelta(days=60)
    rows = Group.objects.filter(tenant=tenant, starts_on__isnull=False, dismissed_at=None)
    planned = rows.filter(state__in=[State.PLANNING, State.WARMING])
    young = rows.filter(state__in=LIVE_STATES, goes_live_at__gte=since)
    wanted = list((planned | young).order_by("pk").values_list("pk", flat=True))
    late = 0
    for start in range(0, len(wanted), CHUNK):
        with transaction.atomic():
            slice_ = Group.objects.select_for_update(of=("self",)).filter(
                tenant=tenant, pk__in=wanted[start : start + CHUNK]
            )
            late += setup_steps_tell(tenant=tenant, groups=slice_.order_by("pk"))
    return late
