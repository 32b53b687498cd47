"""What somebody asked for and somebody else decides (R128)."""

from django.db import models

from team.enums import ApprovalState
from team.models.staff import Staff
from tenants import clock
from tenants.scoping import TenantModel
from tenants.spoken import SpokenChar


class Approval(TenantModel):
    """One request. Decided once, by another person than who asked; what it carries out is its kind's business.

    `kind` is a registered code; `target` names the matter within it ("group:12"), so that one matter waits once.
    `wish` is what its kind carries out, JSON; `said` tells people the same. `asked_user_id`: the console login behind
    who asked, 0 for none; `asked_staff`: who is told of the answer.
    """

    kind = models.CharField(max_length=24)
    target = models.CharField(max_length=64)
    label = SpokenChar(max_length=160)
    url = models.CharField(max_length=300, blank=True)
    wish = models.JSONField(default=dict)
    said = SpokenChar(max_length=300)
    facts = models.JSONField(default=dict, blank=True)  # words of `label` and `said`, see tenants.words
    reason = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=ApprovalState, default=ApprovalState.ASKED)
    asked_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    asked_by = models.CharField(max_length=128)
    asked_user_id = models.BigIntegerField(default=0)
    asked_staff = models.ForeignKey(
        Staff, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=128, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "target"],
                name="team_approval_waits_once",
                condition=models.Q(state=ApprovalState.ASKED),
            ),
            models.CheckConstraint(
                condition=models.Q(state=ApprovalState.ASKED, decided_at__isnull=True)
                | (~models.Q(state=ApprovalState.ASKED) & models.Q(decided_at__isnull=False)),
                name="team_approval_decided_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "-asked_at"], name="team_approval_by_state"),
            models.Index(fields=["tenant", "kind", "target", "-asked_at"], name="team_approval_by_target"),
            models.Index(
                fields=["tenant", "expires_at"],
                name="team_approval_expiring",
                condition=models.Q(state=ApprovalState.ASKED),
            ),
        ]

    def __str__(self) -> str:
        return self.label
