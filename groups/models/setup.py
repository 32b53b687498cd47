"""What was answered and decided before a group runs."""

from django.db import models

from groups.enums import Question
from groups.models.group import Group
from tenants import clock
from tenants.scoping import TenantModel


class ReadinessAnswer(TenantModel):
    """The present answer to one question; earlier ones stand in the audit trail."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="answers", db_index=False)
    question = models.CharField(max_length=16, choices=Question)
    answer = models.JSONField(default=dict)
    answered_by = models.CharField(max_length=128)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "group", "question"], name="readiness_answer_once"),
        ]


class Approval(TenantModel):
    """A leader lets one check pass for one group, with a reason and, where asked, a day to look again."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="approvals", db_index=False)
    code = models.CharField(max_length=16)
    reason = models.CharField(max_length=500)
    review_on = models.DateField(null=True, blank=True)
    approved_by = models.CharField(max_length=128)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "group", "code"], name="group_approval_once"),
        ]
