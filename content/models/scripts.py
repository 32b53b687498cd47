"""Answers that were agreed on, and the questions that have none."""

from django.db import models

from content.enums import ScriptKind
from tenants import clock
from tenants.scoping import TenantModel


class Script(TenantModel):
    """Words that were agreed on: an answer to a question that customers ask (R23)."""

    kind = models.CharField(max_length=16, choices=ScriptKind)
    title = models.CharField(max_length=120)  # the question, as customers ask it
    keywords = models.CharField(max_length=200, blank=True)  # other ways to ask it
    text = models.TextField()
    uses = models.PositiveIntegerField(default=0)  # sent from the sidebar
    used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by = models.CharField(max_length=128, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["tenant", "-uses"],
                name="content_script_by_use",
                condition=models.Q(archived_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return self.title


class ScriptMiss(TenantModel):
    """A question that staff looked for and found no script for, and how often. Written down until somebody answers."""

    words = models.CharField(max_length=120)
    times = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField(default=clock.now)
    asked_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "words"], name="content_script_miss_once")]

    def __str__(self) -> str:
        return self.words


class ScriptAsk(TenantModel):
    """One search for an answer (R23): unanswered until a script was used. `key`: what the question means, for grouping.

    `asker` names who searched ("staff:7", "user:3"); `group` where it was asked, when that is known. `settled_at`: the
    question got its script afterwards, or needs none.
    """

    words = models.CharField(max_length=120)
    key = models.CharField(max_length=120)
    found = models.PositiveSmallIntegerField(default=0)
    asker = models.CharField(max_length=40)
    asked_by = models.CharField(max_length=128, blank=True)
    at = models.DateTimeField(default=clock.now)
    group = models.ForeignKey(
        "groups.Group", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    script = models.ForeignKey(
        Script, null=True, blank=True, on_delete=models.SET_NULL, related_name="asks", db_index=False
    )
    used_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "-at"], name="content_ask_recent"),
            models.Index(fields=["tenant", "group", "-at"], name="content_ask_of_group"),
            models.Index(fields=["tenant", "asker", "-at"], name="content_ask_of_person"),
        ]

    def __str__(self) -> str:
        return self.words
