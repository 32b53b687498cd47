"""What a new-user group is to bring (R18)."""

from django.db import models

from groups.enums import Opening
from groups.models.group import Group
from tenants import clock
from tenants.scoping import TenantModel


class NewUserGoal(TenantModel):
    """The ready plan that one group began with, and the share of its customers each outcome should reach.

    `goals`: {result key: percent}. `filled`: the answers as the plan wrote them, so that another plan may replace
    what nobody has changed since.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="goals", db_index=False)
    opening = models.CharField(max_length=12, choices=Opening)
    goals = models.JSONField(default=dict)
    filled = models.JSONField(default=dict)
    chosen_at = models.DateTimeField(default=clock.now)
    chosen_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "group"], name="new_user_goal_once")]
