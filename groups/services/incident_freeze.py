"""One action freezes every pending send of an incident's groups, and says how long that took (R25)."""

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groups.enums import EntryKind
from groups.errors import ReasonNeeded
from groups.models import Incident, IncidentGroup, IncidentTask
from groups.selectors.incidents import held_sends
from groups.services.freezing import group_freeze
from groups.services.incidents import entry_add, incident_lift, incident_locked
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

FREEZE_STEP = "freeze"


def incident_freeze(
    *, tenant: Tenant, incident_id: int, actor: Actor, group_ids: Iterable[int] | None = None
) -> Incident:
    """Freeze the chosen groups of an incident, all of them without `group_ids`. Safe to repeat.

    A drill writes down what would stop and touches nothing. Raises IncidentUnknown, IncidentOver, NotPermitted.
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
        changed = group_freeze(tenant=tenant, group_ids=ids, reason=reason, actor=actor) if ids else []
        rooms.filter(group_id__in=ids, group__frozen_at__isnull=False).update(
            frozen_at=began, released_at=None
        )
        said = ngettext("Sends to %(n)s group frozen.", "Sends to %(n)s groups frozen.", len(changed))
        entry_add(incident=incident, kind=EntryKind.FREEZE, text=said % {"n": len(changed)}, by=actor.name)
        _step_done(incident, actor)
        incident.frozen_at = began
        incident.save(update_fields=["frozen_at"])
    incident.freeze_ms = max(0, round((clock.now() - began).total_seconds() * 1000))
    incident.save(update_fields=["freeze_ms"])
    return incident


def _rehearse(incident: Incident, groups: int, waiting: int | None, actor: Actor) -> None:
    said = _("Drill: %(n)s groups would be frozen. Nothing was stopped.") % {"n": groups}
    if waiting is not None:
        said += " " + _("%(n)s planned sends would not go out.") % {"n": waiting}
    entry_add(incident=incident, kind=EntryKind.FREEZE, text=said, by=actor.name)
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
