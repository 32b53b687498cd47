"""Coupons (R85): what is offered, and each one that a person holds."""

from django.db import models
from django.db.models import F, Q

from campaigns.enums.coupons import OfferKind
from campaigns.models.awards import Award
from campaigns.models.frame import Prize
from tenants import clock
from tenants.scoping import TenantModel


class CouponOffer(TenantModel):
    """What the coupons of one prize are worth, for how long, and who may get one. Fixed once the campaign started.

    The prize holds name, pieces and what one costs the company at most. Money is in fen. Valid either within
    [`valid_from`, `valid_until`), or for `valid_days` whole days after the day of issue. `joined_days`: only who joined
    one of the campaign's groups within so many days. `is_first_order`: only who has never ordered.
    """

    prize = models.ForeignKey(Prize, on_delete=models.CASCADE, related_name="offers", db_index=False)
    kind = models.CharField(max_length=8, choices=OfferKind, default=OfferKind.AMOUNT)
    off_fen = models.BigIntegerField(default=0)
    off_percent = models.PositiveSmallIntegerField(default=0)
    off_most_fen = models.BigIntegerField(default=0)
    gift = models.CharField(max_length=60, blank=True)
    threshold_fen = models.BigIntegerField(default=0)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    valid_days = models.PositiveSmallIntegerField(null=True, blank=True)
    per_person = models.PositiveSmallIntegerField(default=1)
    joined_days = models.PositiveSmallIntegerField(null=True, blank=True)
    is_first_order = models.BooleanField(default=False)
    how = models.CharField(max_length=200, blank=True)
    url = models.URLField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "prize"], name="campaigns_offer_once"),
            models.CheckConstraint(
                condition=Q(kind=OfferKind.AMOUNT, off_fen__gt=0)
                | Q(kind=OfferKind.PERCENT, off_percent__gte=1, off_percent__lte=99, off_most_fen__gt=0)
                | (Q(kind=OfferKind.GIFT) & ~Q(gift="")),
                name="campaigns_offer_worth",
            ),
            models.CheckConstraint(
                condition=Q(threshold_fen__gte=0, per_person__gte=1), name="campaigns_offer_bounds"
            ),
            models.CheckConstraint(
                condition=Q(valid_days__gte=1, valid_from=None, valid_until=None)
                | Q(valid_days=None, valid_until__gt=F("valid_from")),
                name="campaigns_offer_time",
            ),
        ]

    def __str__(self) -> str:
        return self.prize.name


class Coupon(TenantModel):
    """One coupon of one person. Whether it is used, expired or taken back says its prize; see policies.coupons.

    `code` cannot be guessed and is written without dashes. `viewed_at`: when it was first opened while unused.
    `turns` counts redemptions that were taken back. `redeemed_by`, `order_no` speak of the one that holds.
    """

    offer = models.ForeignKey(CouponOffer, on_delete=models.CASCADE, related_name="+", db_index=False)
    award = models.ForeignKey(Award, on_delete=models.CASCADE, related_name="coupons", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    code = models.CharField(max_length=16)
    issued_at = models.DateTimeField(default=clock.now)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    viewed_at = models.DateTimeField(null=True, blank=True)
    expired_at = models.DateTimeField(null=True, blank=True)
    redeemed_at = models.DateTimeField(null=True, blank=True)
    redeemed_by = models.CharField(max_length=128, blank=True)
    order_no = models.CharField(max_length=128, blank=True)
    turns = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "code"], name="campaigns_coupon_code"),
            models.UniqueConstraint(fields=["tenant", "award"], name="campaigns_coupon_award"),
            models.UniqueConstraint(
                fields=["tenant", "order_no"], name="campaigns_coupon_order", condition=~Q(order_no="")
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "offer", "-id"], name="campaigns_coupon_of"),
            models.Index(fields=["tenant", "customer", "offer"], name="campaigns_coupon_person"),
            models.Index(
                fields=["tenant", "valid_until"],
                name="campaigns_coupon_running",
                condition=Q(redeemed_at=None, expired_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
