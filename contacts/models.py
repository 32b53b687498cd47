"""Customers, who follows them, their tags, what they did and bought, and what reached them."""

from django.db import models

from contacts.enums import (
    BehaviourKind,
    ChannelKind,
    FollowState,
    ImportKind,
    OrderClass,
    OrderState,
    TagSource,
    WelcomeMode,
)
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
    persona = models.CharField(max_length=200, blank=True)
    target = models.PositiveIntegerField(null=True, blank=True)  # people it should bring
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
    {"marketing": "granted" | "refused", "at": iso}. `stage` is the trust stage 1-7 (R33).
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
    synced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "app", "external_userid"], name="contacts_customer_once"
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "external_userid"], name="contacts_customer_extid"),
            models.Index(fields=["tenant", "-first_seen_at", "-id"], name="contacts_customer_recent"),
            models.Index(
                fields=["tenant", "unionid"], name="contacts_customer_union", condition=~models.Q(unionid="")
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
                name="contacts_follow_by_code",
                condition=~models.Q(state_code=""),
            ),
            models.Index(
                fields=["tenant", "channel", "followed_at"],
                name="contacts_follow_by_channel",
                condition=models.Q(channel__isnull=False),
            ),
        ]


class TagGroup(TenantModel):
    """A group of corp tags."""

    app = models.ForeignKey("wecom.App", on_delete=models.CASCADE, related_name="+", db_index=False)
    group_id = models.CharField(max_length=64)
    name = models.CharField(max_length=64)
    sort = models.BigIntegerField(default=0)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "app", "group_id"], name="contacts_tag_group_once")
        ]

    def __str__(self) -> str:
        return self.name


class Tag(TenantModel):
    """A corp tag. One deleted in WeCom keeps its row, so that history still reads."""

    app = models.ForeignKey("wecom.App", on_delete=models.CASCADE, related_name="+", db_index=False)
    tag_id = models.CharField(max_length=64)
    group = models.ForeignKey(
        TagGroup, null=True, blank=True, on_delete=models.SET_NULL, related_name="tags", db_index=False
    )
    name = models.CharField(max_length=64)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "app", "tag_id"], name="contacts_tag_once")]

    def __str__(self) -> str:
        return self.name


class CustomerTag(TenantModel):
    """A tag on a customer. WeCom keeps tags per staff member; ours by hand or rule carry no staff id in WeCom."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="tags", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="+", db_index=False)
    staff = models.ForeignKey("team.Staff", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=8, choices=TagSource)
    added_at = models.DateTimeField(default=clock.now)
    added_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "tag", "source", "staff"],
                name="contacts_customer_tag_once",
                nulls_distinct=False,
            )
        ]
        indexes = [models.Index(fields=["tenant", "tag", "customer"], name="contacts_customer_tag_by_tag")]


class Behaviour(TenantModel):
    """One thing that happened, from any source: append-only in meaning, idempotent by (source, event_id).

    A behaviour of someone not yet known keeps `external_userid` and gets its customer when that one appears.
    `amount_fen` is money in fen; `data` keeps what the source said beyond these columns.
    """

    source = models.CharField(max_length=40)
    event_id = models.CharField(max_length=128)
    kind = models.CharField(max_length=16, choices=BehaviourKind)
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    external_userid = models.CharField(max_length=64, blank=True)
    group = models.ForeignKey(
        "groups.Group", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    staff = models.ForeignKey(
        "team.Staff", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(default=clock.now)
    object_kind = models.CharField(max_length=32, blank=True)
    object_id = models.CharField(max_length=128, blank=True)
    object_title = models.CharField(max_length=200, blank=True)
    amount_fen = models.BigIntegerField(null=True, blank=True)
    text = models.TextField(blank=True)
    data = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "event_id"], name="contacts_behaviour_once")
        ]
        indexes = [
            models.Index(
                fields=["tenant", "customer", "kind", "occurred_at"], name="contacts_behaviour_person"
            ),
            models.Index(fields=["tenant", "customer", "occurred_at"], name="contacts_behaviour_timeline"),
            models.Index(fields=["tenant", "kind", "occurred_at"], name="contacts_behaviour_kind"),
            models.Index(
                fields=["tenant", "group", "occurred_at"],
                name="contacts_behaviour_group",
                condition=models.Q(group__isnull=False),
            ),
            models.Index(
                fields=["tenant", "external_userid"],
                name="contacts_behaviour_unknown",
                condition=models.Q(customer__isnull=True),
            ),
        ]


class Order(TenantModel):
    """One order of the tenant's shop. A refund that came before its order leaves `ordered_at` empty until then."""

    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=40)
    order_no = models.CharField(max_length=128)
    sku_id = models.CharField(max_length=128, blank=True)
    title = models.CharField(max_length=200, blank=True)
    amount_fen = models.BigIntegerField(null=True, blank=True)
    refund_fen = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=OrderState)
    ordered_at = models.DateTimeField(null=True, blank=True)
    refunded_at = models.DateTimeField(null=True, blank=True)
    order_class = models.CharField(max_length=12, choices=OrderClass, default=OrderClass.UNKNOWN)
    class_confirmed_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "order_no"], name="contacts_order_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "customer", "ordered_at"], name="contacts_order_person"),
            models.Index(fields=["tenant", "ordered_at"], name="contacts_order_recent"),
        ]


