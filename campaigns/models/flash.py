"""A flash-group run (R89): what for, in which rhythm, and its four nodes."""

from datetime import timedelta

from django.db import models
from django.db.models import Q

from campaigns.enums.flash import NODE_CHOICES, FlashUse, Rhythm
from campaigns.models.frame import Campaign, Prize
from sop.enums import Part
from tenants.scoping import TenantModel


class FlashRun(TenantModel):
    """The run of a campaign's flash groups. `closed_at`: the closing tasks of its groups were laid out.

    `target` is the long-term group that members are handed over to, `wake_prize` what the first to answer the wake-up
    get.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+", db_index=False)
    use = models.CharField(max_length=12, choices=FlashUse, default=FlashUse.FIRST_SALE)
    rhythm = models.CharField(max_length=8, choices=Rhythm, default=Rhythm.SALE)
    target = models.ForeignKey(
        "groups.Group", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    wake_prize = models.ForeignKey(
        Prize, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "campaign"], name="campaigns_flashrun_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_use_display()} #{self.pk}"


class FlashNode(TenantModel):
    """One of the four nodes: `after` the start of the campaign, by `owner`, with `words` for the group.

    `told_at`: its task was put on Today; `posted_at` and `posted_by`: a person said that it is out.
    """

    run = models.ForeignKey(FlashRun, on_delete=models.CASCADE, related_name="nodes", db_index=False)
    part = models.CharField(max_length=12, choices=NODE_CHOICES)
    after = models.DurationField(default=timedelta)
    owner = models.ForeignKey(
        "team.Staff", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    words = models.TextField(max_length=1000, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    posted_at = models.DateTimeField(null=True, blank=True)
    posted_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "run", "part"], name="campaigns_flashnode_once"),
            models.CheckConstraint(condition=Q(after__gte=timedelta(0)), name="campaigns_flashnode_after"),
        ]

    def __str__(self) -> str:
        return str(self.part_label)

    @property
    def part_label(self) -> object:
        """What it is called, in the reader's language."""
        return Part(self.part).label
