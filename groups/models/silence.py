"""Silent members and what was decided about them (R19)."""

from django.db import models
from django.db.models import Q

from groups.enums import CaseState, MemberPassKind
from groups.models.group import Group
from groups.models.members import Member
from tenants import clock
from tenants.scoping import TenantModel


class MemberPass(TenantModel):
    """One pass over all running groups, in slices; `position` is the last group done, so a cut-off pass goes on.

    `unknown_count`: groups about which nothing could be said. `asked_by` "": the night made it.
    """

    kind = models.CharField(max_length=8, choices=MemberPassKind)
    day = models.DateField()  # tenant's zone
    began_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=128, blank=True)
    position = models.PositiveBigIntegerField(default=0)
    group_count = models.PositiveIntegerField(default=0)
    found_count = models.PositiveIntegerField(default=0)
    unknown_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind"], condition=Q(finished_at=None), name="member_pass_one_at_a_time"
            )
        ]
        indexes = [models.Index(fields=["tenant", "kind", "-began_at"], name="member_pass_recent")]


class SilentCase(TenantModel):
    """One member who was found silent, posting ads or padding, with the evidence of then and what was decided.

    `reasons` are keys of SilentReason. `evidence` holds the figures behind them: {"hours": 170, "limit_hours": 168,
    "has_spoken": false, "ad_posts": 3, "burst": 6, "burst_minutes": 4}.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    state = models.CharField(max_length=10, choices=CaseState, default=CaseState.OPEN)
    reasons = models.JSONField(default=list)
    evidence = models.JSONField(default=dict)
    last_at = models.DateTimeField(null=True)  # the last activity; None: none is known
    last_kind = models.CharField(max_length=16, blank=True)
    found_at = models.DateTimeField(default=clock.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=128, blank=True)
    ended_at = models.DateTimeField(null=True)  # active again, or gone

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "member"], name="silent_case_once")]
        indexes = [
            models.Index(fields=["tenant", "state", "group"], name="silent_case_queue"),
            models.Index(fields=["tenant", "group", "state"], name="silent_case_of_group"),
            models.Index(fields=["tenant", "customer"], name="silent_case_of_customer"),
        ]

    def __str__(self) -> str:
        return self.member.nickname or (str(self.customer) if self.customer else self.member.userid)
