"""Members who help to run a group (R22)."""

from django.db import models

from groups.enums import HelperRole, KocOrigin, KocState
from groups.models.group import Group
from tenants import clock
from tenants.scoping import TenantModel


class Koc(TenantModel):
    """One member on the way to helping, helping, or no longer. Earlier steps stand in the audit trail.

    `evidence` is what spoke for the person when suggested: {"stage": 5, "circle": "core", "days": 120}.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    state = models.CharField(max_length=10, choices=KocState, default=KocState.CANDIDATE)
    origin = models.CharField(max_length=8, choices=KocOrigin)
    role = models.CharField(max_length=8, choices=HelperRole, blank=True)  # "": helps where it is needed
    privileges = models.CharField(max_length=300, blank=True)
    evidence = models.JSONField(default=dict)
    added_at = models.DateTimeField(default=clock.now)
    added_by = models.CharField(max_length=128, blank=True)
    helper_at = models.DateTimeField(null=True)  # since when the person helps
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "group", "customer"], name="koc_once")]
        indexes = [models.Index(fields=["tenant", "customer"], name="koc_of_customer")]

    def __str__(self) -> str:
        return str(self.customer)


class HelperTask(TenantModel):
    """One thing a helper takes over; the owner asks for it and says when it is done."""

    koc = models.ForeignKey(Koc, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    title = models.CharField(max_length=120)
    due_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=128, blank=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=128, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "koc", "done_at"], name="helper_task_of_koc")]

    def __str__(self) -> str:
        return self.title
