"""Touches a run plans, their recipients, and mass-send tasks in WeCom."""

from typing import Any

from django.db import models
from django.db.models import Q

from sop.enums import (
    Channel,
    RecipientState,
    TaskState,
    TouchState,
)  # fmt: skip
from sop.enums.proofs import Outcome
from sop.models.runs import Run
from sop.models.templates import Step
from sop.policies.reasons import why_facts
from tenants import clock
from tenants.scoping import TenantModel
from tenants.spoken import SpokenChar


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
    reason = SpokenChar(max_length=300, blank=True)  # read in the reader's language where a rule gave it
    claimed_until = models.DateTimeField(null=True, blank=True)
    claim_token = models.CharField(max_length=32, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)  # decisions asked of the gate
    handed_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    lateness_s = models.IntegerField(null=True, blank=True)  # handed over after planned_at, seconds
    bundle = models.BigIntegerField(null=True, blank=True)  # first touch of those one staff does at once
    send_id = models.BigIntegerField(null=True, blank=True)  # wecom.OutboundSend
    text = models.TextField(blank=True)  # as handed over
    attachments = models.JSONField(default=list, blank=True)  # as handed over, links tracked
    material = models.ForeignKey(  # of the library, whose words it carried
        "content.Material", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    wording = models.CharField(
        max_length=16, blank=True
    )  # key of its wording; "": changed by hand, or no material
    fact_id = models.BigIntegerField(null=True, blank=True)  # content.ProductFact that its words told (R66)
    warned = models.JSONField(
        default=list, blank=True
    )  # [word]: it went out with these, which the list warns of
    evidence = models.JSONField(default=dict, blank=True)
    is_talk = models.BooleanField(
        default=False, db_default=False
    )  # a conversation its step left behind (R55)
    talked_at = models.DateTimeField(null=True, blank=True)  # when the conversations it leaves were planned
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
            models.Index(
                fields=["tenant", "material", "done_at"],
                condition=Q(material__isnull=False),
                name="sop_touch_by_material",
            ),
            models.Index(
                fields=["tenant", "fact_id"], condition=Q(fact_id__isnull=False), name="sop_touch_by_fact"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} · {self.group}" if self.group else str(self.step)

    @property
    def facts(self) -> dict[str, Any]:
        """{"reason": its words} where a rule gave the reason. What was not read along is not read for it."""
        held = self.__dict__
        words = why_facts(
            rule=held.get("rule_code", ""), reason=held.get("reason", ""), evidence=held.get("evidence") or {}
        )
        return {} if words is None else {"reason": words}


class TouchRecipient(TenantModel):
    """One person of a private touch, or one who was left out, with the rule."""

    touch = models.ForeignKey(Touch, on_delete=models.CASCADE, related_name="recipients", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    state = models.CharField(max_length=12, choices=RecipientState, default=RecipientState.PLANNED)
    rule_code = models.CharField(max_length=16, blank=True)
    at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(
        max_length=12, choices=Outcome, blank=True, default="", db_default=""
    )  # of a call or text message (R52)
    outcome_note = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "touch", "customer"], name="sop_recipient_once")
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="sop_recipient_by_customer")]


class SendTask(TenantModel):
    """A mass-send task in WeCom: it is polled and at last cancelled (R113); reminders are rows of their own."""

    send_id = models.BigIntegerField()
    vendor_id = models.CharField(max_length=128)
    sender_userid = models.CharField(max_length=64)
    is_group = models.BooleanField()
    state = models.CharField(max_length=12, choices=TaskState, default=TaskState.WAITING)
    created_at = models.DateTimeField(default=clock.now)
    ends_at = models.DateTimeField()  # cancelled in WeCom when not confirmed by then
    next_poll_at = models.DateTimeField()
    polls = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "send_id"], name="sop_send_task_once")]
        indexes = [
            models.Index(
                fields=["tenant", "next_poll_at"], condition=Q(state="waiting"), name="sop_send_task_due"
            )
        ]
