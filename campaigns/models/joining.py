"""Join plays (R80): what joining a group gives, and everybody who joined."""

from django.db import models
from django.db.models import Q

from campaigns.enums.joining import JoinKind, JoinReason, JoinState, JoinTask
from campaigns.models.frame import Campaign, Prize
from tenants.scoping import TenantModel


class JoinPlay(TenantModel):
    """What joining one of the campaign's groups gives. Fixed once the campaign started.

    `task_days`: the task counts within so many days of joining. `stay_days`: who leaves within so many days loses what
    was not handed over yet; 0: nothing is taken back. `draws` are those of a join, in the campaign's own lottery.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=JoinKind, default=JoinKind.TASK)
    prize = models.ForeignKey(
        Prize, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    draws = models.PositiveSmallIntegerField(default=0)
    task = models.CharField(max_length=12, choices=JoinTask, blank=True)
    task_words = models.CharField(max_length=60, blank=True)
    task_url = models.URLField(max_length=500, blank=True)
    task_days = models.PositiveSmallIntegerField(default=3)
    stay_days = models.PositiveSmallIntegerField(default=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "campaign"], name="campaigns_joinplay_once"),
            models.CheckConstraint(
                condition=Q(kind=JoinKind.DRAWS, draws__gte=1, prize=None, task="")
                | Q(kind=JoinKind.PACKET, draws=0, task="")
                | (Q(kind=JoinKind.TASK, draws=0) & ~Q(task="")),
                name="campaigns_joinplay_gives",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class Joiner(TenantModel):
    """A record, or a colleague, who joined one of the groups while the campaign ran.

    `person` is who the record was at that moment: each person takes part once. `task_until`: when the task has to be
    done; None where there is none. `done_at`: when nothing more was left for the person to do.
    """

    play = models.ForeignKey(JoinPlay, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    person = models.ForeignKey(
        "contacts.Customer",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    staff = models.ForeignKey(
        "team.Staff", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    group = models.ForeignKey("groups.Group", on_delete=models.CASCADE, related_name="+", db_index=False)
    joined_at = models.DateTimeField()
    task_until = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=JoinState, default=JoinState.WAITING)
    reason = models.CharField(max_length=12, choices=JoinReason, blank=True)
    award_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "play", "customer"], name="campaigns_joiner_once", condition=Q(staff=None)
            ),
            models.UniqueConstraint(
                fields=["tenant", "play", "staff"], name="campaigns_joiner_staff", condition=Q(customer=None)
            ),
            models.UniqueConstraint(
                fields=["tenant", "play", "person"], name="campaigns_joiner_person",
                condition=~Q(state=JoinState.MISSED),
            ),
            models.CheckConstraint(
                condition=Q(customer=None, staff__isnull=False) | Q(customer__isnull=False, staff=None),
                name="campaigns_joiner_who",
            ),
            models.CheckConstraint(
                condition=~Q(state=JoinState.MISSED) | ~Q(reason=""), name="campaigns_joiner_why"
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["tenant", "play", "-id"], name="campaigns_joiner_of"),
            models.Index(fields=["tenant", "customer"], name="campaigns_joiner_record"),
            models.Index(
                fields=["tenant", "task_until"],
                name="campaigns_joiner_waits",
                condition=Q(state=JoinState.WAITING),
            ),
        ]
