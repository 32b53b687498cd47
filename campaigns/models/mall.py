"""The points mall: what a campaign's prizes cost in points."""

from django.db import models
from django.db.models import Q

from campaigns.models.frame import Prize
from tenants.scoping import TenantModel


class MallGood(TenantModel):
    """A prize that is had for points. Fixed once its campaign has started; the prize holds name, pieces and cost."""

    prize = models.ForeignKey(Prize, on_delete=models.CASCADE, related_name="+", db_index=False)
    points = models.PositiveIntegerField()
    per_person = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "prize"], name="campaigns_good_once"),
            models.CheckConstraint(
                condition=Q(points__gte=1, per_person__gte=1), name="campaigns_good_price"
            ),
        ]

    def __str__(self) -> str:
        return self.prize.name
