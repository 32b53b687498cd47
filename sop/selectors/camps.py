"""Camps for apps below: their groups and people (R28, R33), and who leads which (R126)."""

from datetime import timedelta
from typing import TYPE_CHECKING

from content.selectors.knowledge import CampPerson
from sop.enums import RunState, TemplateKind
from sop.models import Run, RunGroup
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant


def camps_to_choose(*, tenant_id: int) -> list[tuple[int, str]]:
    """(run id, name) of camps, those that are over too, the newest first. One query."""
    rows = Run.objects.filter(tenant_id=tenant_id, version__template__kind=TemplateKind.CAMP)
    return list(rows.order_by("-starts_on", "-pk").values_list("pk", "name"))


def camp_group_ids(*, tenant_id: int, camp_id: int) -> list[int]:
    """The groups of one camp now; none of an unknown one."""
    rows = RunGroup.objects.filter(tenant_id=tenant_id, run_id=camp_id, removed_at=None)
    return list(rows.values_list("group_id", flat=True))


def camps_of_groups(*, tenant_id: int, group_ids: list[int]) -> list[tuple[int, str, list[int]]]:
    """(run id, name, those of the groups in it) of each camp, the newest first. One query."""
    rows = RunGroup.objects.filter(
        tenant_id=tenant_id,
        group_id__in=group_ids,
        removed_at=None,
        run__version__template__kind=TemplateKind.CAMP,
    ).order_by("-run__starts_on", "-run_id", "group_id")
    found: dict[int, tuple[int, str, list[int]]] = {}
    for run_id, name, group_id in rows.values_list("run_id", "run__name", "group_id"):
        found.setdefault(run_id, (run_id, name, []))[2].append(group_id)
    return list(found.values())


def camp_leaders(*, tenant: "Tenant") -> list[CampPerson]:
    """Owners of groups in camps that have not ended, each camp once a person. One query."""
    today = clock.local_date(clock.now(), tenant.timezone)
    rows = RunGroup.objects.filter(
        tenant=tenant, removed_at=None, run__state=RunState.RUNNING, group__owner__isnull=False,
        run__version__template__kind=TemplateKind.CAMP,
    )  # fmt: skip
    told = rows.order_by("run__starts_on", "run_id").values_list(
        "group__owner_id", "run_id", "run__name", "run__starts_on", "run__days", "run__product_title"
    )
    found = {
        (owner, run): CampPerson(owner, name, starts_on, product)
        for owner, run, name, starts_on, days, product in told
        if starts_on + timedelta(days=days) > today
    }
    return list(found.values())
