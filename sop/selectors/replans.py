"""What a rule stopped in a week, with the next place for each, as one plan that can be shown and put in force."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from sop.models import Touch
from sop.selectors.board import blocked_touches
from sop.selectors.calendar import decorate
from sop.selectors.places import Proposal, proposals_for
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant

MOST = 200  # proposed at once


@dataclass(frozen=True)
class Replan:
    """`mark` changes when any proposal does: what is put in force is what was shown."""

    starts_on: date
    proposals: list[Proposal]

    @property
    def moving(self) -> int:
        return sum(1 for one in self.proposals if one.at is not None)

    @property
    def mark(self) -> str:
        said = ";".join(
            f"{one.touch.pk}:{one.at.isoformat() if one.at else one.rule}" for one in self.proposals
        )
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def replan_of(*, tenant: "Tenant", starts_on: date, group_ids: Iterable[int]) -> Replan:
    """Proposals for the blocked touches of these groups in the week from `starts_on` (a Monday, tenant's zone)."""
    since = clock.day_bounds(starts_on, tenant.timezone)[0]
    until = clock.day_bounds(starts_on + timedelta(days=6), tenant.timezone)[1]
    rows = blocked_touches(tenant=tenant, group_ids=group_ids, since=since, until=until)
    now = clock.now()
    touches: list[Touch] = [
        decorate(one, now)
        for one in rows.select_related("step", "run", "group", "staff").order_by("planned_at", "pk")[:MOST]
    ]
    return Replan(starts_on, proposals_for(tenant=tenant, touches=touches))
