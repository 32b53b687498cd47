"""Milestones of a campaign's groups (R83): a red packet every 50 customers, a large one every 100."""

from django.db import models
from django.db.models import Q

from campaigns.enums.milestones import SHARES, MilestoneKind
from campaigns.models.frame import Campaign, Prize
from tenants import clock
from tenants.scoping import TenantModel


class Milestones(TenantModel):
    """What the groups of a campaign get as they fill. A red packet is so many shares, each a piece of its prize; who
    sat in the group when it was reached takes one, the first come first."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+", db_index=False)
    small = models.ForeignKey(
        Prize, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    small_shares = models.PositiveSmallIntegerField(default=SHARES)
    large = models.ForeignKey(
        Prize, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    large_shares = models.PositiveSmallIntegerField(default=SHARES)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "campaign"], name="campaigns_milestones_once"),
            models.CheckConstraint(
                condition=Q(small_shares__gte=1, large_shares__gte=1), name="campaigns_milestones_shares"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class MilestoneHit(TenantModel):
    """A group reached a milestone: once, whatever the group does after. `at`: when, by the records of the group.
    `taken` of its `shares` are gone."""

    milestones = models.ForeignKey(Milestones, on_delete=models.CASCADE, related_name="+", db_index=False)
    group = models.ForeignKey("groups.Group", on_delete=models.CASCADE, related_name="+", db_index=False)
    threshold = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=MilestoneKind)
    shares = models.PositiveSmallIntegerField()
    taken = models.PositiveSmallIntegerField(default=0)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "milestones", "group", "threshold"], name="campaigns_milestone_hit_once"
            ),
            models.CheckConstraint(
                condition=Q(taken__lte=models.F("shares")), name="campaigns_milestone_covered"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "milestones", "-id"], name="campaigns_milestone_hits")]


class MilestoneShare(TenantModel):
    """One person's share of a milestone's red packet."""

    hit = models.ForeignKey(MilestoneHit, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    award_id = models.BigIntegerField()
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "hit", "customer"], name="campaigns_milestone_share_once"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="campaigns_milestone_person")]
