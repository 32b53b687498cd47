"""Open touches given from one colleague to another."""

from django.db import models

from tenants import clock
from tenants.scoping import TenantModel


class Reassignment(TenantModel):
    """One act of giving touches to a colleague; it can be taken back. `moved`: [[touch id, staff id before], ...]."""

    staff = models.ForeignKey(
        "team.Staff", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=200)
    moved = models.JSONField(default=list)
    by = models.CharField(max_length=64)
    at = models.DateTimeField(default=clock.now)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "-at"], name="sop_reassignment_recent")]

    def __str__(self) -> str:
        return self.reason
