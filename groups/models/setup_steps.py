"""What people decided about the steps of setting a group up; what the product can see is not kept."""

from django.db import models

from groups.enums import SetupKind
from groups.models.group import Group
from tenants.scoping import TenantModel


class SetupStep(TenantModel):
    """One step of one group's set-up (R12), where somebody chose an owner or a day, ticked it, or was told of it.

    No row, no owner and no day mean: as laid out from the start day.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="setup_steps", db_index=False)
    kind = models.CharField(max_length=12, choices=SetupKind)
    owner = models.ForeignKey(
        "team.Staff", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    due_on = models.DateField(null=True)  # tenant's zone
    ticked_at = models.DateTimeField(null=True)
    ticked_by = models.CharField(max_length=128, blank=True)
    is_told = models.BooleanField(default=False)  # its owner has a work item for it

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "group", "kind"], name="setup_step_once")]

    def __str__(self) -> str:
        return str(self.get_kind_display())
