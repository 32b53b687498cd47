"""The double-entry ledger: every prize, fen and point moves from one account to another, and stays written."""

from django.db import models
from django.db.models import F, Q

from campaigns.enums import AccountKind, EntryReason, Unit
from campaigns.models.frame import Campaign, Prize
from tenants import clock
from tenants.scoping import TenantModel


class Account(TenantModel):
    """One place of one unit. `balance` is what its entries make of it: only the trigger of an entry moves it.

    Only an OUTSIDE account may fall below zero, so that the database refuses what budget or stock does not cover,
    whoever asks at the same moment. An account of a person belongs to no campaign: points outlive one.
    """

    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=8, choices=AccountKind)
    unit = models.CharField(max_length=8, choices=Unit)
    prize = models.ForeignKey(
        Prize, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    customer = models.ForeignKey(
        "contacts.Customer", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    balance = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "campaign", "unit", "kind", "prize", "customer"],
                name="campaigns_account_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(balance__gte=0) | Q(kind=AccountKind.OUTSIDE), name="campaigns_account_covered"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="campaigns_account_person")]

    def __str__(self) -> str:
        return f"{self.kind} {self.unit}"


class Entry(TenantModel):
    """One movement. Never changed, never removed: what was wrong is taken back by another entry.

    `key` is what makes it safe to write twice. `source` loses `amount` and `target` wins it, in whole units, by the
    trigger that the migration sets.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+", db_index=False)
    source = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    target = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    unit = models.CharField(max_length=8, choices=Unit)
    amount = models.BigIntegerField()
    reason = models.CharField(max_length=12, choices=EntryReason)
    award_id = models.BigIntegerField(null=True, blank=True)
    key = models.CharField(max_length=80)
    at = models.DateTimeField(default=clock.now)
    by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="campaigns_entry_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="campaigns_entry_positive"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="campaigns_entry_two_sides"),
        ]
        indexes = [
            models.Index(fields=["tenant", "campaign", "-id"], name="campaigns_entry_of"),
            models.Index(fields=["tenant", "award_id"], name="campaigns_entry_award"),
            models.Index(
                fields=["tenant", "source", "-id"],
                name="campaigns_entry_points_out",
                condition=Q(unit=Unit.POINTS),
            ),
            models.Index(
                fields=["tenant", "target", "-id"],
                name="campaigns_entry_points_in",
                condition=Q(unit=Unit.POINTS),
            ),
        ]
