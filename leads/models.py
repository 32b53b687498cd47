"""Windows, the people in them, their leads and everything that was decided about them."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from leads.enums import (
    MAYBE_S,
    NOTED_KINDS,
    CloseReason,
    DoubtState,
    FollowResult,
    LeadEventKind,
    LeadState,
    NeedKind,
    NextAction,
    Tier,
)
from tenants import clock
from tenants.scoping import TenantModel


class Window(TenantModel):
    """The time over which intent is read: one camp. Half open, UTC. Its cohort is frozen at `frozen_at`."""

    source_kind = models.CharField(max_length=40)
    source_id = models.BigIntegerField()
    name = models.CharField(max_length=64)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    frozen_at = models.DateTimeField()
    group_ids = models.JSONField(default=list)  # groups whose new members come in
    base_rate = models.FloatField()  # natural conversion it is compared with, 0 to 1
    opened_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)  # when the sweep saw its end

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "source_kind", "source_id"], name="lead_window_once"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="lead_window_has_length"),
        ]
        indexes = [models.Index(fields=["tenant", "ended_at", "ends_at"], name="lead_window_running")]

    def __str__(self) -> str:
        return self.name


class WindowMember(TenantModel):
    """One customer in one window, once, whatever the number of groups; `group` is the one joined first.

    `check_at`: when the tier may move without any event. Recomputing locks this row.
    """

    window = models.ForeignKey(Window, on_delete=models.CASCADE, related_name="members", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    group = models.ForeignKey(
        "groups.Group", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    joined_at = models.DateTimeField()
    in_cohort = models.BooleanField()
    check_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "window", "customer"], name="lead_window_member_once")
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="lead_member_by_customer"),
            models.Index(
                fields=["tenant", "check_at"], condition=Q(check_at__isnull=False), name="lead_member_check"
            ),
        ]


class RuleVersion(TenantModel):
    """The tier rule as it was published; never changed, by trigger. See policies.rules.

    `restores`: the number of the older version whose rules these are again.
    """

    number = models.PositiveIntegerField()
    rules = models.JSONField()
    published_at = models.DateTimeField(default=clock.now)
    published_by = models.CharField(max_length=128, blank=True)
    note = models.CharField(max_length=200, blank=True)
    restores = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "number"], name="lead_rule_number_once")]

    def __str__(self) -> str:
        return f"v{self.number}"


class RuleDraft(TenantModel):
    """The next tier rule while people work on it: one a tenant. `base` is the version it started from."""

    rules = models.JSONField()
    base = models.PositiveIntegerField()
    restores = models.PositiveIntegerField(null=True)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant"], name="lead_rule_draft_alone")]


class RuleReport(TenantModel):
    """What a rule would do and how past camps went by it, counted in a task; the last one of a tenant.

    `rules` were judged beside version `number`; `data` holds the figures, `people` who stands behind each (see
    services.rule_reports). `made_at` is empty while the count is on its way.
    """

    number = models.PositiveIntegerField()
    rules = models.JSONField()
    asked_at = models.DateTimeField(default=clock.now)
    made_at = models.DateTimeField(null=True)
    data = models.JSONField(default=dict)
    people = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant"], name="lead_rule_report_last")]


class Lead(TenantModel):
    """One customer with intent in one window. Everything but the owner and the plan is derived from behaviours.

    `evidence`: [{"id", "kind", "at", "title", "text"}]; `counts`: {"purchase_click": 4}; `suggestion`: a message
    that may be S: {"id", "at", "text", "word", "lapses_at"}. `next_action` is a NextAction or free text;
    `next_set_at` is empty while the system's own proposal stands.
    """

    window = models.ForeignKey(Window, on_delete=models.CASCADE, related_name="leads", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    group = models.ForeignKey(
        "groups.Group", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    tier = models.CharField(max_length=2, choices=Tier, blank=True)
    tier_since = models.DateTimeField(null=True)
    evidence = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    suggestion = models.JSONField(null=True)
    s_suggested_at = models.DateTimeField(null=True)
    rule_version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=12, choices=LeadState, default=LeadState.UNRANKED)
    closed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=16, choices=CloseReason, blank=True)
    close_note = models.CharField(max_length=200, blank=True)
    refunded_at = models.DateTimeField(null=True)
    waiting_since = models.DateTimeField(null=True)
    sla_due_at = models.DateTimeField(null=True)
    sla_noted_at = models.DateTimeField(null=True)  # the deadline whose passing was noted
    owner = models.ForeignKey(
        "team.Staff", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    next_action = models.CharField(max_length=120, blank=True)
    next_action_at = models.DateTimeField(null=True)
    next_set_at = models.DateTimeField(null=True)
    first_followed_at = models.DateTimeField(null=True)
    followed_at = models.DateTimeField(null=True)
    follow_count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "window", "customer"], name="lead_once"),
            models.CheckConstraint(
                condition=~Q(state="open") | (~Q(next_action="") & Q(next_action_at__isnull=False)),
                name="lead_open_has_next_action",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["won", "not_buying", "opted_out"]) | Q(closed_at__isnull=False),
                name="lead_closed_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="not_buying") | ~Q(close_reason=""), name="lead_not_buying_has_reason"
            ),
            models.CheckConstraint(condition=Q(state__in=LeadState.values), name="lead_state_known"),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "tier", "waiting_since"], name="lead_board"),
            models.Index(fields=["tenant", "window", "state"], name="lead_by_window"),
            models.Index(fields=["tenant", "customer"], name="lead_by_customer"),
            models.Index(fields=["tenant", "owner", "state"], name="lead_by_owner"),
            models.Index(fields=["tenant", "sla_due_at"], condition=Q(state="open"), name="lead_sla"),
            models.Index(
                fields=["tenant", "tier", "next_action_at", "id"],
                condition=Q(state="open"),
                name="lead_column",
            ),
            models.Index(
                fields=["tenant"],
                condition=Q(state="open", s_suggested_at__isnull=False),
                name="lead_maybe_s",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer} · {self.tier}" if self.tier else str(self.customer)

    @property
    def next_action_label(self) -> str:
        """The next action in the reader's language, or as somebody wrote it."""
        return str(self.next_action_words)

    @property
    def next_action_words(self) -> Any:
        """The same, said when it is read."""
        if self.next_action in NextAction.values:
            return NextAction(self.next_action).label
        return self.next_action

    @property
    def is_maybe_s(self) -> bool:
        return self.suggestion is not None

    @property
    def standing(self) -> str:
        """Where it stands for people: its tier, "S?", "" for unranked, or the state that ended it."""
        if self.state == LeadState.OPEN:
            return MAYBE_S if self.is_maybe_s else self.tier
        return "" if self.state == LeadState.UNRANKED else self.state

    @property
    def column(self) -> str:
        """The column of the board: a suggested S stands among the S."""
        return Tier.S.value if self.is_maybe_s else self.tier


