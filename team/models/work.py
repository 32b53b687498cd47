"""What waits for each person."""

from typing import Any

from django.db import models

from team.enums import Bucket, SnoozeReason, WorkKind, WorkState
from team.models.staff import Staff
from tenants import clock
from tenants.scoping import TenantModel
from tenants.spoken import SpokenChar, SpokenText


class WorkItem(TenantModel):
    """One thing that waits for a person: the rows of Today and of the phone's task list (R123).

    The app that owns the matter puts and closes it by (`source_kind`, `source_id`). `staff` None: anyone's.
    `due_at`: do it by then; `window_ends_at`: after that it is missed. `reason` says why it stands here. Texts of which
    `facts` has the words are read in the reader's language; the columns hold them in the company's.
    """

    staff = models.ForeignKey(Staff, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    cover = models.ForeignKey(  # the backup, while its time lies outside the shifts of `staff`: shown to both
        Staff, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    group = models.ForeignKey(
        "groups.Group", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=16, choices=WorkKind)
    bucket = models.CharField(max_length=8, choices=Bucket, default=Bucket.MUST)
    tier = models.CharField(max_length=2, blank=True)  # S, A+, A, B
    title = SpokenChar(max_length=160)
    detail = SpokenText(blank=True)
    script = models.TextField(blank=True)  # words ready to send
    script_source = SpokenChar(max_length=160, blank=True)  # where they come from
    reason = SpokenChar(max_length=240, blank=True)
    rule_code = models.CharField(max_length=24, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)  # when the clock of due_at began
    due_at = models.DateTimeField(null=True, blank=True)
    window_ends_at = models.DateTimeField(null=True, blank=True)
    url = models.CharField(max_length=300, blank=True)
    phone_url = models.CharField(max_length=300, blank=True)
    verb_label = SpokenChar(max_length=40, blank=True)
    facts = models.JSONField(default=dict, blank=True)  # {column: its words, as tenants.words stores them}
    source_kind = models.CharField(max_length=40)
    source_id = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=WorkState, default=WorkState.OPEN)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snooze_reason = models.CharField(max_length=120, blank=True)  # a SnoozeReason
    is_untold = models.BooleanField(
        default=False
    )  # it came up, and the person may have to be told (team.notices)
    created_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=128, blank=True)

    opens: Any = None  # where "done" leads instead, see team.services.work

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source_kind", "source_id"], name="team_work_item_source_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(state=WorkState.SNOOZED) | models.Q(snoozed_until__isnull=False),
                name="team_work_item_snooze_ends",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "staff", "state", "due_at"], name="team_work_item_of_staff"),
            models.Index(
                fields=["tenant", "cover", "state", "due_at"],
                name="team_work_item_covered",
                condition=models.Q(cover__isnull=False),
            ),
            models.Index(
                fields=["tenant", "window_ends_at"],
                name="team_work_item_expiring",
                condition=models.Q(state__in=[WorkState.OPEN, WorkState.SNOOZED, WorkState.BLOCKED]),
            ),
            models.Index(fields=["tenant", "staff", "-done_at"], name="team_work_item_done"),
            models.Index(fields=["tenant"], name="team_work_item_untold", condition=models.Q(is_untold=True)),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def snoozed_for(self) -> str:
        """Why it is put off, as the page says it."""
        return str(dict(SnoozeReason.choices).get(self.snooze_reason, self.snooze_reason))
