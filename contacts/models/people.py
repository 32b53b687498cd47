"""Customers, the channels and codes they come by, and who follows them."""

from django.db import models

from contacts.enums import AddWay, ChannelKind, ChannelMeans, ChannelPlace, FollowState, WelcomeMode
from tenants import clock
from tenants.scoping import TenantModel
from wecom.keeping.kept import Kept


class Channel(TenantModel):
    """Where people come from (R31). `cost_fen` is what it costs in its period; None: not known.

    `code` is the state that links made elsewhere carry; our own codes carry one that names the channel.
    """

    name = models.CharField(max_length=64)
    kind = models.CharField(max_length=16, choices=ChannelKind)
    code = models.CharField(max_length=30, blank=True)
    cost_fen = models.BigIntegerField(null=True, blank=True)
    place = models.CharField(max_length=10, choices=ChannelPlace, blank=True)
    means = models.CharField(max_length=10, choices=ChannelMeans, blank=True)
    partner = models.CharField(max_length=64, blank=True)  # of a mutual promotion
    partner_fit = models.CharField(
        max_length=200, blank=True
    )  # what the partner adds, and that the people are alike
    persona = models.CharField(max_length=200, blank=True)
    target = models.PositiveIntegerField(null=True, blank=True)  # people it should bring
    group = models.ForeignKey(  # the group that the target serves; its goal is the target's
        "groups.Group", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    goal = models.CharField(max_length=200, blank=True)  # what the group needs them for
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=500, blank=True)
    is_archived = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="contacts_channel_once"),
            models.UniqueConstraint(
                fields=["tenant", "code"], condition=~models.Q(code=""), name="contacts_channel_code_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ContactWay(Kept):
    """A code that makes whoever scans it a friend of one of its staff (PROTOCOL 3.4).

    `state` names channel and code in what WeCom tells of the new friend; it never changes. `qr_picture` is the
    picture behind `qr_url`, as a data URI: what posters carry.
    """

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="ways", db_index=False)
    name = models.CharField(max_length=30)
    staff_ids = models.JSONField(default=list)  # our staff, in the order shown
    state = models.CharField(max_length=30, blank=True)
    skip_verify = models.BooleanField(default=True)
    welcome_mode = models.CharField(max_length=8, choices=WelcomeMode, default=WelcomeMode.DEFAULT)
    welcome_text = models.TextField(blank=True)
    welcome_parts = models.JSONField(default=list, blank=True)
    qr_url = models.CharField(max_length=500, blank=True)
    qr_picture = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "state"], condition=~models.Q(state=""), name="contacts_way_state_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "channel"], name="contacts_way_of_channel")]

    def __str__(self) -> str:
        return self.name


class Customer(TenantModel):
    """One person outside the corp, as one app sees them. Someone met only in a group has no name: it stays "".

    `gender` 0 unknown, 1 male, 2 female and `kind` 1 WeChat, 2 WeCom, 0 unknown are WeCom's. `consent` holds
    {"marketing": "granted" | "refused", "at": iso}. `stage` is the trust stage 1-7 (R33). Of one person's records one
    stands for the person: its `person` is empty, that of the others names it. `merged_into` is the record that each
    was merged into (R37).
    """

    app = models.ForeignKey("wecom.App", on_delete=models.CASCADE, related_name="+", db_index=False)
    external_userid = models.CharField(max_length=64)
    unionid = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=128, blank=True)
    avatar = models.CharField(max_length=512, blank=True)
    gender = models.PositiveSmallIntegerField(default=0)
    kind = models.PositiveSmallIntegerField(default=0)
    phone = models.CharField(max_length=32, blank=True)
    first_seen_at = models.DateTimeField(default=clock.now)
    opt_out_at = models.DateTimeField(null=True, blank=True)
    opt_out_reason = models.CharField(max_length=200, blank=True)
    consent = models.JSONField(default=dict)
    archive_consent = models.CharField(max_length=16, blank=True)  # agree, disagree, "" not known
    archive_consent_source = models.CharField(max_length=16, blank=True)  # wecom.archive ConsentSource
    archive_consent_at = models.DateTimeField(null=True, blank=True)
    stage = models.PositiveSmallIntegerField(default=1)
    stage_at = models.DateTimeField(null=True, blank=True)  # since when; empty: since first seen
    stage_held_at = models.DateTimeField(null=True, blank=True)  # moved back by hand: only later acts count
    synced_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    person = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "app", "external_userid"], name="contacts_customer_once"
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "external_userid"], name="contacts_customer_extid"),
            models.Index(
                fields=["tenant", "-first_seen_at", "-id"],
                include=["person"],
                name="contacts_customer_newest",
            ),
            models.Index(fields=["tenant", "stage"], name="contacts_customer_stage"),
            models.Index(
                fields=["tenant", "unionid"], name="contacts_customer_union", condition=~models.Q(unionid="")
            ),
            models.Index(
                fields=["tenant", "phone"], name="contacts_customer_phone", condition=~models.Q(phone="")
            ),
            models.Index(
                fields=["tenant", "person"],
                name="contacts_customer_person",
                condition=models.Q(person__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.external_userid


class Follow(TenantModel):
    """One staff member's tie to one customer. `event_at` is the latest WeCom event applied: older ones lose."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="follows", db_index=False)
    staff = models.ForeignKey("team.Staff", on_delete=models.CASCADE, related_name="+", db_index=False)
    state = models.CharField(max_length=16, choices=FollowState)
    remark = models.CharField(max_length=128, blank=True)
    description = models.CharField(max_length=512, blank=True)
    add_way = models.PositiveSmallIntegerField(default=0)
    state_code = models.CharField(max_length=64, blank=True)  # the channel code's `state`
    channel = models.ForeignKey(
        Channel, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    followed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    event_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "customer", "staff"], name="contacts_follow_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "staff", "state"], name="contacts_follow_of_staff"),
            models.Index(
                fields=["tenant", "state_code", "followed_at"],
                include=["customer", "state"],
                name="contacts_follow_of_code",
                condition=~models.Q(state_code=""),
            ),
            models.Index(
                fields=["tenant", "channel", "followed_at"],
                include=["customer"],
                name="contacts_follow_of_chan",
                condition=models.Q(channel__isnull=False),
            ),
        ]

    @property
    def added_through(self) -> str:
        """How they became friends, in words; "" where WeCom does not say."""
        return str(AddWay(self.add_way).label) if self.add_way in AddWay else ""
