"""Where a run's two peaks of orders are expected (R46)."""

from typing import TYPE_CHECKING

from sop.enums import Anchor, Mark
from sop.models import Run, Step
from sop.policies import calendar
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant


def peak_days(*, tenant: "Tenant", run_id: int) -> tuple[int, int] | None:
    """(camp day of the opening, camp day on which the offer or the camp ends); None for an unknown run. Two queries.

    The opening is the first step marked so; without one, day 1.
    """
    run = Run.objects.filter(tenant=tenant, pk=run_id).select_related("version").first()
    if run is None:
        return None
    opened = Step.objects.filter(
        tenant=tenant, version=run.version_id, mark=Mark.FIRST, anchor=Anchor.RUN_START, day__isnull=False
    )
    opening = opened.order_by("day").values_list("day", flat=True).first() or 1
    if run.offer_ends_at is not None:
        return opening, calendar.camp_day(run.starts_on, clock.local_date(run.offer_ends_at, tenant.timezone))
    return opening, run.version.offer_day or run.days
