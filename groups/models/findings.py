"""What the constitution finds wrong with running groups."""

from django.db import models

from groups.enums import Severity
from groups.models.group import Group
from tenants import clock
from tenants.scoping import TenantModel


class GroupFinding(TenantModel):
    """A check that a running group breaks, from the night or the change that first found it until it holds again."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="findings", db_index=False)
    code = models.CharField(max_length=16)
    severity = models.CharField(max_length=16, choices=Severity)
    evidence = models.JSONField(default=dict)  # the figures that show it
    first_seen_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "group", "code"], name="group_finding_once"),
        ]
        indexes = [models.Index(fields=["tenant", "code"], name="group_finding_by_code")]


class NightCheck(TenantModel):
    """One night in which every running group was judged; the row is written when all are."""

    day = models.DateField()  # tenant's zone
    at = models.DateTimeField(default=clock.now)  # when the last of them was judged
    group_count = models.PositiveIntegerField(default=0)
    finding_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "day"], name="group_night_check_once")]
