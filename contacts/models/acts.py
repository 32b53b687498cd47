"""What customers did and bought, and the files it came in."""

from django.db import models

from contacts.enums import BehaviourKind, ImportKind, OrderClass, OrderScene, OrderState, SkuKind
from contacts.models.people import Customer
from tenants import clock
from tenants.scoping import TenantModel


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
            models.Index(
                fields=["tenant", "kind", "occurred_at"],
                include=["customer"],
                name="contacts_behaviour_of_kind",
            ),
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
    """One order of the tenant's shop. A refund that came before its order leaves `ordered_at` empty until then.

    `sku_id` is the code of a Sku, known here or not. `told_kind` is the kind of order as its source said, if it did;
    `nth` counts the person's purchases of the same SKU up to this one, from 1. `scene`, `campaign` and `step` say what
    led to it (R93), worked out by campaigns; `told_scene`, `told_campaign` (an id, as text) and
    `told_seller` (a distributor's code) are the source's word.
    """

    customer = models.ForeignKey(Customer, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=40)
    order_no = models.CharField(max_length=128)
    sku_id = models.CharField(max_length=128, blank=True)
    told_kind = models.CharField(max_length=12, choices=SkuKind, blank=True)
    nth = models.PositiveIntegerField(default=1)
    title = models.CharField(max_length=200, blank=True)
    amount_fen = models.BigIntegerField(null=True, blank=True)
    refund_fen = models.BigIntegerField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=OrderState)
    ordered_at = models.DateTimeField(null=True, blank=True)
    refunded_at = models.DateTimeField(null=True, blank=True)
    order_class = models.CharField(max_length=12, choices=OrderClass, default=OrderClass.UNKNOWN)
    class_confirmed_by = models.CharField(max_length=128, blank=True)
    scene = models.CharField(
        max_length=8, choices=OrderScene, default=OrderScene.DAILY, db_default=OrderScene.DAILY
    )
    told_scene = models.CharField(max_length=8, choices=OrderScene, blank=True, default="", db_default="")
    told_campaign = models.CharField(max_length=18, blank=True, default="", db_default="")
    told_seller = models.CharField(max_length=16, blank=True, default="", db_default="")
    campaign = models.ForeignKey(
        "campaigns.Campaign",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    step = models.ForeignKey(
        "sop.Step", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source", "order_no"], name="contacts_order_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "customer", "ordered_at"], name="contacts_order_person"),
            models.Index(fields=["tenant", "ordered_at"], name="contacts_order_recent"),
            models.Index(fields=["tenant", "sku_id"], name="contacts_order_sku"),
            models.Index(fields=["tenant", "scene", "-ordered_at"], name="contacts_order_scene"),
            models.Index(
                fields=["tenant", "campaign"],
                name="contacts_order_campaign",
                condition=models.Q(campaign__isnull=False),
            ),
        ]


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