class ExposureDay(TenantModel):
    """How many touches reached a person on one of the tenant's local days. Written by the gate only."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    local_date = models.DateField()
    count = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "local_date"], name="contacts_exposure_day_once"
            )
        ]


class ExposureWeek(TenantModel):
    """The same for a week of the tenant's zone; `starts_on` is its Monday. Written by the gate only."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    starts_on = models.DateField()
    count = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "starts_on"], name="contacts_exposure_week_once"
            )
        ]


class GroupDay(TenantModel):
    """How many touches went into a group on one of the tenant's local days. Written by the gate only."""

    group = models.ForeignKey("groups.Group", on_delete=models.CASCADE, related_name="+", db_index=False)
    local_date = models.DateField()
    count = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "group", "local_date"], name="contacts_group_day_once")
        ]


class Exposure(TenantModel):
    """One touch let through to one person: the gate's raw log, append-only.

    `weight` is 1; a touch that in the end reached nobody gets a further row of -1 (`gate_release`), and one that
    goes out after all another 1. `seq` counts these rows of one touch and person from 0: even ones are passes.
    The sum of weights by person and day equals ExposureDay: a nightly certificate can prove it.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    touch_key = models.CharField(max_length=96)
    seq = models.PositiveSmallIntegerField(default=0)
    weight = models.SmallIntegerField(default=1)
    local_date = models.DateField()
    at = models.DateTimeField()
    channel = models.CharField(max_length=24)
    group = models.ForeignKey(
        "groups.Group", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    capped = models.BooleanField(default=True)  # False: a service message, outside the caps

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "touch_key", "customer", "seq"], name="contacts_exposure_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "customer", "local_date"], name="contacts_exposure_person")]


class ImportBatch(TenantModel):
    """One uploaded file of behaviours or of chat messages: checked first, written only when a person says so.

    `ground` is how the people in a chat log agreed to it, as the uploader declared; "" when nothing was declared.
    """

    kind = models.CharField(max_length=12, choices=ImportKind, default=ImportKind.BEHAVIOURS)
    ground = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=200)
    uploaded_by = models.CharField(max_length=128)
    created_at = models.DateTimeField(default=clock.now)
    body = models.TextField()  # the file, decoded; read again when it is written
    source = models.CharField(max_length=40, default="import")
    errors = models.JSONField(
        default=list
    )  # [{"line": 3, "column": "kind", "message": "..."}], the first 200
    error_count = models.PositiveIntegerField(default=0)
    unknown_count = models.PositiveIntegerField(default=0)  # rows of people not known yet
    withheld_count = models.PositiveIntegerField(default=0)  # rows of people who did not agree
    total = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)  # a person said: write it
    done = models.PositiveIntegerField(default=0)  # rows written so far
    written_at = models.DateTimeField(null=True, blank=True)
    outcome = models.JSONField(default=dict)  # {"accepted": 1, "duplicate": 0, "unknown_customer": 0}

    class Meta:
        indexes = [models.Index(fields=["tenant", "-created_at"], name="contacts_import_recent")]
