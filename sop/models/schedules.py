"""Plans of a week that somebody put in force."""

from typing import Any

from django.db import models

from tenants import clock
from tenants.scoping import TenantModel


class WeekPlan(TenantModel):
    """What the planner moved and left out when a plan of a week was put in force; enough to take it back.

    `moves`: [[touch id, due_at before, due_at after], ...], ISO times, of a touch that was blocked with how it stood as
    a fourth (sop.services.calendar.Moved); `dropped`: ids of touches that were left out.
    """

    starts_on = models.DateField()  # the week's Monday, tenant's zone
    made_at = models.DateTimeField(default=clock.now)
    made_by = models.CharField(max_length=128, blank=True)
    moves: Any = models.JSONField(default=list)
    dropped: Any = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "starts_on", "-made_at"], name="sop_week_plan_recent")]

    def __str__(self) -> str:
        return f"{self.starts_on}"
