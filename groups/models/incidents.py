"""Blow-ups of groups and how they were handled (R25)."""

from typing import Any

from django.db import models
from django.db.models import Q

from groups.enums import EntryKind, IncidentKind, IncidentLevel, IncidentOrigin, IncidentState
from groups.models.group import Group
from groups.policies.incidents import play_words
from tenants import clock
from tenants.scoping import TenantModel
from tenants.spoken import SpokenChar, SpokenText


class Incident(TenantModel):
    """One blow-up, from the first signal to the review. A drill is marked and never touches a send.

    `evidence`: the figures of the signal that opened it, with the words of its title; {} when a person did.
    `freeze_ms`: from the press of the button until the freeze of all chosen groups stood in the database.
    """

    kind = models.CharField(max_length=12, choices=IncidentKind)
    level = models.PositiveSmallIntegerField(choices=IncidentLevel, default=IncidentLevel.MAJOR)
    state = models.CharField(max_length=10, choices=IncidentState, default=IncidentState.OPEN)
    origin = models.CharField(max_length=8, choices=IncidentOrigin, default=IncidentOrigin.MANUAL)
    is_drill = models.BooleanField(default=False)
    title = SpokenChar(max_length=120)  # read in the reader's language where a signal gave it
    owner = models.ForeignKey(
        "team.Staff", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    evidence: Any = models.JSONField(default=dict)
    opened_at = models.DateTimeField(default=clock.now)
    opened_by = models.CharField(max_length=128, blank=True)
    statement = models.TextField(max_length=2000, blank=True)
    stated_at = models.DateTimeField(null=True, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    freeze_ms = models.PositiveIntegerField(null=True, blank=True)
    outcome = models.TextField(max_length=1000, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=128, blank=True)
    cause = models.TextField(max_length=1000, blank=True)
    went_well = models.TextField(max_length=1000, blank=True)
    change = models.TextField(max_length=1000, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.CharField(max_length=128, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "state", "-opened_at"], name="group_incident_by_state")]

    def __str__(self) -> str:
        return self.title

    @property
    def facts(self) -> dict[str, Any]:
        """{"title": its words} of a signal's."""
        evidence = self.__dict__.get("evidence") or {}
        return {"title": evidence["title"]} if "title" in evidence else {}

    @property
    def is_over(self) -> bool:
        return self.state in (IncidentState.CLOSED, IncidentState.DISMISSED)


class IncidentGroup(TenantModel):
    """A group of an incident; `frozen_at` is set while the incident keeps its sends frozen."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="rooms", db_index=False)
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+", db_index=False)
    frozen_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "incident", "group"], name="group_incident_group_once")
        ]
        indexes = [models.Index(fields=["tenant", "group"], name="group_incident_of_group")]


class IncidentEntry(TenantModel):
    """One line of the timeline: who did or saw what, when; a picture by its address. Never changed.

    `facts`: the words of a line that the product wrote, for each reader's language; {} where a person wrote it.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="entries", db_index=False)
    at = models.DateTimeField(default=clock.now)
    kind = models.CharField(max_length=10, choices=EntryKind)
    text = SpokenText(max_length=1000)
    facts: Any = models.JSONField(default=dict)
    link = models.CharField(max_length=500, blank=True)
    by = models.CharField(max_length=128, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "incident", "at"], name="group_incident_entry_order")]


class IncidentTask(TenantModel):
    """What has to be done: a step of the playbook (`key`) or one of our own. `words`: what to send, ready."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    key = models.CharField(max_length=24, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    text = SpokenChar(max_length=200)  # read in the reader's language where it is the playbook's
    words = models.TextField(max_length=1000, blank=True)
    staff = models.ForeignKey(
        "team.Staff", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    due_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "incident", "key"], condition=~Q(key=""), name="group_incident_step_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "incident", "position"], name="group_incident_task_order")]

    def __str__(self) -> str:
        return self.text

    @property
    def facts(self) -> dict[str, Any]:
        """{"text": its words} of a step of a playbook."""
        words = play_words(self.__dict__.get("text", "")) if self.__dict__.get("key") else None
        return {} if words is None else {"text": words}
