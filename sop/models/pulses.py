"""What people said of an opening, a peak or an end (R48)."""

from django.db import models
from django.db.models import Q

from sop.models.runs import Run
from tenants import clock
from tenants.scoping import TenantModel


class PulseAnswer(TenantModel):
    """One person's answer to the question of one step in one run; it may change until that day ends."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+", db_index=False)
    step_key = models.CharField(max_length=40)
    group = models.ForeignKey(
        "groups.Group", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    score = models.PositiveSmallIntegerField()  # 1 (not good) to 5 (very good)
    said = models.CharField(max_length=200, blank=True)
    answered_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "run", "step_key", "customer"], name="sop_pulse_answer_once"
            ),
            models.CheckConstraint(condition=Q(score__gte=1, score__lte=5), name="sop_pulse_score_range"),
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="sop_pulse_by_customer")]

    def __str__(self) -> str:
        return f"{self.step_key}: {self.score}"
