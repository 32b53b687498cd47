"""One action freezes every pending send of an incident's groups, and says how long that took (R25)."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from groups.enums import EntryKind
from groups.errors import ReasonNeeded
from groups.models import Incident, IncidentGroup, IncidentTask
from groups.selectors.incidents import groups_held_elsewhere, held_sends
from groups.services.freezing import group_freeze
from groups.services.incidents import entry_add, incident_lift, incident_locked
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import Words, say_count, say_list

FREEZE_STEP = "freeze"


def incident_freeze(
    *, tenant: Tenant, incident_id: int, actor: Actor, group_ids: Iterable[int] | None = None
) -> Incident:
    """Freeze the chosen groups of an incident, all of them without `group_ids`. Safe to repeat.

    The incident holds what it froze and what another incident holds too; a group that somebody had frozen before is
    not its to resume. A drill writes down what would stop and touches nothing. Raises IncidentUnknown, IncidentOver,
    NotPermitted.
    """
    require(actor, Permission.OPERATE)
    began = clock.now()
    with transaction.atomic():
        incident = incident_locked(tenant, incident_id)
        rooms = IncidentGroup.objects.filter(tenant=tenant, incident=incident)
        if group_ids is not None:
            rooms = rooms.filter(group_id__in=list(group_ids))
        ids = sorted(rooms.values_list("group_id", flat=True))
        held = held_sends(tenant_id=tenant.pk, group_ids=ids, since=None)
        if incident.is_drill:
            _rehearse(incident, len(ids), held.waiting if held else None, actor)
            return incident
        reason = _("Incident: %(title)s") % {"title": incident.title}
        known = set(
            rooms.filter(frozen_at__isnull=False, released_at=None).values_list("group_id", flat=True)
        )
        changed = group_freeze(tenant=tenant, group_ids=ids, reason=reason, actor=actor) if ids else []
        fresh = {group.pk for group in changed}
        shared = (
            groups_held_elsewhere(tenant_id=tenant.pk, incident_id=incident.pk, group_ids=ids) - known - fresh
        )
        if incident.frozen_at is not None and not fresh and not shared:
            return incident  # pressed again: what the first press stopped, and how fast, stays told
        rooms.filter(group_id__in=fresh | shared).update(frozen_at=began, released_at=None)
        said = _said(len(fresh), len(set(ids) - known - fresh - shared))
        entry_add(incident=incident, kind=EntryKind.FREEZE, text=said, by=actor.name)
        _step_done(incident, actor)
        incident.frozen_at = began
        incident.save(update_fields=["frozen_at"])
    incident.freeze_ms = max(0, round((clock.now() - began).total_seconds() * 1000))
    incident.save(update_fields=["freeze_ms"])
    return incident


def _said(fresh: int, before: int) -> Words:
    said = say_count("Sends to %(n)s group frozen.", "Sends to %(n)s groups frozen.", fresh) % {"n": fresh}
    if not before:
        return said
    more = say_count(
        "%(n)s group was frozen before and stays so when this incident ends.",
        "%(n)s groups were frozen before and stay so when this incident ends.",
        before,
    )
    return say_list((said, more % {"n": before}), " ")


def _rehearse(incident: Incident, groups: int, waiting: int | None, actor: Actor) -> None:
    said = say_count(
        "Drill: %(n)s group would be frozen. Nothing was stopped.",
        "Drill: %(n)s groups would be frozen. Nothing was stopped.",
        groups,
    ) % {"n": groups}
    more = say_count(
        "%(n)s planned send would not go out.", "%(n)s planned sends would not go out.", waiting or 0
    ) % {"n": waiting}
    text = said if waiting is None else say_list((said, more), " ")
    entry_add(incident=incident, kind=EntryKind.FREEZE, text=text, by=actor.name)
    _step_done(incident, actor)


def _step_done(incident: Incident, actor: Actor) -> None:
    """The freeze is the playbook's first step: pressing the button ticks it."""
    IncidentTask.objects.filter(
        tenant_id=incident.tenant_id, incident=incident, key=FREEZE_STEP, done_at=None
    ).update(done_at=clock.now(), done_by=actor.name[:128])


def incident_unfreeze(*, tenant: Tenant, incident_id: int, reason: str, actor: Actor) -> int:
    """Let sends go out again, with a reason; what was stopped stays stopped. Returns to how many groups.

    Raises ReasonNeeded, IncidentUnknown, NotPermitted. Also after the incident is over.
    """
    require(actor, Permission.OPERATE)
    if not reason.strip():
        raise ReasonNeeded
    with transaction.atomic():
        incident = incident_locked(tenant, incident_id, must_run=False)
        return incident_lift(incident=incident, tenant=tenant, reason=reason, actor=actor)
