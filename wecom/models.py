"""What the WeCom door keeps: connected apps, what came in, what goes out, quota used, sync progress."""

from django.db import models
from django.db.models import Func, Value

from tenants import clock
from tenants.scoping import TenantModel
from tenants.secrets import SecretField
from wecom import names
from wecom.archive.models import (  # noqa: F401  these tables are ours too
    ArchiveConsent,
    ArchiveCursor,
    ArchivedMedia,
    ArchivedMessage,
    ArchiveKey,
    ArchiveRoom,
    SealedMessage,
)
from wecom.enums import (
    INBOUND_OPEN,
    AppState,
    InboundSource,
    InboundState,
    LostKind,
    MediaKind,
    OwnKind,
    QuotaRule,
    QuotaRuleSource,
    QuotaSource,
    ReceiverKind,
    SendKind,
    SendState,
)


class App(TenantModel):
    """One WeCom app of one corp. `slug` stands in its callback URL and is found without a tenant."""

    corp_id = models.CharField(max_length=64)
    corp_name = models.CharField(max_length=128, blank=True)
    agent_id = models.BigIntegerField(default=0)
    secret = SecretField(blank=True)
    secret_version = models.PositiveIntegerField(default=1)  # a cached token belongs to one version
    token = SecretField(blank=True)
    aes_key = SecretField(blank=True)
    slug = models.SlugField(max_length=40, unique=True)
    suite_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=16, choices=AppState, default=AppState.NEW)
    state_code = models.IntegerField(default=0)  # WeCom's errcode that stopped it; 0: none
    state_reason = models.CharField(max_length=500, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)  # first callback URL check that succeeded
    checks = models.JSONField(default=dict, blank=True)  # {"secret": {"ok": bool, "code": int, "at": iso}}
    greeting = models.TextField(blank=True)  # welcome text of this app; empty: the tenant's preference
    greeting_parts = models.JSONField(default=list, blank=True)  # up to 9 attachments, see wecom.greetings
    contacts_secret = SecretField(blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "corp_id", "agent_id"], name="wecom_app_once")
        ]

    def __str__(self) -> str:
        return f"{self.corp_name or self.corp_id} / {self.agent_id}"

    @property
    def is_callable(self) -> bool:
        return self.state == AppState.CONNECTED


_OPEN = models.Q(state__in=[one.value for one in INBOUND_OPEN])


class InboundEvent(TenantModel):
    """One thing that came in, kept as it came. `mailbox` names what must be processed in order."""

    # Neither key is checked by the database: that costs a callback two row locks that all callbacks share. The address
    # it came to named both a moment ago, row-level security binds the tenant, and Django still deletes along.
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    app = models.ForeignKey(
        App, null=True, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    source = models.CharField(max_length=16, choices=InboundSource)
    dedupe_key = models.CharField(max_length=64)
    body = models.TextField()
    event = models.CharField(max_length=64, blank=True)
    change_type = models.CharField(max_length=64, blank=True)
    mailbox = models.CharField(max_length=160, blank=True)
    occurred_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(default=clock.now)
    state = models.CharField(max_length=16, choices=InboundState, default=InboundState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=clock.now)
    leased_until = models.DateTimeField(
        null=True
    )  # the database's own time: a worker's life, not business time
    error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "app", "dedupe_key"], name="wecom_inbound_once", nulls_distinct=False
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "id"], name="wecom_inbound_line", condition=_OPEN),
            models.Index(fields=["tenant", "mailbox", "id"], name="wecom_inbound_open", condition=_OPEN),
            models.Index(fields=["tenant", "-received_at"], name="wecom_inbound_recent"),
            models.Index(
                fields=["tenant", "state", "-received_at"],
                name="wecom_inbound_shelved",
                condition=models.Q(state__in=[InboundState.DEAD.value, InboundState.DISCARDED.value]),
            ),
        ]

    def __str__(self) -> str:
        return names.event_name(self.event, self.change_type)


