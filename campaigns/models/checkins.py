"""A check-in (R86): what is asked each day, who came on which day, and what it gave."""

from django.db import models
from django.db.models import Q

from campaigns.enums.checkins import GoalPeriod, MarkKind, ProofKind, RewardKind
from campaigns.models.frame import Campaign, Prize
from tenants import clock
from tenants.scoping import TenantModel


class CheckInPlan(TenantModel):
    """The check-in of a campaign, fixed once that has started. What a figure of 0 says is not given.

    `tasks`: a line a day, from the top again when they are used up. See policies.checkins.Terms for the rest.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+", db_index=False)
    tasks = models.TextField()
    hint = models.CharField(max_length=100, blank=True)
    proof = models.CharField(max_length=8, choices=ProofKind, default=ProofKind.TAP)
    period = models.CharField(max_length=8, choices=GoalPeriod, default=GoalPeriod.WEEK)
    goal_days = models.PositiveSmallIntegerField(default=5)
    day_points = models.PositiveIntegerField(default=5)
    streak_days = models.PositiveSmallIntegerField(default=0)
    streak_points = models.PositiveIntegerField(default=0)
    goal_points = models.PositiveIntegerField(default=0)
    goal_draws = models.PositiveSmallIntegerField(default=0)
    gift = models.ForeignKey(
        Prize, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    cards_start = models.PositiveSmallIntegerField(default=0)
    card_days = models.PositiveSmallIntegerField(default=0)
    reach_days = models.PositiveSmallIntegerField(default=7)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "campaign"], name="campaigns_checkin_plan_once"),
            models.CheckConstraint(
                condition=Q(goal_days__gte=1, goal_days__lte=30), name="campaigns_checkin_plan_goal"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id}"


class CheckInMember(TenantModel):
    """A person in a check-in, with figures of the days that count now. Its row is held while any of them changes."""

    plan = models.ForeignKey(CheckInPlan, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    day_count = models.PositiveIntegerField(default=0)
    streak = models.PositiveIntegerField(default=0)  # the row of days that ends on `last_day`
    last_day = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "plan", "customer"], name="campaigns_checkin_member_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="campaigns_checkin_member_of")]


class CheckIn(TenantModel):
    """One day of one person: there is one row, whatever was tapped. `day` is on the company's wall.

    `proof` is the person's own words, or the address of a picture. Rejected it does not count; handed in anew on the
    same day, or made up later, it counts again.
    """

    plan = models.ForeignKey(CheckInPlan, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    day = models.DateField()
    kind = models.CharField(max_length=8, choices=MarkKind, default=MarkKind.DONE)
    proof = models.CharField(max_length=500, blank=True)
    made_at = models.DateTimeField(default=clock.now)
    rejected_at = models.DateTimeField(null=True, blank=True)
    rejected_by = models.CharField(max_length=128, blank=True)
    reject_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "plan", "customer", "day"], name="campaigns_checkin_once"
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "plan", "day"], name="campaigns_checkin_day"),
            models.Index(fields=["tenant", "plan", "-id"], name="campaigns_checkin_of"),
            models.Index(fields=["tenant", "customer"], name="campaigns_checkin_person"),
        ]


class CheckInReward(TenantModel):
    """Something that a person's days gave; `is_held` says whether it still does.

    `turn` counts how often it was taken back and given anew. `kept`: points of it that were spent already when it was
    taken back, and stay spent.
    """

    plan = models.ForeignKey(CheckInPlan, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=32)
    kind = models.CharField(max_length=8, choices=RewardKind)
    amount = models.PositiveIntegerField()
    turn = models.PositiveIntegerField(default=0)
    is_held = models.BooleanField(default=True)
    kept = models.PositiveIntegerField(default=0)
    award_id = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "plan", "customer", "key"], name="campaigns_checkin_reward_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="campaigns_checkin_reward_of")]
