"""A lottery (R87): its odds, who takes part with how many draws, and every draw."""

from django.db import models
from django.db.models import F, Q

from campaigns.enums import DrawOutcome, GrantReason, LotteryKind
from campaigns.models.frame import Campaign, Prize
from tenants import clock
from tenants.scoping import TenantModel
from tenants.secrets import SecretField


class Lottery(TenantModel):
    """The lottery of a campaign. `seed` (64 hex digits) is published after the end, `seed_hash` from the first day."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=LotteryKind, default=LotteryKind.GRID)
    free_draws = models.PositiveSmallIntegerField(default=1)
    draws_most = models.PositiveSmallIntegerField(default=3)
    seed = SecretField()
    seed_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "campaign"], name="campaigns_lottery_once"),
            models.CheckConstraint(condition=Q(draws_most__gte=1), name="campaigns_lottery_limit"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"


class Chance(TenantModel):
    """The odds of one prize, in millionths."""

    lottery = models.ForeignKey(Lottery, on_delete=models.CASCADE, related_name="+", db_index=False)
    prize = models.ForeignKey(Prize, on_delete=models.CASCADE, related_name="+", db_index=False)
    share = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "lottery", "prize"], name="campaigns_chance_once"),
            models.CheckConstraint(
                condition=Q(share__gte=1, share__lte=1_000_000), name="campaigns_chance_share"
            ),
        ]


class Entrant(TenantModel):
    """A person in a lottery. `granted` is the sum of the person's grants; `used` never passes it."""

    lottery = models.ForeignKey(Lottery, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    code = models.CharField(max_length=16)
    granted = models.PositiveIntegerField(default=0)
    used = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "lottery", "customer"], name="campaigns_entrant_once"),
            models.UniqueConstraint(fields=["tenant", "lottery", "code"], name="campaigns_entrant_code"),
            models.CheckConstraint(condition=Q(used__lte=F("granted")), name="campaigns_entrant_covered"),
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="campaigns_entrant_person")]


class DrawGrant(TenantModel):
    """Draws that somebody was granted, or that were taken back (negative). Append-only; `key` counts it once."""

    entrant = models.ForeignKey(Entrant, on_delete=models.CASCADE, related_name="+", db_index=False)
    amount = models.IntegerField()
    reason = models.CharField(max_length=8, choices=GrantReason)
    key = models.CharField(max_length=64)
    at = models.DateTimeField(default=clock.now)
    by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "entrant", "key"], name="campaigns_grant_once"),
        ]


class Draw(TenantModel):
    """One draw. Append-only. `key` is the form's: sent twice it is one draw. `prize` is what the roll fell on."""

    lottery = models.ForeignKey(Lottery, on_delete=models.CASCADE, related_name="+", db_index=False)
    entrant = models.ForeignKey(Entrant, on_delete=models.CASCADE, related_name="draws", db_index=False)
    number = models.PositiveIntegerField()
    key = models.CharField(max_length=64)
    roll = models.PositiveIntegerField()
    outcome = models.CharField(max_length=8, choices=DrawOutcome)
    prize = models.ForeignKey(
        Prize, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    award_id = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "entrant", "number"], name="campaigns_draw_number"),
            models.UniqueConstraint(fields=["tenant", "entrant", "key"], name="campaigns_draw_once"),
            models.CheckConstraint(
                condition=Q(outcome=DrawOutcome.WON, award_id__isnull=False, prize__isnull=False)
                | Q(outcome=DrawOutcome.GONE, award_id=None, prize__isnull=False)
                | Q(outcome=DrawOutcome.NONE, award_id=None, prize=None),
                name="campaigns_draw_outcome",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "lottery", "-id"], name="campaigns_draw_of")]
