"""The review of a run, and its points (R57)."""

from django.db import models

from sop.enums.reviews import Decision, ItemKind, ItemState, ReviewState
from sop.models.runs import Run
from sop.models.templates import Version
from tenants import clock
from tenants.scoping import TenantModel


class Review(TenantModel):
    """One run looked back at: it falls due when the run ends, and says what becomes of the plan."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="reviews", db_index=False)
    state = models.CharField(max_length=8, choices=ReviewState, default=ReviewState.DUE)
    due_at = models.DateTimeField()
    decision = models.CharField(max_length=8, choices=Decision, blank=True)
    summary = models.TextField(blank=True)
    # The version its points went into: a draft until it is published.
    next_version = models.ForeignKey(
        Version, null=True, blank=True, on_delete=models.SET_NULL, related_name="reviews", db_index=False
    )
    created_at = models.DateTimeField(default=clock.now)
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "run"], name="sop_review_once")]
        indexes = [
            models.Index(fields=["tenant", "due_at"], condition=models.Q(state="due"), name="sop_review_due"),
            models.Index(
                fields=["tenant", "next_version"],
                condition=models.Q(next_version__isnull=False),
                name="sop_review_of_version",
            ),
        ]

    def __str__(self) -> str:
        return str(self.run)


class ReviewItem(TenantModel):
    """One point of a review. A point to improve goes into the next version; `step_key` says which step it is about,
    empty: the camp as a whole, or a step that does not exist yet."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="items", db_index=False)
    kind = models.CharField(max_length=8, choices=ItemKind)
    text = models.CharField(max_length=300)
    step_key = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=8, choices=ItemState, default=ItemState.OPEN)
    settle_reason = models.CharField(max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "review"], name="sop_review_item")]

    def __str__(self) -> str:
        return self.text
