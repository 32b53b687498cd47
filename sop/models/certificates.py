"""What the nightly certificate found: whether the gate's counts agree with what really happened."""

from typing import Any

from django.db import models

from tenants import clock
from tenants.scoping import TenantModel


class Certificate(TenantModel):
    """One local day, counted a second time from touches, memberships and sends (R54).

    `faults`: what does not agree, {"kind": sop.enums.Fault, "touch", "customer", "group": ids, "receiver": WeCom's id,
    "send": a colleague's own message by its key, "expected", "found": numbers}, each key only where it says something;
    the first of `fault_count`. An empty certificate agrees. Made again it replaces what it said.
    """

    day = models.DateField()  # tenant's zone
    made_at = models.DateTimeField(default=clock.now)
    touches = models.PositiveIntegerField(default=0)  # that went out on the day and count
    exposures = models.PositiveIntegerField(default=0)  # messages to one person each
    persons = models.PositiveIntegerField(default=0)
    sends = models.PositiveIntegerField(default=0)  # uses of WeCom's mass-send limit
    fault_count = models.PositiveIntegerField(default=0)
    faults: Any = models.JSONField(default=list)
    mended_at = models.DateTimeField(null=True, blank=True)
    mended_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "day"], name="sop_certificate_once")]

    def __str__(self) -> str:
        return f"{self.day}"
