"""The frame that every play stands in (R77, R78): what, for whom, when, for how much, and who answers for it."""

from django.db import models
from django.db.models import F, Q

from campaigns.enums import CampaignState, GoalKind, PageColour, PrizeKind, Theme
from tenants import clock
from tenants.scoping import TenantModel


class Campaign(TenantModel):
    """One campaign. Money is in fen, work in minutes; `starts_at` and `ends_at` are a half-open span.

    Once started its dates are fixed, by a trigger too: customers were told them. `budget_fen` is the ceiling of all
    prizes; what of it is free, set aside and given out says the ledger. `paused_at`: no prize is given for now.
    """

    name = models.CharField(max_length=60)
    about = models.CharField(max_length=200, blank=True)
    theme = models.CharField(max_length=12, choices=Theme, default=Theme.FAN_TREAT)
    colour = models.CharField(max_length=8, choices=PageColour, default=PageColour.GREEN)
    goal_kind = models.CharField(max_length=8, choices=GoalKind, default=GoalKind.PEOPLE)
    goal_target = models.PositiveIntegerField(null=True, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    budget_fen = models.BigIntegerField(null=True, blank=True)
    media_fen = models.BigIntegerField(default=0)
    labour_minutes = models.PositiveIntegerField(default=0)
    rules_text = models.TextField(blank=True)
    owner = models.ForeignKey(
        "team.Staff", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    state = models.CharField(max_length=8, choices=CampaignState, default=CampaignState.DRAFT)
    paused_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.CharField(max_length=128, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=200, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.CharField(max_length=128, blank=True)
    review_kept = models.TextField(blank=True)
    review_changed = models.TextField(blank=True)
    cloned_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=CampaignState.values), name="campaigns_campaign_state"
            ),
            models.CheckConstraint(condition=Q(theme__in=Theme.values), name="campaigns_campaign_theme"),
            models.CheckConstraint(
                condition=Q(budget_fen=None) | Q(budget_fen__gte=0), name="campaigns_campaign_budget"
            ),
            models.CheckConstraint(condition=Q(media_fen__gte=0), name="campaigns_campaign_media"),
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
                name="campaigns_campaign_span",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "ends_at"], name="campaigns_by_state"),
            models.Index(fields=["tenant", "-id"], name="campaigns_newest"),
        ]

    def __str__(self) -> str:
        return self.name


class CampaignGroup(TenantModel):
    """A group that a campaign is for."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="places", db_index=False)
    group = models.ForeignKey("groups.Group", on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "campaign", "group"], name="campaigns_group_once")
        ]
        indexes = [models.Index(fields=["tenant", "group"], name="campaigns_of_group")]


class Prize(TenantModel):
    """What a campaign gives. `unit_fen`: what one piece costs the company; for a red packet, what it holds."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="prizes", db_index=False)
    name = models.CharField(max_length=40)
    kind = models.CharField(max_length=12, choices=PrizeKind, default=PrizeKind.GOODS)
    unit_fen = models.BigIntegerField()
    stock = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "campaign", "name"], name="campaigns_prize_name"),
            models.CheckConstraint(condition=Q(unit_fen__gte=0), name="campaigns_prize_cost"),
            models.CheckConstraint(condition=Q(stock__gte=1), name="campaigns_prize_stock"),
        ]

    def __str__(self) -> str:
        return self.name
