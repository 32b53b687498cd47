"""Reads of quizzes: questions, who answered how, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from campaigns.enums import CampaignState, Missing, PlayKind
from campaigns.enums.quiz import QuizKind, QuizOutcome
from campaigns.models import Campaign, Quiz, QuizEntry, QuizQuestion
from campaigns.policies.lottery import code_of
from campaigns.policies.quiz import drawn_order
from campaigns.selectors.pages import page_token


def quiz_of(*, campaign: Campaign) -> Quiz | None:
    """The quiz of a campaign with its prize. One query."""
    rows = Quiz.objects.filter(tenant_id=campaign.tenant_id, campaign=campaign)
    return rows.select_related("prize").first()


def quizzes_in(campaign: Any) -> QuerySet[Quiz]:
    """That of a campaign, to ask within a query of campaigns."""
    return Quiz.objects.filter(campaign=campaign)


def quiz_get(*, tenant_id: int, quiz_id: int) -> Quiz | None:
    """With campaign and prize; None where it is gone."""
    rows = Quiz.objects.filter(tenant_id=tenant_id, pk=quiz_id)
    return rows.select_related("campaign", "prize").first()


def questions_of(*, quiz: Quiz) -> list[QuizQuestion]:
    """In their order. One query."""
    rows = QuizQuestion.objects.filter(tenant_id=quiz.tenant_id, quiz=quiz)
    return list(rows.order_by("position", "pk"))


def quiz_token(*, campaign: Campaign, quiz: Quiz) -> str:
    """The token of its page, or "" before the campaign has an end."""
    return page_token(campaign=campaign, kind=PlayKind.QUIZ, row_id=quiz.pk)


def token_of(campaign: Campaign) -> str:
    quiz = quiz_of(campaign=campaign)
    return quiz_token(campaign=campaign, quiz=quiz) if quiz else ""


def quiz_lacks(campaign: Campaign) -> list[Missing]:
    """What keeps a quiz from its start: a prize, enough questions, and a draw that lies within the campaign."""
    quiz = quiz_of(campaign=campaign)
    if quiz is None:
        return []
    count, closes = len(questions_of(quiz=quiz)), quiz.closes_at
    starts, ends = campaign.starts_at, campaign.ends_at
    fits = closes is None or ((starts is None or closes > starts) and (ends is None or closes < ends))
    stock = quiz.prize.stock if quiz.prize else 0
    enough = quiz.kind == QuizKind.SCORE or quiz.winners <= stock
    return [] if quiz.prize and quiz.needed <= count and fits and enough else [Missing.QUIZ]


def entry_of(*, quiz: Quiz, person_id: int) -> QuizEntry | None:
    return QuizEntry.objects.filter(tenant_id=quiz.tenant_id, quiz=quiz, customer_id=person_id).first()


def entry_list(*, quiz: Quiz) -> QuerySet[QuizEntry]:
    """Every go with its person, the newest first."""
    rows = QuizEntry.objects.filter(tenant_id=quiz.tenant_id, quiz=quiz)
    return rows.select_related("customer").order_by("-pk")


def code_for(quiz: Quiz, person_id: int) -> str:
    """How a person is called in the public record of the draw: it names nobody."""
    return code_of(quiz.seed_hash, person_id)


def won_count(*, quiz: Quiz) -> int:
    return QuizEntry.objects.filter(tenant_id=quiz.tenant_id, quiz=quiz, outcome=QuizOutcome.WON).count()


def draw_record(*, quiz: Quiz) -> dict[str, Any]:
    """The public record of a draw: the seed once it is drawn, and the codes of those with enough right answers.

    Whoever repeats HMAC-SHA256 over them finds the winners: {"seed_hash", "seed", "winners", "codes", "drawn"}.
    """
    rows = QuizEntry.objects.filter(tenant_id=quiz.tenant_id, quiz=quiz).exclude(outcome=QuizOutcome.WRONG)
    told = {code_for(quiz, person): outcome for person, outcome in rows.values_list("customer_id", "outcome")}
    is_drawn = quiz.drawn_at is not None
    return {
        "quiz": quiz.pk, "seed_hash": quiz.seed_hash, "seed": quiz.seed if is_drawn else None, "winners": quiz.winners,
        "codes": sorted(told) if is_drawn else [],
        "drawn": drawn_order(quiz.seed, quiz_id=quiz.pk, codes=told)[: quiz.winners] if is_drawn else [],
    }  # fmt: skip


def due(now: datetime) -> Q:
    """Quizzes to be drawn now: their time has come, and prizes can be given, or never can again."""
    is_open = Q(campaign__state=CampaignState.RUNNING, campaign__paused_at=None)
    is_over = Q(campaign__state__in=[CampaignState.ENDED, CampaignState.REVIEWED])
    return Q(kind=QuizKind.DRAW, drawn_at=None, closes_at__lte=now) & (is_open | is_over)


@dataclass(frozen=True)
class QuizFigures:
    """`right`: people with enough right answers; `won` of them got the prize."""

    people: int
    right: int
    won: int
    gone: int


def figures_of_quiz(*, quiz: Quiz) -> QuizFigures:
    """Live figures. One query."""
    rows = QuizEntry.objects.filter(tenant_id=quiz.tenant_id, quiz=quiz)
    told = rows.aggregate(
        people=Count("pk"), right=Count("pk", filter=~Q(outcome=QuizOutcome.WRONG)),
        won=Count("pk", filter=Q(outcome=QuizOutcome.WON)), gone=Count("pk", filter=Q(outcome=QuizOutcome.GONE)),
    )  # fmt: skip
    return QuizFigures(**told)
