"""A week carried out both ways: first come, first served, and by the best schedule. Writes nothing."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from sop.policies.schedule import Schedule, Wish, first_come, plan_week
from sop.selectors.planner import Slot, Week, planner_week

if TYPE_CHECKING:
    from tenants.models import Tenant


@dataclass(frozen=True)
class Planned:
    """A week with both ways to carry it out. `mark` names exactly this plan."""

    week: Week
    first: Schedule
    best: Schedule
    mark: str

    def slot(self, schedule: Schedule, touch_id: int) -> Slot | None:
        """When and how a message goes out by a schedule; None when it does not."""
        taken = schedule.chosen.get(touch_id)
        if taken is None:
            return None
        slot = self.wishes[touch_id].options[taken].label
        assert isinstance(slot, Slot)
        return slot

    @cached_property
    def wishes(self) -> dict[int, Wish]:
        return {wish.key: wish for wish in self.week.wishes}


def planner_plan(
    *, tenant: "Tenant", starts_on: date, group_ids: Iterable[int] | None = None, moves: int = 1
) -> Planned:
    """Plan a week; writes nothing."""
    week = planner_week(tenant=tenant, starts_on=starts_on, group_ids=group_ids, moves=moves)
    best = plan_week(week.wishes, week.room)
    chosen = sorted(best.chosen.items())
    mark = hashlib.sha256(json.dumps([starts_on.isoformat(), moves, chosen]).encode()).hexdigest()[:24]
    return Planned(week, first_come(week.wishes, week.room), best, mark)