class Landed(TenantModel):
    """A callback where it landed, until a worker files it in the inbox under the same number (wecom.inbox.shelf).

    Its primary key in the database is (tenant, id), the one index it has. No key of another table is checked.
    """

    id = models.BigIntegerField(
        primary_key=True, db_default=Func(Value("wecom_inboundevent_id_seq"), function="nextval")
    )
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    app = models.ForeignKey(
        App, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    dedupe_key = models.CharField(max_length=64)
    body = models.TextField()
    received_at = models.DateTimeField()


class ApiEvent(TenantModel):
    """One accepted id of the event API: the durable memory that makes an event count once across batches."""

    source = models.CharField(max_length=32)
    event_id = models.CharField(max_length=128)
    inbound = models.ForeignKey(InboundEvent, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "event_id"], name="wecom_api_event_once")
        ]


class OutboundSend(TenantModel):
    """One call that must happen once: claim, commit, call, record."""

    app = models.ForeignKey(App, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    kind = models.CharField(max_length=24, choices=SendKind)
    key = models.CharField(max_length=160)
    payload = models.JSONField()
    state = models.CharField(max_length=16, choices=SendState, default=SendState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    next_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField(null=True)  # later than this it is not sent any more
    claim = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True)  # the database's own time
    called_at = models.DateTimeField(null=True)  # product time; what a reconciliation looks for
    finished_at = models.DateTimeField(null=True)
    vendor_id = models.CharField(max_length=128, blank=True)
    answer = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    error_code = models.IntegerField(default=0)
    ref_kind = models.CharField(max_length=48, blank=True)
    ref_id = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "key"], name="wecom_send_once")]
        indexes = [
            models.Index(
                fields=["tenant", "next_at"],
                name="wecom_send_due",
                condition=models.Q(state__in=["queued", "claimed"]),
            ),
            models.Index(fields=["tenant", "ref_kind", "ref_id"], name="wecom_send_ref"),
            models.Index(
                fields=["tenant", "-created_at"],
                name="wecom_send_welcome",
                condition=models.Q(kind="welcome"),
            ),
            models.Index(
                fields=["tenant", "vendor_id"],
                name="wecom_send_vendor",
                condition=~models.Q(vendor_id=""),
            ),
            models.Index(
                fields=["tenant", "-created_at"],
                name="wecom_send_parked",
                condition=models.Q(state__in=["unknown", "failed"]),
            ),
        ]


class QuotaEntry(TenantModel):
    """One mass send that counts against WeCom's limit of one receiver on one local day."""

    receiver_kind = models.CharField(max_length=16, choices=ReceiverKind)
    receiver_id = models.CharField(max_length=64)
    local_date = models.DateField()
    source = models.CharField(max_length=16, choices=QuotaSource)
    vendor_msgid = models.CharField(max_length=128)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "receiver_kind", "receiver_id", "local_date", "source", "vendor_msgid"],
                name="wecom_quota_once",
            )
        ]
        indexes = [models.Index(fields=["tenant", "vendor_msgid"], name="wecom_quota_by_send")]


class QuotaRuleChange(TenantModel):
    """From a day on, WeCom counts mass sends by this rule. `limit` is the number stated; null: the rule's own."""

    rule = models.CharField(max_length=16, choices=QuotaRule)
    limit = models.PositiveSmallIntegerField(null=True)
    effective_from = models.DateField()
    source = models.CharField(max_length=16, choices=QuotaRuleSource)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "effective_from"], name="wecom_quota_rule_once")
        ]


class PersonalFeed(TenantModel):
    """How far the mass sends that members made by themselves have been read from WeCom."""

    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="+", db_index=False)
    read_until = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)  # the last reading that ended well
    next_at = models.DateTimeField(default=clock.now)
    leased_until = models.DateTimeField(null=True)  # the database's own time
    error = models.TextField(blank=True)
    error_code = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "app"], name="wecom_personal_feed_once")]
        indexes = [models.Index(fields=["tenant", "next_at"], name="wecom_personal_feed_due")]


