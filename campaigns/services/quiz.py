"""Quizzes and prize questions (R88): set up, answered once by each person, drawn."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from campaigns.enums import AwardSource
from campaigns.enums.quiz import OPTIONS_MOST, QUESTIONS_MOST, WINNERS_MOST, QuizKind, QuizOutcome
from campaigns.errors import (
    BudgetSpent,
    CampaignInvalid,
    CampaignNotRunning,
    CampaignPaused,
    QuizClosed,
    QuizUnanswered,
    StockOut,
)
from campaigns.models import Campaign, Prize, Quiz, QuizEntry, QuizQuestion
from campaigns.policies.lottery import seed_hash
from campaigns.policies.quiz import drawn_order, is_whole, right_of
from campaigns.selectors.quiz import code_for, due, entry_of, questions_of, quiz_of, won_count
from campaigns.services.awards import award_make, check_open
from campaigns.services.frame import draft_locked
from campaigns.services.lottery import SEED_BYTES
from tenants import audit, clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

ONCE = "campaigns_quizentry_once"


@dataclass(frozen=True, kw_only=True)
class QuestionWish:
    """`right`: the place of the right option, from nought."""

    text: str
    options: tuple[str, ...]
    right: int
    explanation: str = ""


@dataclass(frozen=True, kw_only=True)
class QuizWish:
    """A quiz as it is set up."""

    kind: str
    prize_id: int | None
    needed: int
    winners: int = 1
    closes_at: datetime | None = None
    questions: tuple[QuestionWish, ...]


def quiz_set(*, tenant: "Tenant", campaign_id: int, wish: QuizWish, actor: Actor) -> Quiz:
    """Give a draft its quiz, or change it. Its seed is made once; the audit trail has its hash from then on.

    Safe to repeat. Raises CampaignFixed, CampaignInvalid, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    _check(wish)
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        prize = Prize.objects.filter(tenant=tenant, campaign=campaign, pk=wish.prize_id).first()
        if prize is None:
            raise CampaignInvalid(_("Choose one of the prizes of this campaign."))
        row = quiz_of(campaign=campaign)
        if row is None:
            seed = secrets.token_hex(SEED_BYTES)
            row = Quiz(tenant=tenant, campaign=campaign, seed=seed, seed_hash=seed_hash(seed))
        row.kind, row.prize, row.needed = QuizKind(wish.kind), prize, wish.needed
        row.winners, row.closes_at = wish.winners, wish.closes_at
        row.save()
        QuizQuestion.objects.filter(tenant=tenant, quiz=row).delete()
        QuizQuestion.objects.bulk_create(
            QuizQuestion(
                tenant=tenant, quiz=row, position=place, text=one.text.strip()[:200], options=list(one.options),
                right=one.right, explanation=one.explanation.strip()[:200],
            )
            for place, one in enumerate(wish.questions, start=1)
        )  # fmt: skip
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.quiz.set", target=campaign,
            changes={"seed_hash": [None, row.seed_hash], "questions": [None, len(wish.questions)]},
        )  # fmt: skip
    return row


def _check(wish: QuizWish) -> None:
    kind, count = QuizKind(wish.kind), len(wish.questions)
    if not 1 <= count <= QUESTIONS_MOST:
        raise CampaignInvalid(_("Write one question at least, and ten at most."))
    if not 1 <= wish.needed <= count:
        raise CampaignInvalid(_("No more right answers can be asked for than there are questions."))
    if not 1 <= wish.winners <= WINNERS_MOST:
        raise CampaignInvalid
    if kind == QuizKind.DRAW and wish.closes_at is None:
        raise CampaignInvalid(_("Say when it is drawn."))
    for one in wish.questions:
        names = [option.strip() for option in one.options]
        if not one.text.strip() or not 2 <= len(names) <= OPTIONS_MOST or not 0 <= one.right < len(names):
            raise CampaignInvalid(_("Each question has two to six options, one of which is right."))
        if len(set(names)) != len(names) or not all(names):
            raise CampaignInvalid(_("The options of a question differ."))


