"""Breaches of a group's rules."""

from django.db import models

from groups.enums import LadderStep, Seen, ViolationState
from groups.models.group import Group
from tenants import clock
from tenants.scoping import TenantModel


class Violation(TenantModel):
    """One breach by one member: the rule, what shows it, and the step that follows (R9).

    A row stays for good; `undone` takes it back with a reason, and it no longer counts.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="violations", db_index=False)
    userid = models.CharField(max_length=64)
    customer = models.ForeignKey(
        "contacts.Customer", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    rule = models.CharField(max_length=200)
    evidence = models.TextField(max_length=1000, blank=True)
    evidence_url = models.CharField(max_length=300, blank=True)  # a picture or a message, where it lies
    picture = models.BinaryField(default=bytes, blank=True)
    picture_type = models.CharField(max_length=16, blank=True)  # "image/png", "image/jpeg"; "": no picture
    happened_at = models.DateTimeField()
    step = models.CharField(max_length=8, choices=LadderStep)
    proposed = models.CharField(max_length=8, choices=LadderStep)  # by the ladder, from what stood before
    state = models.CharField(max_length=8, choices=ViolationState, default=ViolationState.OPEN)
    recorded_at = models.DateTimeField(default=clock.now)
    recorded_by = models.CharField(max_length=128)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=128, blank=True)
    seen = models.CharField(max_length=8, choices=Seen, blank=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=128, blank=True)
    undo_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "group", "userid"], name="violation_of_member"),
            models.Index(fields=["tenant", "customer", "-happened_at"], name="violation_of_customer"),
        ]

    def __str__(self) -> str:
        return self.rule
