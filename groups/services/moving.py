"""A group moves along its life (R13): through the gate into running, and on to its end."""

from django.db import transaction

from groups.enums import TRANSITIONS, State
from groups.errors import EndTasksOpen, NotReady, ReasonNeeded, StateRefused
from groups.events import GroupWentLive
from groups.models import Group
from groups.policies.checks import stopping
from groups.selectors import group_facts
from groups.selectors.endings import is_ended
from groups.services.endings import ending_begin, ending_cancel
from groups.services.glance import glance_refresh
from groups.services.setup import locked_group
from groups.services.silence import cases_over
from groups.services.wordings import wordings_keep
from outbox.services import publish
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def group_go_live(*, tenant: Tenant, group_id: int, actor: Actor) -> Group:
    """Let a planned group run: warming until its start day, active from then on. Publishes GroupWentLive.

    Raises NotReady with every check that stops it, StateRefused when the group is live or over already.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        if group.state != State.PLANNING:
            raise StateRefused
        findings = stopping(group_facts(tenant=tenant, group=group))
        if findings:
            raise NotReady(findings)
        now = clock.now()
        is_ahead = group.starts_on is not None and group.starts_on > clock.local_date(now, tenant.timezone)
        group.goes_live_at = now
        wordings_keep(group=group, by=actor.name)
        _move(tenant, group, State.WARMING if is_ahead else State.ACTIVE, actor=actor, reason="")
        publish(GroupWentLive(tenant_id=tenant.pk, occurred_at=now, group_id=group.pk))
    return group


def group_move(*, tenant: Tenant, group_id: int, state: str, actor: Actor, reason: str = "") -> Group:
    """Move a group along its life (R13), by the table TRANSITIONS. Backward moves need a reason, and so does archiving
    unless every closing task is done. Closing lays those tasks out; going on or archiving cancels what waits.

    Going live has its own door, `group_go_live`. Raises StateRefused, ReasonNeeded, GroupUnknown.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        is_gate = group.state == State.PLANNING and state != State.ARCHIVED
        if is_gate or state not in TRANSITIONS[group.state]:
            raise StateRefused
        is_backward = state == State.ACTIVE and group.state in (State.DECLINING, State.CLOSING)
        if not reason.strip() and (is_backward or (state == State.ARCHIVED and not is_ended(group))):
            raise EndTasksOpen if state == State.ARCHIVED and group.state == State.CLOSING else ReasonNeeded
        _move(tenant, group, state, actor=actor, reason=reason.strip())
        if state == State.CLOSING:
            ending_begin(tenant=tenant, group=group)
        elif is_backward or state == State.ARCHIVED:
            ending_cancel(tenant=tenant, group=group)
        if state == State.ARCHIVED:
            cases_over(tenant_id=tenant.pk, group_ids=[group.pk])
    return group


def _move(tenant: Tenant, group: Group, state: str, *, actor: Actor, reason: str) -> None:
    before, group.state = group.state, state
    group.save(update_fields=["state", "goes_live_at"])
    audit.record(
        tenant=tenant, actor=actor, verb="groups.group.moved", target=group, reason=reason,
        changes={"state": [before, state]},
    )  # fmt: skip
    glance_refresh(tenant=tenant, group_ids=[group.pk])