def quiz_remove(*, tenant: "Tenant", campaign_id: int, actor: Actor) -> None:
    """Take the quiz out of a draft. Safe to repeat. Raises CampaignFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        gone, _each = Quiz.objects.filter(tenant=tenant, campaign=campaign).delete()
        if gone:
            audit.record(tenant=tenant, actor=actor, verb="campaigns.quiz.removed", target=campaign)


def quiz_copied(old: Campaign, copy: Campaign, prizes: Mapping[int, Prize]) -> None:
    """The copy of a campaign asks the same, with a seed of its own. When it is drawn has to be said anew."""
    row = quiz_of(campaign=old)
    if row is None:
        return
    seed = secrets.token_hex(SEED_BYTES)
    made = Quiz.objects.create(
        tenant_id=old.tenant_id, campaign=copy, kind=row.kind,
        prize=prizes.get(row.prize_id or 0), needed=row.needed, winners=row.winners, closes_at=row.closes_at,
        seed=seed, seed_hash=seed_hash(seed),
    )  # fmt: skip
    for one in questions_of(quiz=row):
        one.quiz, one.pk = made, None
        one._state.adding = True
        one.save(force_insert=True)


def quiz_answer(*, tenant: "Tenant", quiz: Quiz, person_id: int, answers: Sequence[int | None]) -> QuizEntry:
    """The one go of a person, settled at once but for a draw. A second one answers with the first: safe to repeat.

    Asks not whether the person may take part: the page does. Raises QuizUnanswered, QuizClosed, CampaignNotRunning,
    CampaignPaused.
    """
    known = entry_of(quiz=quiz, person_id=person_id)
    if known is not None:
        return known
    questions = questions_of(quiz=quiz)
    if not is_whole(answers, [len(one.options) for one in questions]):
        raise QuizUnanswered
    given = [one for one in answers if one is not None]
    try:
        with transaction.atomic():
            return _answered(
                tenant, quiz, person_id, given, right_of(given, [one.right for one in questions])
            )
    except IntegrityError as error:
        found = entry_of(quiz=quiz, person_id=person_id)
        if ONCE not in str(error) or found is None:
            raise
        return found


def _answered(tenant: "Tenant", quiz: Quiz, person_id: int, given: list[int], right: int) -> QuizEntry:
    if quiz.kind == QuizKind.FIRST and right >= quiz.needed:
        # Who is among the first is decided one after another.
        Quiz.objects.select_for_update(of=("self",), no_key=True).get(tenant=tenant, pk=quiz.pk)
    check_open(Campaign.objects.get(tenant=tenant, pk=quiz.campaign_id))
    if quiz.closes_at is not None and quiz.closes_at <= clock.now():
        raise QuizClosed
    row = QuizEntry.objects.create(
        tenant=tenant, quiz=quiz, customer_id=person_id, answers=given, right_count=right, outcome=QuizOutcome.WRONG,
        at=clock.now(),
    )  # fmt: skip
    if right < quiz.needed:
        return row
    if quiz.kind == QuizKind.DRAW:
        row.outcome = QuizOutcome.RIGHT
    elif quiz.kind == QuizKind.FIRST and won_count(quiz=quiz) >= quiz.winners:
        row.outcome = QuizOutcome.GONE
    else:
        _award(tenant, quiz, row)
    row.save(update_fields=["outcome", "award_id"])
    return row


def _award(tenant: "Tenant", quiz: Quiz, row: QuizEntry) -> None:
    """The piece, or none where none or no money is left. The row is saved by its caller."""
    try:
        award = award_make(
            tenant=tenant, campaign_id=quiz.campaign_id, prize_id=quiz.prize_id or 0, customer_id=row.customer_id,
            source=AwardSource.QUIZ, key=f"quiz:{quiz.pk}:{row.customer_id}", note="", actor=SYSTEM,
        )  # fmt: skip
    except (StockOut, BudgetSpent):
        row.outcome = QuizOutcome.GONE
    else:
        row.outcome, row.award_id = QuizOutcome.WON, award.pk


def quizzes_draw(*, tenant: "Tenant") -> int:
    """Draw the quizzes whose time has come; how many. Of a campaign that ended before nobody is drawn.

    Safe to repeat, and at once.
    """
    ids = list(
        Quiz.objects.filter(due(clock.now()), tenant=tenant).order_by("pk").values_list("pk", flat=True)
    )
    return sum(_draw(tenant, one) for one in ids)


def _draw(tenant: "Tenant", quiz_id: int) -> bool:
    with transaction.atomic():
        quiz = Quiz.objects.select_for_update(of=("self",), no_key=True).get(tenant=tenant, pk=quiz_id)
        if quiz.drawn_at is not None:
            return False
        rows = {
            code_for(quiz, one.customer_id): one
            for one in QuizEntry.objects.filter(tenant=tenant, quiz=quiz, outcome=QuizOutcome.RIGHT)
        }
        order = drawn_order(quiz.seed, quiz_id=quiz.pk, codes=rows)
        for place, code in enumerate(order):
            row = rows[code]
            row.outcome = QuizOutcome.UNDRAWN
            if place < quiz.winners:
                try:
                    _award(tenant, quiz, row)
                except CampaignPaused:
                    transaction.set_rollback(True)
                    return False
                except CampaignNotRunning:
                    row.outcome = QuizOutcome.UNDRAWN
            row.save(update_fields=["outcome", "award_id"])
        quiz.drawn_at = clock.now()
        quiz.save(update_fields=["drawn_at"])
        audit.record(
            tenant=tenant, actor=SYSTEM, verb="campaigns.quiz.drawn", target=quiz.campaign,
            changes={"right": [None, len(order)], "winners": [None, min(len(order), quiz.winners)]},
        )  # fmt: skip
    return True


def tenants_with_quizzes_due() -> list[int]:
    """Tenants with a quiz to draw. Runs across tenants: the caller is a tick."""
    rows = Quiz.objects.filter(due(clock.now()))
    return list(rows.order_by().values_list("tenant_id", flat=True).distinct())
