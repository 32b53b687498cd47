"""Groups and what was seen to change in WeCom."""

from datetime import datetime, time

from django.db import models
from django.db.models import Q

from groups.enums import ChangeKind, Kind, PaymentBasis, Purpose, Scenario, Side, State, SubKind
from tenants import clock
from tenants.scoping import TenantModel


class Group(TenantModel):
    """One customer group. A planned group that nobody has opened in WeCom yet has no chat_id."""

    app = models.ForeignKey(
        "wecom.App", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    chat_id = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=128, blank=True)
    planned_name = models.CharField(max_length=128, blank=True)  # what we meant; WeCom may show another
    series = models.CharField(max_length=64, blank=True)
    owner = models.ForeignKey(
        "team.Staff", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    owner_userid = models.CharField(max_length=64, blank=True)
    admin_userids = models.JSONField(default=list)
    kind = models.CharField(max_length=16, choices=Kind, blank=True)
    sub_kind = models.CharField(max_length=16, choices=SubKind, blank=True)
    purpose = models.CharField(max_length=16, choices=Purpose, blank=True)
    scenario = models.CharField(max_length=16, choices=Scenario, blank=True)
    payment_basis = models.CharField(max_length=16, choices=PaymentBasis, blank=True)
    own_side = models.CharField(
        max_length=8, choices=Side, blank=True
    )  # empty: what its kind says (policies.sides)
    state = models.CharField(max_length=16, choices=State, default=State.PLANNING)
    goes_live_at = models.DateTimeField(null=True, blank=True)  # when it went live
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    ends_time = models.TimeField(null=True, blank=True)  # without one, the end of that day
    target_size = models.PositiveIntegerField(null=True, blank=True)  # null: the tenant's setting
    size_reason = models.CharField(max_length=200, blank=True)
    value_proposition = models.CharField(max_length=200, blank=True)
    welcome = models.TextField(max_length=500, blank=True)
    announcement = models.TextField(max_length=2000, blank=True)  # what we mean to publish
    replies = models.TextField(max_length=2000, blank=True)  # one a line, "word: answer" (policies.replies)
    notice = models.TextField(blank=True)  # what WeCom shows
    member_version = models.CharField(max_length=64, blank=True)
    members_as_of = models.DateTimeField(null=True)  # the moment that member_version describes
    revision = models.PositiveBigIntegerField(default=0)  # +1 at each change of members
    created_at = models.DateTimeField(null=True)  # by WeCom's account
    synced_at = models.DateTimeField(null=True)  # last full read
    # Of the answer that the state equals; "": an event has changed the state since, or not all in it are known.
    read_digest = models.CharField(max_length=64, blank=True)
    dismissed_at = models.DateTimeField(null=True)
    frozen_at = models.DateTimeField(null=True)
    freeze_reason = models.CharField(max_length=200, blank=True)
    added_at = models.DateTimeField(default=clock.now)
    reviews_silence = models.BooleanField(null=True)  # whether silent members are reviewed; null: by its type
    # What lists show and sort by; written with every change (services.glance), true as of then.
    customer_count = models.PositiveIntegerField(default=0)
    staff_count = models.PositiveIntegerField(default=0)
    risk = models.PositiveSmallIntegerField(default=0)  # enums.Risk
    risk_code = models.CharField(max_length=16, blank=True)  # the check that gives it
    risk_count = models.PositiveSmallIntegerField(default=0)  # checks broken, notes left out

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "app", "chat_id"], condition=~Q(chat_id=""), name="group_chat_once"
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="group_state_known"),
            models.CheckConstraint(condition=Q(kind__in=["", *Kind.values]), name="group_kind_known"),
            models.CheckConstraint(
                condition=Q(chat_id="") | Q(app__isnull=False), name="group_chat_belongs_to_an_app"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "kind"], name="group_by_state"),
            models.Index(fields=["tenant", "-risk", "ends_on"], name="group_by_risk"),
            models.Index(fields=["tenant", "owner"], name="group_by_owner"),
            models.Index(fields=["tenant", "series"], name="group_by_series"),
        ]

    def __str__(self) -> str:
        return self.name or self.planned_name or self.chat_id

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None

    @property
    def knows_members(self) -> bool:
        """Whether anybody knows who sits in it: read from WeCom, or told by events; else its counts say nothing."""
        return bool(self.chat_id) and (
            self.synced_at is not None or self.customer_count + self.staff_count > 0
        )

    def ends_at(self, zone: str) -> datetime | None:
        """The moment the group ends by its plan, UTC; None without an end date."""
        if self.ends_on is None:
            return None
        return clock.at_local(self.ends_on, self.ends_time or time(23, 59, 59), zone)


class GroupChange(TenantModel):
    """Name, announcement or owner as seen to change in WeCom."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="changes", db_index=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=ChangeKind)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "group", "-at"], name="group_change_recent")]
