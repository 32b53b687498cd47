"""Show-orders (R88): members show what came of a real order of theirs, and staff look at it."""

from django.db import models
from django.db.models import Q

from campaigns.enums.showing import ShowFault, ShowState
from campaigns.models.frame import Campaign, Prize
from tenants import clock
from tenants.scoping import TenantModel


class ShowPlay(TenantModel):
    """What showing an order gives. Fixed once the campaign started.

    Orders count from `before_days` before its beginning on; they are shown until `look_hours` before its end.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+", db_index=False)
    prize = models.ForeignKey(
        Prize, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    before_days = models.PositiveSmallIntegerField(default=0)
    look_hours = models.PositiveSmallIntegerField(default=48)
    needs_picture = models.BooleanField(default=True)
    ask = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "campaign"], name="campaigns_showplay_once")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ShownOrder(TenantModel):
    """One try of somebody. `customer` is the record that stands for the person; a refused one stays as it is, and the
    next try is a row of its own.

    `asset_id`: a picture kept by wecom.keeping, nobody else's. `permitted_at`: when the person said, on the page, that
    it may be shown to others; None: it may not, or not any more. `proof_id`: the testimonial that was made of it.
    """

    play = models.ForeignKey(ShowPlay, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    order = models.ForeignKey(
        "contacts.Order", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    text = models.CharField(max_length=500)
    asset_id = models.BigIntegerField(null=True, blank=True)
    permitted_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=ShowState, default=ShowState.WAITING)
    fault = models.CharField(max_length=12, choices=ShowFault, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    award_id = models.BigIntegerField(null=True, blank=True)
    proof_id = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField(default=clock.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "play", "customer"], name="campaigns_shown_once",
                condition=~Q(state=ShowState.REFUSED),
            ),
            models.UniqueConstraint(
                fields=["tenant", "order"], name="campaigns_shown_order", condition=~Q(state=ShowState.REFUSED)
            ),
            models.CheckConstraint(
                condition=~Q(state=ShowState.GRANTED) | Q(award_id__isnull=False), name="campaigns_shown_given"
            ),
            models.CheckConstraint(
                condition=~Q(state=ShowState.REFUSED) | ~Q(fault=""), name="campaigns_shown_why"
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["tenant", "play", "-id"], name="campaigns_shown_of"),
            models.Index(fields=["tenant", "customer"], name="campaigns_shown_person"),
        ]
