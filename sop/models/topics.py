"""The topic bank: what opens a talk, who opens it, and where it was used (R65)."""

from django.db import models

from groups.enums import Kind
from sop.models.touches import Touch
from tenants import clock
from tenants.scoping import TenantModel


class Topic(TenantModel):
    """Words that open a talk in a group. `builtin`: the one of ours it was taken from."""

    title = models.CharField(max_length=64)
    text = models.TextField(max_length=1300)
    group_kind = models.CharField(max_length=16, choices=Kind, blank=True)  # "": fits groups of any type
    builtin = models.CharField(max_length=40, blank=True)
    opener = models.ForeignKey(
        "team.Staff", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=64, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "builtin"],
                condition=~models.Q(builtin=""),
                name="sop_topic_builtin_once",
            )
        ]
        indexes = [models.Index(fields=["tenant", "group_kind", "title"], name="sop_topic_by_kind")]

    def __str__(self) -> str:
        return self.title


class TopicUse(TenantModel):
    """A touch that puts a topic to a group. What came of it is read from the touch and the group's messages."""

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="uses", db_index=False)
    touch = models.ForeignKey(Touch, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "touch"], name="sop_topic_use_once")]
        indexes = [models.Index(fields=["tenant", "topic"], name="sop_topic_use_by_topic")]


class TopicOpener(TenantModel):
    """An atmosphere account: a staff member who opens talks under an everyday name, never passed off as a customer."""

    staff = models.ForeignKey("team.Staff", on_delete=models.CASCADE, related_name="+", db_index=False)
    marked_at = models.DateTimeField(default=clock.now)
    marked_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "staff"], name="sop_opener_once")]
