"""Who leads which camp, for those who prepare people before it (R126)."""

from datetime import timedelta
from typing import TYPE_CHECKING

from content.selectors.knowledge import CampPerson
from sop.enums import RunState, TemplateKind
from sop.models import RunGroup
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant


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
