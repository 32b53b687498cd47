"""Prizes given to people, and the payments behind red packets."""

from django.db import models
from django.db.models import Q

from campaigns.enums import AwardSource, AwardState, PayoutState
from campaigns.models.frame import Campaign, Prize
from tenants import clock
from tenants.scoping import TenantModel


class Award(TenantModel):
    """One piece of one prize for one person, whatever play gave it. Money and piece are set aside with it.

    `key` makes it safe to give twice. `note` says what it is for, `proof` how it was handed over; both are a person's
    words and go when the customer is erased. `amount_fen` is the prize's cost when it was given.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+", db_index=False)
    prize = models.ForeignKey(Prize, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    source = models.CharField(max_length=12, choices=AwardSource, default=AwardSource.HAND)
    key = models.CharField(max_length=64)
    amount_fen = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=AwardState, default=AwardState.HELD)
    note = models.CharField(max_length=200, blank=True)
    proof = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(default=clock.now)
    made_by = models.CharField(max_length=128, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "campaign", "key"], name="campaigns_award_once"),
            models.CheckConstraint(condition=Q(amount_fen__gte=0), name="campaigns_award_cost"),
        ]
        indexes = [
            models.Index(fields=["tenant", "campaign", "-id"], name="campaigns_award_of"),
            models.Index(fields=["tenant", "customer"], name="campaigns_award_person"),
        ]

    def __str__(self) -> str:
        return f"{self.prize.name} #{self.pk}"


class Payout(TenantModel):
    """The payment of one red packet. `number` is ours and goes to the payment service: it pays a number once."""

    award = models.ForeignKey(Award, on_delete=models.CASCADE, related_name="payouts", db_index=False)
    number = models.CharField(max_length=32)
    amount_fen = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=PayoutState, default=PayoutState.DUE)
    service = models.CharField(max_length=16, blank=True)
    reference = models.CharField(max_length=64, blank=True)
    tries = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "award"], name="campaigns_payout_once"),
            models.UniqueConstraint(fields=["tenant", "number"], name="campaigns_payout_number"),
            models.CheckConstraint(condition=Q(amount_fen__gt=0), name="campaigns_payout_positive"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "asked_at"],
                name="campaigns_payout_open",
                condition=Q(state__in=[PayoutState.DUE, PayoutState.ASKED]),
            )
        ]


class SandboxPayment(TenantModel):
    """The book of the sandbox payment service: what it paid. It stands for a bank, so its rows are its own."""

    number = models.CharField(max_length=32)
    amount_fen = models.BigIntegerField()
    reference = models.CharField(max_length=64)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "number"], name="campaigns_sandbox_once")]
