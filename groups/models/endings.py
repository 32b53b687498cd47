"""How a group is brought to its end."""

from django.db import models

from groups.enums import EndKind, EndState, Seen
from groups.models.group import Group
from tenants import clock
from tenants.scoping import TenantModel


class EndTask(TenantModel):
    """One task of a group's end (R13): notice, hand-over, dissolving. `target`: where members go next."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="end_tasks", db_index=False)
    kind = models.CharField(max_length=10, choices=EndKind)
    state = models.CharField(max_length=10, choices=EndState, default=EndState.OPEN)
    owner = models.ForeignKey(
        "team.Staff", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    due_on = models.DateField()  # tenant's zone
    script = models.TextField(max_length=1000, blank=True)
    target = models.ForeignKey(Group, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    opened_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=128, blank=True)
    seen = models.CharField(max_length=8, choices=Seen, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "group", "kind"], name="end_task_once")]

    def __str__(self) -> str:
        return str(self.get_kind_display())
