"""What a person is told outside the list of work: notices, by which ways they went, and what each person chose."""

from typing import Any

from django.db import models

from team.enums import MailState, NoticeChannel, NoticeKind, TellState
from tenants import clock
from tenants.scoping import TenantModel
from tenants.words import in_language


class Notice(TenantModel):
    """One thing one person is told. Told once: unique by `key` and person, whether known as staff, by login, or both.

    `titles` and `details`: {language: text}. `url` is the console's page, `phone_url` that of the phone, both without
    a host. `item`: the work it is about; once that is settled nobody is told any more. `is_shown`: in the bell.
    """

    staff = models.ForeignKey(
        "team.Staff", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    member = models.ForeignKey(
        "tenants.Membership", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    item = models.ForeignKey("team.WorkItem", null=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=NoticeKind)
    key = models.CharField(max_length=120)
    titles = models.JSONField(default=dict)
    details = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    phone_url = models.CharField(max_length=300, blank=True)
    is_shown = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(staff__isnull=False) | models.Q(member__isnull=False),
                name="team_notice_to_someone",
            ),
            models.UniqueConstraint(fields=["tenant", "key", "staff"], name="team_notice_once_staff"),
            models.UniqueConstraint(fields=["tenant", "key", "member"], name="team_notice_once_member"),
        ]
        indexes = [
            models.Index(fields=["tenant", "member", "-created_at"], name="team_notice_of_member"),
            models.Index(
                fields=["tenant", "member"],
                name="team_notice_unread",
                condition=models.Q(read_at=None, is_shown=True),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return in_language(self.titles)

    @property
    def detail(self) -> str:
        return in_language(self.details)


class Telling(TenantModel):
    """One notice by one way outward: due, handed over, and what became of it.

    `batch`: the outbound send or the e-mail it went with; several notices share one.
    """

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="tellings", db_index=False)
    channel = models.CharField(max_length=8, choices=NoticeChannel)
    state = models.CharField(max_length=8, choices=TellState, default=TellState.WAITING)
    due_at = models.DateTimeField()
    handed_at = models.DateTimeField(null=True)
    batch = models.BigIntegerField(null=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "notice", "channel"], name="team_telling_once")
        ]
        indexes = [
            models.Index(
                fields=["tenant", "channel", "due_at"],
                name="team_telling_due",
                condition=models.Q(state=TellState.WAITING),
            ),
            models.Index(fields=["tenant", "channel", "batch"], name="team_telling_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.get_state_display()}"


class Mailing(TenantModel):
    """One e-mail to one member: a digest, or something that cannot wait. `key` is stored for ever: it goes once."""

    member = models.ForeignKey(
        "tenants.Membership", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=80)
    is_digest = models.BooleanField(default=True)
    state = models.CharField(max_length=8, choices=MailState, default=MailState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=clock.now)
    leased_until = models.DateTimeField(null=True)  # on the database's own time
    claim = models.CharField(max_length=24, blank=True)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="team_mailing_once")]
        indexes = [
            models.Index(
                fields=["tenant", "next_at"],
                name="team_mailing_due",
                condition=models.Q(state__in=[MailState.QUEUED, MailState.CLAIMED]),
            ),
            models.Index(fields=["tenant", "member", "-created_at"], name="team_mailing_of_member"),
        ]

    def __str__(self) -> str:
        return self.key


class NoticeChoice(TenantModel):
    """What one member chose of notices; whoever chose nothing has no row. Quiet hours None: the company's."""

    member = models.ForeignKey(
        "tenants.Membership", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    choices: Any = models.JSONField(default=dict)  # {kind: {channel: when}}
    muted_until = models.DateTimeField(null=True)
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    rings_in_quiet = models.BooleanField(default=False)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "member"], name="team_notice_choice_once")]

    def __str__(self) -> str:
        return str(self.member_id)
