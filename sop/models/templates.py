"""Templates, their versions and the steps of a version."""

from datetime import time

from django.db import models
from django.db.models import Q

from content.enums import LinkKind
from groups.enums import Kind
from sop.enums import (
    GROUP_CHANNELS,
    PERSON_ANCHORS,
    VALUE_TYPES,
    Anchor,
    Audience,
    CatchUp,
    Channel,
    ContentType,
    Evidence,
    Mark,
    OnBlock,
    StepRole,
    Strategy,
    TemplateKind,
    VersionState,
)  # fmt: skip
from sop.enums.talks import TalkFor
from sop.policies.plan import PlanStep, minutes_before
from sop.policies.triggers import Trigger
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
    exits = models.JSONField(default=list, blank=True)  # [{"rule": ExitRule, "value": number or word}]
    parent = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    change_reason = models.CharField(max_length=200, blank=True)
    revision = models.PositiveIntegerField(default=0)  # of a draft: counts its edits (sop.DraftEdit)
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

    `day` and `at` hold for the anchor run_start (1-based day, tenant's zone), `on` and `at` for absolute;
    `offset_minutes` for the other anchors: after what they wait for, or before (negative) the end of the offer.
    What an anchor waits for: group_tag and customer_tag `trigger_tag`; group_size `trigger_count` customers;
    behaviour `trigger_count` acts of `trigger_kind` (of `trigger_object` when given) within `trigger_hours`;
    answers `trigger_count` people with such an act within `trigger_hours` of the step with key `trigger_step`.
    `trigger_hours` 0: however long it takes.
    """

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="steps", db_index=False)
    key = models.CharField(max_length=40)  # the same through all versions of a template
    phase = models.CharField(max_length=16, blank=True)
    link = models.PositiveSmallIntegerField(null=True, blank=True)  # 1-5 of the five links (R42)
    parts = models.JSONField(
        default=list, blank=True
    )  # of enums.Part: what it brings to its link (R43 to R46)
    title = models.CharField(max_length=64)
    anchor = models.CharField(max_length=16, choices=Anchor, default=Anchor.RUN_START)
    day = models.PositiveSmallIntegerField(null=True, blank=True)
    at = models.TimeField(null=True, blank=True)
    on = models.DateField(null=True, blank=True)  # tenant's zone
    offset_minutes = models.IntegerField(default=0)
    trigger_tag = models.BigIntegerField(null=True, blank=True)  # groups.GroupTag or contacts.Tag
    trigger_count = models.PositiveIntegerField(default=1)
    trigger_kind = models.CharField(max_length=32, blank=True)  # a behaviour kind
    trigger_object = models.CharField(max_length=128, blank=True)  # only this object; empty: any
    trigger_hours = models.PositiveIntegerField(default=0)
    trigger_step = models.CharField(max_length=40, blank=True)  # key of an earlier step of the version
    repeats = models.BooleanField(default=False)  # fires each time, not only the first
    window_minutes = models.PositiveIntegerField(default=60)
    channel = models.CharField(max_length=16, choices=Channel)
    replace_channel = models.CharField(max_length=16, choices=Channel, blank=True)
    content_type = models.CharField(max_length=16, choices=ContentType)
    text = models.TextField(blank=True)
    links = models.JSONField(default=list, blank=True)  # [{"key", "title", "kind", "url"}]
    attachments = models.JSONField(default=list, blank=True)  # see content.policies.attachments; at most 9
    material = models.ForeignKey(  # where words and attachments were copied from
        "content.Material", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    role = models.CharField(max_length=16, choices=StepRole, default=StepRole.OWNER)
    audience = models.CharField(max_length=16, choices=Audience, default=Audience.MEMBERS)
    evidence = models.CharField(max_length=16, choices=Evidence, default=Evidence.NOTE)
    mark = models.CharField(max_length=8, choices=Mark, blank=True)
    on_block = models.CharField(max_length=8, choices=OnBlock, default=OnBlock.DROP)
    catch_up = models.CharField(max_length=8, choices=CatchUp, default=CatchUp.SKIP)
    priority = models.PositiveSmallIntegerField(default=50)  # lower goes first
    is_marketing = models.BooleanField(default=False)
    is_first_offer = models.BooleanField(
        default=False, db_default=False
    )  # join coupon, first-order offer (R76, R85)
    is_service = models.BooleanField(default=False)  # receipts, class links: exempt from caps
    opens_talk = models.BooleanField(default=False)  # asks for an answer: conversation, not broadcast (R55)
    # Conversations it leaves behind: with whom, after how many hours, how many a colleague and day, with which words.
    talk_for = models.CharField(max_length=12, choices=TalkFor, blank=True)
    talk_hours = models.PositiveSmallIntegerField(default=24)
    talk_most = models.PositiveSmallIntegerField(default=10)
    talk_text = models.TextField(blank=True)
    strategy = models.CharField(max_length=16, choices=Strategy, blank=True)
    cost_minutes = models.PositiveSmallIntegerField(default=5)  # a group
    goal = models.CharField(max_length=80, blank=True)
    revision = models.PositiveIntegerField(default=0)  # the draft's revision in which it last changed

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "version", "key"], name="sop_step_key_once"),
            models.CheckConstraint(
                condition=~Q(anchor="run_start") | Q(day__isnull=False, at__isnull=False),
                name="sop_step_day_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(anchor="absolute") | Q(on__isnull=False, at__isnull=False),
                name="sop_step_date_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_boost(self) -> bool:
        """Whether it goes only to people without the key interaction, and stops for whoever has it (R53)."""
        return self.audience == Audience.UNINTERACTED and self.channel not in GROUP_CHANNELS

    @property
    def is_personal(self) -> bool:
        """Whether it fires for single people and reaches them alone."""
        return self.anchor in PERSON_ANCHORS and self.channel not in GROUP_CHANNELS

    @property
    def asks_pulse(self) -> bool:
        """Whether one tap tells how it was (R48)."""
        return any(one["kind"] == LinkKind.PULSE for one in self.links)

    @property
    def sells(self) -> bool:
        """Whether it is sales work, and no declared offer for newcomers (R76)."""
        return self.is_marketing and not self.is_first_offer

    @property
    def gives_value(self) -> bool:
        """Whether what it says is of value by itself (R76)."""
        return self.content_type in VALUE_TYPES and not self.is_marketing

    def to_plan(self, *, offer_day: int | None = None, offer_at: time | None = None) -> PlanStep:
        """This step for the plan rules. A countdown step stands on the offer's last day when that is given."""
        day, at = self.day, self.at
        if self.anchor == Anchor.OFFER_END:
            day, at = minutes_before(offer_day, offer_at, self.offset_minutes)
        elif self.anchor != Anchor.RUN_START:
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
            attachment_kinds=tuple(one["kind"] for one in self.attachments),
            link_keys=frozenset(link["key"] for link in self.links),
            is_marketing=self.is_marketing,
            is_first_offer=self.is_first_offer,
            is_service=self.is_service,
            opens_talk=self.opens_talk,
            spawns_talk=bool(self.talk_for),
            talk_text=self.talk_text if self.talk_for else "",
            asks_pulse=self.asks_pulse,
            cost_minutes=self.cost_minutes,
            replace_channel=self.replace_channel,
            priority=self.priority,
            offset_minutes=self.offset_minutes,
            link=self.link,
            parts=frozenset(self.parts),
            trigger=Trigger(
                tag=self.trigger_tag,
                count=self.trigger_count,
                kind=self.trigger_kind,
                hours=self.trigger_hours,
                step=self.trigger_step,
            ),
        )
