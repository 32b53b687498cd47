"""Groups, who sits in them and when, and what was decided about them."""

from datetime import datetime, time

from django.db import models
from django.db.models import F, Q

from groups.enums import (
    ChangeKind,
    JoinScene,
    Kind,
    PaymentBasis,
    Purpose,
    Question,
    QuitScene,
    Scenario,
    Severity,
    State,
    SubKind,
)
from tenants import clock
from tenants.scoping import TenantModel
from wecom.keeping.kept import Kept


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

    def ends_at(self, zone: str) -> datetime | None:
        """The moment the group ends by its plan, UTC; None without an end date."""
        if self.ends_on is None:
            return None
        return clock.at_local(self.ends_on, self.ends_time or time(23, 59, 59), zone)


class Member(TenantModel):
    """One spell of one person in one group. Someone who returns gets a new row."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="members", db_index=False)
    userid = models.CharField(max_length=64)  # a staff userid or an external_userid
    staff = models.ForeignKey(
        "team.Staff", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    customer = models.ForeignKey(
        "contacts.Customer", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    is_staff = models.BooleanField(default=False)  # what WeCom says, also while the staff row is unknown
    joined_at = models.DateTimeField()
    joined_is_estimate = models.BooleanField(default=False)
    left_at = models.DateTimeField(null=True)
    left_is_estimate = models.BooleanField(default=False)
    join_scene = models.CharField(max_length=8, choices=JoinScene, blank=True)
    quit_scene = models.CharField(max_length=10, choices=QuitScene, blank=True)
    invited_by = models.CharField(max_length=64, blank=True)
    state_code = models.CharField(max_length=64, blank=True)  # the `state` of the join code
    channel = models.ForeignKey(
        "contacts.Channel", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    nickname = models.CharField(max_length=128, blank=True)
    is_creation_invitee = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "group", "userid"], condition=Q(left_at=None), name="member_open_spell_once"
            ),
            models.CheckConstraint(
                condition=Q(left_at=None) | Q(left_at__gte=F("joined_at")), name="member_leaves_after_joining"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "group", "userid", "joined_at"], name="member_spells"),
            models.Index(fields=["tenant", "customer", "left_at"], name="member_by_customer"),
            models.Index(fields=["tenant", "group", "left_at"], name="member_by_group"),
            models.Index(
                fields=["tenant", "state_code", "joined_at"],
                name="member_by_code",
                condition=~Q(state_code=""),
            ),
            models.Index(
                fields=["tenant", "channel", "joined_at"],
                name="member_by_channel",
                condition=Q(channel__isnull=False),
            ),
        ]


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


class GroupFinding(TenantModel):
    """A check that a running group breaks, from the night or the change that first found it until it holds again."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="findings", db_index=False)
    code = models.CharField(max_length=16)
    severity = models.CharField(max_length=16, choices=Severity)
    evidence = models.JSONField(default=dict)  # the figures that show it
    first_seen_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "group", "code"], name="group_finding_once"),
        ]
        indexes = [models.Index(fields=["tenant", "code"], name="group_finding_by_code")]


class NightCheck(TenantModel):
    """One night in which every running group was judged; the row is written when all are."""

    day = models.DateField()  # tenant's zone
    at = models.DateTimeField(default=clock.now)
    group_count = models.PositiveIntegerField(default=0)
    finding_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "day"], name="group_night_check_once")]


class GroupChange(TenantModel):
    """Name, announcement or owner as seen to change in WeCom."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="changes", db_index=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=ChangeKind)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "group", "-at"], name="group_change_recent")]


class JoinWay(Kept):
    """A code that lets whoever scans it into one of up to five groups (PROTOCOL 3.5).

    `state` names channel and code in a member's row; it never changes. WeCom opens the next group by itself when
    `auto_create_room` is on: named `room_base_name` + a counter from `room_base_id`, which WeCom moves on.
    """

    channel = models.ForeignKey(
        "contacts.Channel", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    name = models.CharField(max_length=30)
    state = models.CharField(max_length=30, blank=True)
    auto_create_room = models.BooleanField(default=True)
    room_base_name = models.CharField(max_length=40, blank=True)
    room_base_id = models.PositiveIntegerField(default=1)
    qr_url = models.CharField(max_length=500, blank=True)
    qr_picture = models.TextField(blank=True)  # the picture behind it, as a data URI
    read_at = models.DateTimeField(null=True)  # when WeCom was last asked what the code leads to
    sent_rooms = models.JSONField(default=list)  # the chat ids that WeCom was last told
    alerted = models.CharField(max_length=8, blank=True)  # the rule its owner was told of

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "state"], condition=~Q(state=""), name="join_way_state_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "channel"], name="join_way_of_channel")]

    def __str__(self) -> str:
        return self.name


class JoinWayRoom(TenantModel):
    """A group that a code leads to, or led to until `removed_at`. `group` is None until we have read the group.

    `seats` is where we stop filling it; WeCom itself stops those who come by a code at 200.
    """

    join_way = models.ForeignKey(JoinWay, on_delete=models.CASCADE, related_name="rooms", db_index=False)
    chat_id = models.CharField(max_length=64)
    group = models.ForeignKey(Group, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    position = models.PositiveSmallIntegerField(default=0)
    seats = models.PositiveSmallIntegerField(default=200)
    is_auto = models.BooleanField(default=False)  # WeCom opened it
    added_at = models.DateTimeField(default=clock.now)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "join_way", "chat_id"], name="join_way_room_once")
        ]
        indexes = [
            models.Index(
                fields=["tenant", "group"], name="join_way_room_of_group", condition=Q(removed_at=None)
            )
        ]


class WelcomeTemplate(Kept):
    """Words for whoever enters a group, kept at WeCom; a group's owner attaches it by hand (R115).

    `part` is the one thing beside the words, as wecom.greetings says it; {} without.
    """

    name = models.CharField(max_length=40)
    text = models.TextField(blank=True)
    part = models.JSONField(default=dict, blank=True)
    notify = models.BooleanField(default=True)  # WeCom tells the owners that there is a new one

    def __str__(self) -> str:
        return self.name

    @property
    def is_draft(self) -> bool:
        """Written here, and WeCom was never asked to keep it."""
        return not self.vendor_id and self.attempt == 0
