"""What was promised to a delivery group, and what became of it (R17)."""

from django.db import models
from django.db.models import Q

from groups.enums import PromiseState
from groups.models.group import Group
from tenants import clock
from tenants.scoping import TenantModel


class Promise(TenantModel):
    """One thing promised to a group's customers by a moment.

    `beneficiary_count`: for how many people; at first the customers in the group then. `evidence` shows that it was
    kept; `reason` says why it was broken or withdrawn. `closed_at` is when it was kept, broken or withdrawn.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="promises", db_index=False)
    text = models.CharField(max_length=200)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=PromiseState, default=PromiseState.OPEN)
    beneficiary_count = models.PositiveIntegerField(default=0)
    evidence = models.TextField(max_length=1000, blank=True)
    evidence_url = models.CharField(max_length=500, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=128, blank=True)
    from_gate = models.BooleanField(default=False)  # a line of the answer to "What we deliver"
    gate_key = models.CharField(max_length=32, blank=True)  # which line, whatever either says by now
    gate_text = models.CharField(max_length=200, blank=True)  # what the line said when it was last looked at
    added_at = models.DateTimeField(default=clock.now)
    added_by = models.CharField(max_length=128, blank=True)
    told_at = models.DateTimeField(null=True)  # the owner has it as a task
    judged_at = models.DateTimeField(null=True)  # the group was judged after it fell due

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state=PromiseState.OPEN) | Q(closed_at__isnull=False),
                name="promise_closed_at_known",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "group", "due_at"], name="promise_of_group"),
            models.Index(
                fields=["tenant", "due_at"], name="promise_open_due", condition=Q(state=PromiseState.OPEN)
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def is_as_taken_over(self) -> bool:
        """Whether it is open and still says what its line said: nobody changed it here."""
        return self.state == PromiseState.OPEN and self.text == self.gate_text
