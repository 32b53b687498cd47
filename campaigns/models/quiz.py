"""Quizzes and prize questions (R88): questions, and the one go of each person."""

from django.db import models
from django.db.models import Q

from campaigns.enums.quiz import QuizKind, QuizOutcome
from campaigns.models.frame import Campaign, Prize
from tenants import clock
from tenants.scoping import TenantModel
from tenants.secrets import SecretField


class Quiz(TenantModel):
    """The quiz of a campaign. Fixed once it started, but for `drawn_at`.

    `needed`: how many answers have to be right. `winners`: how many get the prize where not everybody does.
    `closes_at`: until when answers are taken; a draw is made then. `seed` (64 hex digits) decides it and is shown
    afterwards, `seed_hash` from the first day.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=QuizKind, default=QuizKind.SCORE)
    prize = models.ForeignKey(
        Prize, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    needed = models.PositiveSmallIntegerField(default=1)
    winners = models.PositiveIntegerField(default=1)
    closes_at = models.DateTimeField(null=True, blank=True)
    seed = SecretField()
    seed_hash = models.CharField(max_length=64)
    drawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "campaign"], name="campaigns_quiz_once"),
            models.CheckConstraint(
                condition=Q(needed__gte=1, winners__gte=1) & (~Q(kind=QuizKind.DRAW) | Q(closes_at__isnull=False)),
                name="campaigns_quiz_bounds",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"#{self.pk}"


class QuizQuestion(TenantModel):
    """One question. `options`: the answers to choose from; `right`: the place of the right one, from nought."""

    quiz = models.ForeignKey(Quiz, on_delete=models.CASCADE, related_name="questions", db_index=False)
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=200)
    options = models.JSONField(default=list)
    right = models.PositiveSmallIntegerField()
    explanation = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "quiz", "position"], name="campaigns_quizquestion_place"
            )
        ]

    def __str__(self) -> str:
        return self.text


class QuizEntry(TenantModel):
    """The one go of a person. `answers`: the place of each chosen option, in the order of the questions."""

    quiz = models.ForeignKey(Quiz, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    answers = models.JSONField(default=list)
    right_count = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=8, choices=QuizOutcome)
    award_id = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "quiz", "customer"], name="campaigns_quizentry_once"),
            models.CheckConstraint(
                condition=~Q(outcome=QuizOutcome.WON) | Q(award_id__isnull=False),
                name="campaigns_quizentry_won",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "quiz", "-id"], name="campaigns_quizentry_of"),
            models.Index(fields=["tenant", "customer"], name="campaigns_quizentry_person"),
        ]
