"""Distribution (R84): who recommends, which orders came of it, and the one commission each brings.

One level, and no way to a second: nobody here has anybody above or below. A sale has one distributor, its commission
goes to that one (a trigger of awards says so), and a distributor's own purchases bring nobody anything.
"""

from django.db import models
from django.db.models import Q

from campaigns.enums.distribution import (
    BONUS_ORDERS,
    REFUND_DAYS,
    TOUCH_DAYS,
    SaleReason,
    SaleSource,
    SaleState,
    SellerState,
)
from campaigns.models.frame import Campaign, Prize
from tenants import clock
from tenants.scoping import TenantModel


class Distribution(TenantModel):
    """The terms of a campaign. Off until a leader has switched it on: `note` is why it is lawful, in their words."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+", db_index=False)
    commission = models.ForeignKey(
        Prize, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    min_order_fen = models.BigIntegerField(default=0)
    refund_days = models.PositiveSmallIntegerField(default=REFUND_DAYS)
    touch_days = models.PositiveSmallIntegerField(default=TOUCH_DAYS)
    bonus = models.ForeignKey(
        Prize, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    bonus_orders = models.PositiveSmallIntegerField(default=BONUS_ORDERS)
    takes_requests = models.BooleanField(default=True)
    shop_url = models.URLField(max_length=500, blank=True)
    note = models.CharField(max_length=500, blank=True)
    switched_on_by = models.CharField(max_length=128, blank=True)
    switched_on_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "campaign"], name="campaigns_distribution_once"),
            models.CheckConstraint(
                condition=Q(min_order_fen__gte=0, refund_days__gte=1, touch_days__gte=1, bonus_orders__gte=1),
                name="campaigns_distribution_bounds",
            ),
            models.CheckConstraint(
                condition=Q(switched_on_at__isnull=True) | ~Q(note=""), name="campaigns_distribution_note"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Seller(TenantModel):
    """A distributor: a person who recommends. `code` is what orders may name. Nobody is above or below."""

    distribution = models.ForeignKey(Distribution, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    code = models.CharField(max_length=16)
    state = models.CharField(max_length=8, choices=SellerState, default=SellerState.ASKED)
    asked_at = models.DateTimeField(default=clock.now)
    active_from = models.DateTimeField(null=True, blank=True)
    active_until = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=128, blank=True)
    note = models.CharField(max_length=200, blank=True)
    bonus_award_id = models.BigIntegerField(null=True, blank=True)
    bonus_turn = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "distribution", "customer"], name="campaigns_seller_once"
            ),
            models.UniqueConstraint(fields=["tenant", "code"], name="campaigns_seller_code"),
            models.CheckConstraint(
                condition=Q(active_from__isnull=False) | ~Q(state=SellerState.ACTIVE),
                name="campaigns_seller_since",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="campaigns_seller_person")]

    def __str__(self) -> str:
        return self.code


class SellerTouch(TenantModel):
    """A person opened a distributor's page; `at` is the first time, or the first after the window was over."""

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "seller", "customer"], name="campaigns_sellertouch_once"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "customer", "at"], name="campaigns_sellertouch_by")]


class Sale(TenantModel):
    """An order that a distributor brought, or that names one. `net_fen` is what is left of it after refunds, `due_at`
    when its refund window is over."""

    distribution = models.ForeignKey(Distribution, on_delete=models.CASCADE, related_name="+", db_index=False)
    seller = models.ForeignKey(
        Seller, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    order = models.ForeignKey("contacts.Order", on_delete=models.CASCADE, related_name="+", db_index=False)
    source = models.CharField(max_length=8, choices=SaleSource)
    state = models.CharField(max_length=8, choices=SaleState, default=SaleState.WAITING)
    reason = models.CharField(max_length=8, choices=SaleReason, blank=True)
    ordered_at = models.DateTimeField()
    due_at = models.DateTimeField()
    net_fen = models.BigIntegerField(default=0)
    award_id = models.BigIntegerField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "distribution", "order"], name="campaigns_sale_once"),
            models.CheckConstraint(
                condition=Q(state=SaleState.WAITING, reason="")
                | Q(state=SaleState.EARNED)
                | Q(state__in=[SaleState.BACK, SaleState.REJECTED]) & ~Q(reason=""),
                name="campaigns_sale_says_why",
            ),
            models.CheckConstraint(
                condition=Q(seller__isnull=False) | Q(state=SaleState.REJECTED), name="campaigns_sale_seller"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "seller", "state"], name="campaigns_sale_of"),
            models.Index(fields=["tenant", "customer"], name="campaigns_sale_buyer"),
            models.Index(fields=["tenant", "distribution", "-id"], name="campaigns_sale_latest"),
            models.Index(
                fields=["tenant", "due_at"], name="campaigns_sale_due", condition=Q(state=SaleState.WAITING)
            ),
        ]
