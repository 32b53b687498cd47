"""What the tests of incidents share."""

from collections.abc import Sequence
from typing import Any

from groups.enums import IncidentKind
from groups.models import Group, Incident
from groups.services.incidents import IncidentWish, incident_open
from tenants.audit import SYSTEM
from tenants.models import Tenant


def opened(tenant: Tenant, groups: Sequence[Group], **changes: Any) -> Incident:
    """An incident of these groups that runs; `changes` to its wish."""
    wish = {"kind": IncidentKind.COMPLAINT, "title": "课程质量群诉", "group_ids": [one.pk for one in groups]}
    return incident_open(tenant=tenant, wish=IncidentWish(**{**wish, **changes}), actor=SYSTEM)


def frozen_ids(tenant: Tenant) -> set[int]:
    """The groups that nothing may be sent to now."""
    return set(Group.objects.filter(tenant=tenant, frozen_at__isnull=False).values_list("pk", flat=True))
