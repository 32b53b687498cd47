"""What people who sell must know, and how it stands with each of them (R126)."""

from django.db import models

from content.enums import CardAsk, CardKind, CardState
from tenants import clock
from tenants.scoping import TenantModel


class KnowledgeCard(TenantModel):
    """One thing to know: a product, a scenario or a competitor.

    `sections`: {key of content.enums.SECTIONS: words}. `edition` counts what was published, 0 for none yet; whoever
    knew the card at `asked_edition` or later need not read it again. `check_by` is a day of the tenant's zone: what
    the card says is to be checked again by then. `builtin`: which card of ours it was made of.
    """

    kind = models.CharField(max_length=12, choices=CardKind)
    title = models.CharField(max_length=64)
    summary = models.CharField(max_length=200, blank=True)
    sections = models.JSONField(default=dict, blank=True)
    facts = models.JSONField(default=list, blank=True)  # ids of ProductFact
    scripts = models.JSONField(default=list, blank=True)  # ids of Script
    sku_code = models.CharField(max_length=128, blank=True)  # "": of all products
    aliases = models.CharField(max_length=200, blank=True)  # what customers call it, with commas between
    asks = models.CharField(max_length=12, choices=CardAsk, default=CardAsk.EVERYBODY)
    state = models.CharField(max_length=8, choices=CardState, default=CardState.DRAFT)
    edition = models.PositiveIntegerField(default=0)
    asked_edition = models.PositiveIntegerField(default=0)
    published_at = models.DateTimeField(null=True, blank=True)
    check_by = models.DateField(null=True, blank=True)
    builtin = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by = models.CharField(max_length=128, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "builtin"],
                condition=~models.Q(builtin=""),
                name="content_card_builtin_once",
            )
        ]

    def __str__(self) -> str:
        return self.title


class KnowledgeQuestion(TenantModel):
    """One question of a card's short test. `answer` is the place of the right one in `options`, from 0."""

    card = models.ForeignKey(
        KnowledgeCard, on_delete=models.CASCADE, related_name="questions", db_index=False
    )
    text = models.CharField(max_length=200)
    options = models.JSONField(default=list)  # [str]
    answer = models.PositiveSmallIntegerField(default=0)
    why = models.CharField(max_length=300, blank=True)  # said after the test

    class Meta:
        indexes = [models.Index(fields=["tenant", "card"], name="content_question_of_card")]

    def __str__(self) -> str:
        return self.text


class KnowledgeStanding(TenantModel):
    """How it stands with one person and one card: whether it is asked of them, by when, and what they did.

    `done_edition`: the edition by which the person knows it (a passed test; read, where the card has none).
    `asked_at` and `asked_edition`: since when, and which edition, it is asked. `tries` counts finished tests.
    """

    card = models.ForeignKey(
        KnowledgeCard, on_delete=models.CASCADE, related_name="standings", db_index=False
    )
    staff = models.ForeignKey("team.Staff", on_delete=models.CASCADE, related_name="+", db_index=False)
    is_asked = models.BooleanField(default=False)
    asked_edition = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    camp = models.CharField(max_length=64, blank=True)  # the camp it is asked for
    read_at = models.DateTimeField(null=True, blank=True)
    done_edition = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveIntegerField(default=0)
    best_percent = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "card", "staff"], name="content_standing_once")
        ]
        indexes = [models.Index(fields=["tenant", "staff"], name="content_standing_of_staff")]

    def __str__(self) -> str:
        return f"{self.staff} · {self.card}"


class KnowledgeAttempt(TenantModel):
    """One try at a short test. What was asked is kept as it stood: a later edit changes no result.

    `sheet`: [{"id", "text", "options", "right", "why"}]; `answers`: [the chosen place, or None].
    """

    card = models.ForeignKey(KnowledgeCard, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    staff = models.ForeignKey("team.Staff", on_delete=models.CASCADE, related_name="+", db_index=False)
    edition = models.PositiveIntegerField()
    sheet = models.JSONField(default=list)
    answers = models.JSONField(default=list, blank=True)
    need_percent = models.PositiveSmallIntegerField()
    right = models.PositiveSmallIntegerField(default=0)
    is_passed = models.BooleanField(default=False)
    started_at = models.DateTimeField(default=clock.now)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "card", "staff"],
                condition=models.Q(answered_at__isnull=True),
                name="content_attempt_one_open",
            )
        ]
        indexes = [models.Index(fields=["tenant", "card", "answered_at"], name="content_attempt_of_card")]

    def __str__(self) -> str:
        return f"{self.staff} · {self.card}"
