"""The weekly push table of a group: what stands in its slots until it is confirmed, and what recurs (R61)."""

from typing import Any

from django.db import models
from django.db.models import Q

from groups.enums import Kind, Slot
from sop.enums import Channel, ContentType
from sop.models.runs import Run
from sop.models.topics import Topic
from tenants import clock
from tenants.scoping import TenantModel


class PushWeek(TenantModel):
    """One group's table of one week. `run` carries it out since it was confirmed; a later edit waits for the next
    confirmation. `undone`: what the last step changed, to take it back once: {"token", "slots": [[number, slot, row]]}.
    """

    group = models.ForeignKey("groups.Group", on_delete=models.CASCADE, related_name="+", db_index=False)
    monday = models.DateField()  # tenant's zone
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.CharField(max_length=64, blank=True)
    undone: Any = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "group", "monday"], name="sop_push_week_once")
        ]
        indexes = [
            models.Index(
                fields=["tenant", "run"], condition=Q(run__isnull=False), name="sop_push_week_by_run"
            )
        ]


class PushSlot(TenantModel):
    """What one slot of a week says. `number`: 1 is Monday. `at`: its own time; null: the company's for this slot."""

    week = models.ForeignKey(PushWeek, on_delete=models.CASCADE, related_name="slots", db_index=False)
    number = models.PositiveSmallIntegerField()
    slot = models.CharField(max_length=8, choices=Slot)
    at = models.TimeField(null=True, blank=True)
    content_type = models.CharField(max_length=16, choices=ContentType)
    title = models.CharField(max_length=64)
    text = models.TextField(blank=True)
    links: Any = models.JSONField(default=list, blank=True)  # as a step's
    attachments: Any = models.JSONField(default=list, blank=True)  # content.policies.attachments
    channel = models.CharField(max_length=16, choices=Channel, default=Channel.GROUP_FORWARD)
    staff = models.ForeignKey(
        "team.Staff", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    topic = models.ForeignKey(
        Topic, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    material = models.ForeignKey(
        "content.Material", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    changed_at = models.DateTimeField(default=clock.now)
    changed_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "week", "number", "slot"], name="sop_push_slot_once"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=7), name="sop_push_slot_day"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def key(self) -> str:
        """The key of the step that carries it out, the same in every edition."""
        return f"d{self.number}-{self.slot}"


class PushDefault(TenantModel):
    """One slot of the week that recurs in groups of a type; "" for groups of any type."""

    group_kind = models.CharField(max_length=16, choices=Kind, blank=True)
    number = models.PositiveSmallIntegerField()
    slot = models.CharField(max_length=8, choices=Slot)
    at = models.TimeField(null=True, blank=True)
    content_type = models.CharField(max_length=16, choices=ContentType)
    title = models.CharField(max_length=64)
    text = models.TextField(blank=True)
    channel = models.CharField(max_length=16, choices=Channel, default=Channel.GROUP_FORWARD)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "group_kind", "number", "slot"], name="sop_push_default_once"
            )
        ]

    def __str__(self) -> str:
        return self.title
