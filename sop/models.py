"""Templates, versions and steps; runs; the touches they plan."""

from datetime import time

from django.db import models
from django.db.models import Q

from groups.enums import Kind
from sop.enums import (
    Anchor,
    Audience,
    CatchUp,
    Channel,
    ContentType,
    Evidence,
    Mark,
    OnBlock,
    RecipientState,
    RunState,
    StepRole,
    Strategy,
    TaskState,
    TemplateKind,
    TouchState,
    VersionState,
)  # fmt: skip
from sop.policies.plan import PlanStep, minutes_before
from tenants import clock
from tenants.scoping import TenantModel


class Template(TenantModel):
    """A named SOP; its content lives in versions."""

    code = models.CharField(max_length=40)
    name = models.CharField(max_length=64)
    kind = models.CharField(max_length=16, choices=TemplateKind, default=TemplateKind.CAMP)
    purpose = models.CharField(max_length=200, blank=True)
    group_kind = models.CharField(
        max_length=16, choices=Kind, blank=True
    )  # whose rules it keeps; "": of any type
    builtin = models.CharField(max_length=40, blank=True)  # the built-in template it was cloned from
    created_at = models.DateTimeField(default=clock.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="sop_template_code_once")]

    def __str__(self) -> str:
        return self.name


class Version(TenantModel):
    """One edition of a template. A published one never changes; runs pin one (R56)."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=VersionState, default=VersionState.DRAFT)
    days = models.PositiveSmallIntegerField()  # without the days after the end
    after_days = models.PositiveSmallIntegerField(default=0)
    phases = models.JSONField(default=list)  # [{"key", "name", "first", "last", "note"}], 1-based days
    offer_day = models.PositiveSmallIntegerField(null=True, blank=True)  # the day the offer ends
    offer_at = models.TimeField(null=True, blank=True)  # tenant's zone
    parent = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    change_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "template", "number"], name="sop_version_number_once"),
            models.UniqueConstraint(
                fields=["tenant", "template"], condition=Q(state="draft"), name="sop_version_one_draft"
            ),
            models.CheckConstraint(
                condition=Q(state="draft", published_at=None)
                | Q(state="published", published_at__isnull=False),
                name="sop_version_published_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template} v{self.number}"


class Step(TenantModel):
    """What is said, when, where, to whom, by whom; and what happens when it cannot be.

    `day` and `at` hold for the anchor run_start (1-based day, tenant's zone); `offset_minutes` for the other
    anchors: after a member's join, or before (negative) the end of the offer.
    """

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="steps", db_index=False)
    key = models.CharField(max_length=40)  # the same through all versions of a template
    phase = models.CharField(max_length=16, blank=True)
    link = models.PositiveSmallIntegerField(null=True, blank=True)  # 1-5 of the five links (R42)
    title = models.CharField(max_length=64)
    anchor = models.CharField(max_length=16, choices=Anchor, default=Anchor.RUN_START)
    day = models.PositiveSmallIntegerField(null=True, blank=True)
    at = models.TimeField(null=True, blank=True)
    offset_minutes = models.IntegerField(default=0)
    window_minutes = models.PositiveIntegerField(default=60)
    channel = models.CharField(max_length=16, choices=Channel)
    replace_channel = models.CharField(max_length=16, choices=Channel, blank=True)
    content_type = models.CharField(max_length=16, choices=ContentType)
    text = models.TextField(blank=True)
    links = models.JSONField(default=list, blank=True)  # [{"key", "title", "kind", "url"}]
    role = models.CharField(max_length=16, choices=StepRole, default=StepRole.OWNER)
    audience = models.CharField(max_length=16, choices=Audience, default=Audience.MEMBERS)
    evidence = models.CharField(max_length=16, choices=Evidence, default=Evidence.NOTE)
    mark = models.CharField(max_length=8, choices=Mark, blank=True)
    on_block = models.CharField(max_length=8, choices=OnBlock, default=OnBlock.DROP)
    catch_up = models.CharField(max_length=8, choices=CatchUp, default=CatchUp.SKIP)
    priority = models.PositiveSmallIntegerField(default=50)  # lower goes first
    is_marketing = models.BooleanField(default=False)
    is_service = models.BooleanField(default=False)  # receipts, class links: exempt from caps
    opens_talk = models.BooleanField(default=False)  # asks for an answer: conversation, not broadcast (R55)
    strategy = models.CharField(max_length=16, choices=Strategy, blank=True)
    cost_minutes = models.PositiveSmallIntegerField(default=5)  # a group
    goal = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version", "key"], name="sop_step_key_once"),
            models.CheckConstraint(
                condition=~Q(anchor="run_start") | Q(day__isnull=False, at__isnull=False),
                name="sop_step_day_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def to_plan(self, *, offer_day: int | None = None, offer_at: time | None = None) -> PlanStep:
        """This step for the plan rules. A countdown step stands on the offer's last day when that is given."""
        day, at = self.day, self.at
        if self.anchor == Anchor.OFFER_END:
            day, at = minutes_before(offer_day, offer_at, self.offset_minutes)
        elif self.anchor == Anchor.MEMBER_JOIN:
            day, at = None, None
        return PlanStep(
            key=self.key,
            title=self.title,
            anchor=self.anchor,
            day=day,
            at=at,
            channel=self.channel,
            audience=self.audience,
            content_type=self.content_type,
            mark=self.mark,
            text=self.text,
            link_keys=frozenset(link["key"] for link in self.links),
            is_marketing=self.is_marketing,
            is_service=self.is_service,
            opens_talk=self.opens_talk,
            cost_minutes=self.cost_minutes,
            replace_channel=self.replace_channel,
            priority=self.priority,
        )


class Run(TenantModel):
    """One camp: a published version carried out in some groups from a start date."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="runs", db_index=False)
    name = models.CharField(max_length=64)
    starts_on = models.DateField()  # day 1, tenant's zone
    days = models.PositiveSmallIntegerField()
    after_days = models.PositiveSmallIntegerField(default=0)
    phases = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=RunState, default=RunState.RUNNING)
    key_interaction = models.CharField(max_length=32, blank=True)  # a behaviour kind (R45, R111)
    key_interaction_object = models.CharField(max_length=128, blank=True)  # only this object; empty: any
    offer_ends_at = models.DateTimeField(null=True, blank=True)
    interaction_url = models.URLField(max_length=500, blank=True)  # where the key interaction happens
    product_title = models.CharField(max_length=64, blank=True)
    product_url = models.URLField(max_length=500, blank=True)
    variables = models.JSONField(default=dict, blank=True)  # {"老师称呼": "小鱼老师", ...}
    window_id = models.BigIntegerField(null=True, blank=True)  # leads.Window of this run
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=64, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "state", "starts_on"], name="sop_run_by_state")]

    def __str__(self) -> str:
        return self.name


class RunGroup(TenantModel):
    """A group that takes part in a run."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="run_groups", db_index=False)
    group = models.ForeignKey("groups.Group", on_delete=models.CASCADE, related_name="+", db_index=False)
    added_at = models.DateTimeField(default=clock.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "run", "group"], name="sop_run_group_once")]
        indexes = [models.Index(fields=["tenant", "group"], name="sop_run_group_by_group")]


