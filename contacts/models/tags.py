"""Tags, WeCom's and ours, the rules that give them, and whom they stand on (R32)."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from contacts.enums import TagEnd, TagSource
from contacts.models.people import Customer
from tenants import clock
from tenants.scoping import TenantModel


class TagGroup(TenantModel):
    """A group of tags: WeCom's, read through an app, or ours, which has none."""

    app = models.ForeignKey(
        "wecom.App", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    group_id = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=64)
    sort = models.BigIntegerField(default=0)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "app", "group_id"], name="contacts_tag_group_once"),
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="contacts_own_tag_group_once",
                condition=models.Q(app__isnull=True, deleted_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Tag(TenantModel):
    """A tag: WeCom's, read through an app, or ours, which has no app and no WeCom id.

    One deleted in WeCom or archived here keeps its row, so that history still reads.
    """

    app = models.ForeignKey(
        "wecom.App", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    tag_id = models.CharField(max_length=64, blank=True)
    group = models.ForeignKey(
        TagGroup, null=True, blank=True, on_delete=models.SET_NULL, related_name="tags", db_index=False
    )
    name = models.CharField(max_length=64)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "app", "tag_id"], name="contacts_tag_once"),
            models.UniqueConstraint(
                fields=["tenant", "group", "name"],
                name="contacts_own_tag_once",
                condition=models.Q(app__isnull=True, deleted_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_own(self) -> bool:
        return self.app_id is None


class TagRule(TenantModel):
    """What gives one tag by itself, and takes it off again.

    `conditions`: [{"fact": "did:lesson", "at_least": 3, "days": 7 | null}]. `keeps_days`: how long the tag stays
    after the rule last held; None: until it no longer holds. `version` grows with each change of meaning. A run over
    everyone is due when `due_at` has come; `upto_id` is how far the present run is (customer ids, ascending).
    """

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="rules", db_index=False)
    conditions = models.JSONField(default=list)
    needs_all = models.BooleanField(default=True)
    keeps_days = models.PositiveSmallIntegerField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by = models.CharField(max_length=128, blank=True)
    due_at = models.DateTimeField(default=clock.now)
    upto_id = models.BigIntegerField(default=0)
    ran_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "tag"], name="contacts_tag_rule_once")]
        indexes = [
            models.Index(
                fields=["tenant", "due_at"], name="contacts_tag_rule_due", condition=models.Q(is_active=True)
            )
        ]

    def __str__(self) -> str:
        return str(self.tag)


class CustomerTag(TenantModel):
    """A tag on a customer now. WeCom keeps tags per staff member; ours by hand or rule carry no staff id.

    `evidence` of one by rule: {"version": 2, "needs_all": true, "found": [{"fact", "at_least", "days", "count",
    "at"}]}. `expires_at` is when it comes off by itself.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="tags", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="+", db_index=False)
    staff = models.ForeignKey("team.Staff", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=8, choices=TagSource)
    added_at = models.DateTimeField(default=clock.now)
    added_by = models.CharField(max_length=128, blank=True)
    evidence: Any = models.JSONField(default=dict)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "tag", "source", "staff"],
                name="contacts_customer_tag_once",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "tag", "customer"], name="contacts_customer_tag_by_tag"),
            models.Index(
                fields=["tenant", "expires_at"],
                name="contacts_customer_tag_expiry",
                condition=models.Q(expires_at__isnull=False),
            ),
        ]


class TagPast(TenantModel):
    """A tag that a customer carried and no longer does: when and why it came, when and why it went."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="+", db_index=False)
    staff = models.ForeignKey(
        "team.Staff", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    source = models.CharField(max_length=8, choices=TagSource)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=128, blank=True)
    evidence: Any = models.JSONField(default=dict)
    ended_at = models.DateTimeField()
    ended_by = models.CharField(max_length=128, blank=True)
    why = models.CharField(max_length=8, choices=TagEnd)

    class Meta:
        indexes = [models.Index(fields=["tenant", "customer", "-ended_at"], name="contacts_tag_past_person")]


class TagBatch(TenantModel):
    """One tag put on many people at once, or taken off, with the reason; done in slices, taken back in slices.

    `person_ids` are the chosen people, ascending; `done` of them are looked at, `changed` got or lost the tag. What a
    batch gives carries {"batch": id, "reason": text} as evidence; what it takes off keeps {"off": {"batch": id,
    "reason": text, "until": iso | null}} in its past, so that both can be taken back.
    """

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="+", db_index=False)
    is_on = models.BooleanField()
    person_ids = ArrayField(models.BigIntegerField(), default=list)
    total = models.PositiveIntegerField()
    reason = models.CharField(max_length=200)
    expires_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.CharField(max_length=128)
    asked_at = models.DateTimeField(default=clock.now)
    done = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    undo_by = models.CharField(max_length=128, blank=True)
    undo_at = models.DateTimeField(null=True, blank=True)
    undone = models.PositiveIntegerField(default=0)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "-asked_at"], name="contacts_tag_batch_recent")]

    def __str__(self) -> str:
        return str(self.tag)