class PersonalSend(TenantModel):
    """A mass send that was not made here: by a member, or for the company in WeCom's console or another app. Asked
    about until WeCom told whom it reached."""

    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="+", db_index=False)
    msgid = models.CharField(max_length=128)
    chat_type = models.CharField(max_length=8)
    creator = models.CharField(max_length=64)
    source = models.CharField(max_length=16, choices=QuotaSource, default=QuotaSource.PERSONAL)
    made_at = models.DateTimeField()
    # What a mass send says, as WeCom lists it: tells whether it carries out something planned. "": not known.
    words = models.TextField(blank=True, default="", db_default="")
    tries = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)  # null: settled

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "app", "msgid"], name="wecom_personal_send_once")
        ]
        indexes = [
            models.Index(
                fields=["tenant", "next_at"],
                name="wecom_personal_send_due",
                condition=models.Q(next_at__isnull=False),
            )
        ]


class OwnReach(TenantModel):
    """That a message which colleagues sent by themselves in WeCom reached one receiver: the raw log of what was not
    planned here (R54). A mass send by hand, one from WeCom's console, a post in Moments.

    `key` names the message as the exposure log does: of a mass send into groups one for each group, of Moments one
    for each colleague who posted. `counts`: whether it takes a place of the people's limits. A post does by the setting
    of then; a mass send does unless it carried out something planned, which counts already.
    """

    kind = models.CharField(max_length=8, choices=OwnKind)
    key = models.CharField(max_length=96)
    receiver_id = models.CharField(max_length=64)  # WeCom's id of the group or the customer
    msgid = models.CharField(max_length=128)
    sender = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField()
    noted_at = models.DateTimeField(default=clock.now)
    counts = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key", "receiver_id"], name="wecom_own_reach_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "sent_at"], name="wecom_own_reach_when"),
            models.Index(fields=["tenant", "msgid"], name="wecom_own_reach_send"),
        ]


class SyncState(TenantModel):
    """How far one kind of data has been read from WeCom, and how much the callbacks had missed."""

    what = models.CharField(max_length=24)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)  # null: nothing asked for, nothing planned
    leased_until = models.DateTimeField(null=True)  # the database's own time
    error = models.TextField(blank=True)
    error_code = models.IntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    lost_events = models.PositiveIntegerField(default=0)  # differences the last whole comparison found
    lost_now = models.PositiveIntegerField(default=0)  # those of the comparison that is going on
    position = models.JSONField(default=dict)  # where a read stands that is not whole yet; {}: none is
    doing = models.CharField(max_length=160, blank=True)  # what is being read, for people
    claim = models.CharField(max_length=32, blank=True)
    # The present stretch of work, in the database's own time: what the estimate goes by.
    stretch_at = models.DateTimeField(null=True)
    stretch_from = models.PositiveIntegerField(default=0)
    step_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "what"], name="wecom_sync_once")]


class LostChange(TenantModel):
    """What a comparison with WeCom had to repair: something changed and no callback had told of it.

    `subject_id` is WeCom's: a chat_id, an external_userid, a userid. `count` is how many changes of the subject.
    """

    what = models.CharField(max_length=24)
    subject_id = models.CharField(max_length=64)
    title = models.CharField(max_length=128, blank=True)
    kind = models.CharField(max_length=16, choices=LostKind)
    count = models.PositiveIntegerField(default=1)
    found_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-found_at", "-id"], name="wecom_lost_recent"),
            models.Index(fields=["tenant", "what", "subject_id"], name="wecom_lost_subject"),
        ]


class MediaAsset(TenantModel):
    """A picture, video or file of ours that messages carry. WeCom's media_id lives 3 days, this stays.

    Its uploads are renewed while a welcome uses it (wecom.assets).
    """

    kind = models.CharField(max_length=8, choices=MediaKind)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=64)
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    body = models.BinaryField()
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "sha256", "kind"], name="wecom_media_asset_once")
        ]

    def __str__(self) -> str:
        return self.name


class MediaUpload(TenantModel):
    """One asset at WeCom for now: its media_id and when that ends. Media are shared by all apps of a corp."""

    asset = models.ForeignKey(MediaAsset, on_delete=models.CASCADE, related_name="uploads", db_index=False)
    corp_id = models.CharField(max_length=64)
    media_id = models.CharField(max_length=256)
    uploaded_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "asset", "corp_id"], name="wecom_media_upload_once")
        ]
        indexes = [models.Index(fields=["tenant", "expires_at"], name="wecom_media_upload_ends")]