class LeadEvent(TenantModel):
    """The history of a lead. Append-only by trigger.

    `at` is when it held, `recorded_at` when we learned it. For kind "tier", data is {"from", "to", "rule"}; a
    later row with the same `at` corrects an earlier one, so the last row at or before a moment is its tier.
    """

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="events", db_index=False)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=clock.now)
    kind = models.CharField(max_length=20, choices=LeadEventKind)
    data = models.JSONField(default=dict)
    actor_name = models.CharField(max_length=128, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "lead", "at", "id"], name="lead_event_history"),
            models.Index(fields=["tenant", "kind", "at"], name="lead_event_kind"),
        ]


class FollowUp(TenantModel):
    """One contact with the customer, logged with one tap. `minutes` is empty when nobody noted the time; `due_at` is
    the deadline that ran when it was logged.
    """

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="follow_ups", db_index=False)
    at = models.DateTimeField()
    result = models.CharField(max_length=12, choices=FollowResult)
    note = models.CharField(max_length=500, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    tier = models.CharField(max_length=2, blank=True)
    staff = models.ForeignKey(
        "team.Staff", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    actor_name = models.CharField(max_length=128)
    key = models.CharField(max_length=40)  # of the form that sent it: the same one twice is one follow-up

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "lead", "key"], name="lead_follow_up_once")]
        indexes = [models.Index(fields=["tenant", "at"], name="lead_follow_up_recent")]


class Doubt(TenantModel):
    """What holds the customer back, in their words, until it is answered."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="doubts", db_index=False)
    text = models.CharField(max_length=120)
    state = models.CharField(max_length=8, choices=DoubtState, default=DoubtState.OPEN)
    raised_at = models.DateTimeField()
    raised_by = models.CharField(max_length=128)
    answer = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "lead", "text"], name="lead_doubt_once"),
            models.CheckConstraint(
                condition=~Q(state="answered") | Q(answered_at__isnull=False),
                name="lead_doubt_answer_has_time",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "state", "text"], name="lead_doubt_count")]


class Need(TenantModel):
    """What a customer needs, suffers from, would use it for, or compares us with, in their words (R74)."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="needs", db_index=False)
    kind = models.CharField(max_length=12, choices=NeedKind)
    text = models.CharField(max_length=120)
    noted_at = models.DateTimeField()
    noted_by = models.CharField(max_length=128)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "lead", "kind", "text"], name="lead_need_once"),
            models.CheckConstraint(condition=Q(kind__in=list(NOTED_KINDS)), name="lead_need_is_no_doubt"),
            models.CheckConstraint(condition=~Q(text=""), name="lead_need_has_words"),
        ]
        indexes = [models.Index(fields=["tenant", "kind", "text"], name="lead_need_count")]

    def __str__(self) -> str:
        return self.text


class NeedScript(TenantModel):
    """The agreed words for one need or doubt, whoever has it: one script each."""

    kind = models.CharField(max_length=12, choices=NeedKind)
    text = models.CharField(max_length=120)
    script = models.ForeignKey("content.Script", on_delete=models.CASCADE, related_name="+", db_index=False)
    tied_at = models.DateTimeField(default=clock.now)
    tied_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "kind", "text"], name="lead_need_script_once")
        ]
        indexes = [models.Index(fields=["tenant", "script"], name="lead_need_by_script")]
