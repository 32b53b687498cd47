"""Tags of groups, the rules that give them, and which groups carry them (R27)."""

from typing import Any

from django.db import models
from django.db.models import Q

from groups.enums import GroupTagEnd, GroupTagSource
from groups.models.group import Group
from tenants import clock
from tenants.scoping import TenantModel


class GroupTag(TenantModel):
    """A tag that groups carry. One put away keeps its row, so that history still reads."""

    name = models.CharField(max_length=40)
    note = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"], condition=Q(archived_at=None), name="group_tag_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class GroupTagRule(TenantModel):
    """What gives one tag by itself, and takes it off again.

    `conditions`: [{"fact": "size", "op": "at_least", "value": 150}], see policies.group_tags. `version` grows with
    each change of meaning. A judgement of all groups is due when `due_at` has come.
    """

    tag = models.ForeignKey(GroupTag, on_delete=models.CASCADE, related_name="rules", db_index=False)
    conditions: Any = models.JSONField(default=list)
    needs_all = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by = models.CharField(max_length=128, blank=True)
    due_at = models.DateTimeField(default=clock.now)
    ran_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "tag"], name="group_tag_rule_once")]
        indexes = [
            models.Index(fields=["tenant", "due_at"], name="group_tag_rule_due", condition=Q(is_active=True))
        ]

    def __str__(self) -> str:
        return str(self.tag)


class GroupTagTie(TenantModel):
    """A tag on a group now. One by hand and one by rule may stand side by side and end apart.

    `evidence` of one by rule: {"version": 2, "needs_all": true, "found": [{"fact", "op", "value", "seen"}]}.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="tag_ties", db_index=False)
    tag = models.ForeignKey(GroupTag, on_delete=models.CASCADE, related_name="ties", db_index=False)
    source = models.CharField(max_length=8, choices=GroupTagSource)
    added_at = models.DateTimeField(default=clock.now)
    added_by = models.CharField(max_length=128, blank=True)
    evidence: Any = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "group", "tag", "source"], name="group_tag_tie_once")
        ]
        indexes = [models.Index(fields=["tenant", "tag", "group"], name="group_tag_tie_by_tag")]


class GroupTagPast(TenantModel):
    """A tag that a group carried and no longer does: when and why it came, when and why it went."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+", db_index=False)
    tag = models.ForeignKey(GroupTag, on_delete=models.CASCADE, related_name="+", db_index=False)
    source = models.CharField(max_length=8, choices=GroupTagSource)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=128, blank=True)
    evidence: Any = models.JSONField(default=dict)
    ended_at = models.DateTimeField()
    ended_by = models.CharField(max_length=128, blank=True)
    why = models.CharField(max_length=8, choices=GroupTagEnd)

    class Meta:
        indexes = [models.Index(fields=["tenant", "group", "-ended_at"], name="group_tag_past_of_group")]
