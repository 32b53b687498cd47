"""Flash sales and group-buys (R18): what is sold at which price until when, who reserved it, what was told of it."""

from django.db import models
from django.db.models import F, Q

from campaigns.enums.deals import DealKind, PostKind, ReservationState
from campaigns.models.frame import Campaign
from tenants import clock
from tenants.scoping import TenantModel


class Deal(TenantModel):
    """One SKU of a campaign at a price in fen. `taken` pieces of `stock` are reserved or ordered, never more.

    `ends_at` is the deadline; None is the campaign's end. Once started only the deadline moves, with a DeadlineMove.
    `people_needed`: of a group-buy, how many people make a team. `numbered`: reservations so far.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+", db_index=False)
    sku = models.ForeignKey("contacts.Sku", on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=DealKind, default=DealKind.SALE)
    price_fen = models.BigIntegerField()
    stock = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)
    per_person = models.PositiveSmallIntegerField(default=1)
    people_needed = models.PositiveSmallIntegerField(default=1)
    hold_minutes = models.PositiveIntegerField(default=30)
    ends_at = models.DateTimeField(null=True, blank=True)
    url = models.CharField(max_length=500, blank=True)
    numbered = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "campaign", "sku"], name="campaigns_deal_once"),
            models.CheckConstraint(condition=Q(taken__lte=F("stock")), name="campaigns_deal_stock"),
            models.CheckConstraint(condition=Q(price_fen__gte=1), name="campaigns_deal_price"),
        ]

    def __str__(self) -> str:
        return str(self.sku)


class PriceStep(TenantModel):
    """Another price from a moment on, published from the first day: `after` the campaign's start."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="steps", db_index=False)
    after = models.DurationField()
    price_fen = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "deal", "after"], name="campaigns_pricestep_once"),
            models.CheckConstraint(condition=Q(price_fen__gte=1), name="campaigns_pricestep_price"),
        ]


class DeadlineMove(TenantModel):
    """A deadline that was moved after the start: by whom, why, from when to when. Append-only; the page shows it."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="moves", db_index=False)
    before = models.DateTimeField()
    after = models.DateTimeField()
    reason = models.CharField(max_length=200)
    by = models.CharField(max_length=128)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["tenant", "deal", "at"], name="campaigns_move_of")]


class Team(TenantModel):
    """People who buy together. `people` never passes `size`; `full_at`: enough were together."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="+", db_index=False)
    code = models.CharField(max_length=12)
    size = models.PositiveSmallIntegerField()
    people = models.PositiveSmallIntegerField(default=0)
    full_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "deal", "code"], name="campaigns_team_code"),
            models.CheckConstraint(condition=Q(people__lte=F("size")), name="campaigns_team_size"),
        ]


class Reservation(TenantModel):
    """Pieces that somebody set aside, with what they want. `number` is its place in the deal's relay; `until`: ordered
    by then, or the pieces are free again; None while a team is not full. `price_fen`: of one piece, as it was then."""

    deal = models.ForeignKey(Deal, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    number = models.PositiveIntegerField()
    pieces = models.PositiveSmallIntegerField()
    wish = models.CharField(max_length=40, blank=True)
    price_fen = models.BigIntegerField()
    key = models.CharField(max_length=32)
    state = models.CharField(max_length=12, choices=ReservationState, default=ReservationState.HELD)
    made_at = models.DateTimeField(default=clock.now)
    until = models.DateTimeField(null=True, blank=True)
    order_no = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "deal", "number"], name="campaigns_reservation_no"),
            models.UniqueConstraint(
                fields=["tenant", "deal", "customer", "key"], name="campaigns_reservation_key"
            ),
            models.CheckConstraint(condition=Q(pieces__gte=1), name="campaigns_reservation_any"),
        ]
        indexes = [
            models.Index(fields=["tenant", "customer"], name="campaigns_reservation_who"),
            models.Index(fields=["tenant", "state", "until"], name="campaigns_reservation_due"),
        ]

    @property
    def is_late(self) -> bool:
        """Whether its order came after its pieces were given to others."""
        return self.state == ReservationState.LAPSED and bool(self.order_no)


class GroupPost(TenantModel):
    """A text made for the groups from records, up to `at`: the next one goes on from there. Append-only."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=PostKind)
    lines = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=clock.now)
    by = models.CharField(max_length=128)

    class Meta:
        indexes = [models.Index(fields=["tenant", "campaign", "kind", "-at"], name="campaigns_post_of")]