class Touch(TenantModel):
    """One step for one group at one time: the row that the dispatcher claims and carries to an end."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="touches", db_index=False)
    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="touches", db_index=False)
    group = models.ForeignKey(
        "groups.Group", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    staff = models.ForeignKey(
        "team.Staff", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    occurrence = models.CharField(max_length=64, blank=True)  # tells apart touches of a step a group: joins
    channel = models.CharField(max_length=16, choices=Channel)
    planned_at = models.DateTimeField()  # when the plan first wanted it; lateness is counted from here
    due_at = models.DateTimeField()
    window_ends_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=TouchState, default=TouchState.PLANNED)
    rule_code = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    claim_token = models.CharField(max_length=32, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)  # decisions asked of the gate
    handed_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    lateness_s = models.IntegerField(null=True, blank=True)  # handed over after planned_at, seconds
    bundle = models.BigIntegerField(null=True, blank=True)  # first touch of those one staff does at once
    send_id = models.BigIntegerField(null=True, blank=True)  # wecom.OutboundSend
    text = models.TextField(blank=True)  # as handed over
    evidence = models.JSONField(default=dict, blank=True)
    recipients_count = models.PositiveIntegerField(default=0)
    blocked_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "run", "step", "group", "occurrence"], name="sop_touch_once"
            ),
            models.CheckConstraint(condition=Q(state__in=TouchState.values), name="sop_touch_state_known"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "due_at"],
                condition=Q(state__in=["planned", "claimed"]),
                name="sop_touch_due",
            ),
            models.Index(fields=["tenant", "run", "planned_at"], name="sop_touch_by_run"),
            models.Index(fields=["tenant", "group", "planned_at"], name="sop_touch_by_group"),
            models.Index(
                fields=["tenant", "send_id"], condition=Q(send_id__isnull=False), name="sop_touch_send"
            ),
            models.Index(
                fields=["tenant", "bundle"], condition=Q(bundle__isnull=False), name="sop_touch_bundle"
            ),
            models.Index(
                fields=["tenant", "window_ends_at"], condition=Q(state="handed"), name="sop_touch_handed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} · {self.group}" if self.group else str(self.step)


class TouchRecipient(TenantModel):
    """One person of a private touch, or one who was left out, with the rule."""

    touch = models.ForeignKey(Touch, on_delete=models.CASCADE, related_name="recipients", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    state = models.CharField(max_length=12, choices=RecipientState, default=RecipientState.PLANNED)
    rule_code = models.CharField(max_length=16, blank=True)
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "touch", "customer"], name="sop_recipient_once")
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="sop_recipient_by_customer")]


class SendTask(TenantModel):
    """A mass-send task in WeCom: it is polled, reminded of and at last cancelled (R113)."""

    send_id = models.BigIntegerField()
    vendor_id = models.CharField(max_length=128)
    sender_userid = models.CharField(max_length=64)
    is_group = models.BooleanField()
    state = models.CharField(max_length=12, choices=TaskState, default=TaskState.WAITING)
    created_at = models.DateTimeField(default=clock.now)
    ends_at = models.DateTimeField()  # cancelled in WeCom when not confirmed by then
    next_poll_at = models.DateTimeField()
    polls = models.PositiveIntegerField(default=0)
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "send_id"], name="sop_send_task_once")]
        indexes = [
            models.Index(
                fields=["tenant", "next_poll_at"], condition=Q(state="waiting"), name="sop_send_task_due"
            )
        ]
