"""Groups that owe no weekly plan, and why (R61)."""

from django.db import models

from groups.models.group import Group
from tenants import clock
from tenants.scoping import TenantModel


class WeekExempt(TenantModel):
    """A group that nobody is asked to plan a week for, with the reason somebody gave."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+", db_index=False)
    reason = models.CharField(max_length=200)
    at = models.DateTimeField(default=clock.now)
    by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "group"], name="group_week_exempt_once")]

    def __str__(self) -> str:
        return self.reason
