"""Reading a card and taking its short test (R126)."""

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from content.enums import KNOWLEDGE_PASS, KNOWLEDGE_QUESTIONS, CardState
from content.errors import CardAway, QuizFirst
from content.models import KnowledgeAttempt, KnowledgeCard, KnowledgeQuestion, KnowledgeStanding
from content.policies.knowledge import graded, sheet_make
from content.selectors.knowledge import quiz_questions
from content.services.knowledge_duties import duty_done
from team.selectors.staff import is_actor
from tenants import clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

if TYPE_CHECKING:
    from team.models import Staff


def _card(tenant: Tenant, card_id: int) -> KnowledgeCard:
    """The published card. Raises CardAway, KnowledgeCard.DoesNotExist."""
    row = KnowledgeCard.objects.get(tenant=tenant, pk=card_id)
    if row.state != CardState.LIVE or row.archived_at is not None:
        raise CardAway
    return row


def _standing(tenant: Tenant, card: KnowledgeCard, staff: "Staff") -> KnowledgeStanding:
    KnowledgeStanding.objects.bulk_create(
        [KnowledgeStanding(tenant=tenant, card=card, staff=staff)], ignore_conflicts=True
    )
    return KnowledgeStanding.objects.select_for_update().get(tenant=tenant, card=card, staff=staff)


def card_read(*, tenant: Tenant, card_id: int, staff: "Staff", actor: Actor) -> KnowledgeStanding:
    """A person says that they have read a card. Where it has no test they know it by that.

    Raises CardAway, NotPermitted, KnowledgeCard.DoesNotExist. Safe to repeat.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        card = _card(tenant, card_id)
        row = _standing(tenant, card, staff)
        row.read_at = clock.now()
        if not KnowledgeQuestion.objects.filter(tenant=tenant, card=card).exists():
            _done(tenant, row, card.edition, actor)
        row.save()
    return row


def _done(tenant: Tenant, row: KnowledgeStanding, edition: int, actor: Actor) -> None:
    if row.done_edition < edition:
        row.done_edition, row.done_at = edition, clock.now()
    duty_done(tenant=tenant, standing_ids=[row.pk], by=actor.name)


def quiz_start(*, tenant: Tenant, card_id: int, staff: "Staff", actor: Actor) -> KnowledgeAttempt:
    """Begin the short test of a card. One that was begun and not finished goes on: reloading draws no other questions.

    Unless the card was published anew meanwhile: then what it asks may be wrong by now, and it is drawn afresh.
    Raises CardAway, also for a card without a test; NotPermitted, KnowledgeCard.DoesNotExist. Safe to repeat.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        card = _card(tenant, card_id)
        row = _standing(tenant, card, staff)  # locks: two tabs begin one test
        row.read_at = row.read_at or clock.now()
        row.save(update_fields=["read_at"])
        open_one = KnowledgeAttempt.objects.filter(
            tenant=tenant, card=card, staff=staff, answered_at=None
        ).first()
        if open_one is not None and open_one.edition == card.edition:
            return open_one
        questions = quiz_questions(tenant_id=tenant.pk, card_id=card.pk)
        if not questions:
            raise CardAway
        attempt = open_one or KnowledgeAttempt(tenant=tenant, card=card, staff=staff)
        attempt.edition, attempt.started_at = card.edition, clock.now()
        attempt.need_percent = preferences.value(tenant.pk, KNOWLEDGE_PASS)
        attempt.sheet = sheet_make(
            questions, most=preferences.value(tenant.pk, KNOWLEDGE_QUESTIONS), seed=secrets.randbits(32)
        )
        attempt.save()
    return attempt


def quiz_answer(
    *, tenant: Tenant, attempt_id: int, staff: "Staff", answers: Sequence[int | None], actor: Actor
) -> KnowledgeAttempt:
    """Hand a test in. What was handed in stays: a second tab or a second press gets the first result.

    `answers`: the chosen place of each question as the sheet shows it, None for none. Raises NotPermitted,
    KnowledgeAttempt.DoesNotExist for anybody else's. Safe to repeat.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        found = KnowledgeAttempt.objects.select_related("card").get(tenant=tenant, pk=attempt_id, staff=staff)
        standing = _standing(tenant, found.card, staff)
        row = KnowledgeAttempt.objects.select_for_update().get(tenant=tenant, pk=attempt_id)
        if row.answered_at is not None:
            return row
        grade = graded(row.sheet, answers, need_percent=row.need_percent)
        row.answers = [answers[number] if number < len(answers) else None for number in range(len(row.sheet))]
        row.right, row.is_passed, row.answered_at = grade.right, grade.is_passed, clock.now()
        row.save()
        standing.tries += 1
        standing.best_percent = max(standing.best_percent or 0, grade.percent)
        if grade.is_passed and row.edition >= found.card.asked_edition:
            _done(tenant, standing, row.edition, actor)
        standing.save()
    return row


def card_settle(*, tenant: Tenant, standing_id: int, actor: Actor) -> KnowledgeAttempt | None:
    """“Done” said on Today: enough where the card is only read; else the person's test, begun. Repeatable.

    Raises QuizFirst when somebody else says it of a card with a test.
    """
    rows = KnowledgeStanding.objects.select_related("staff__membership", "card")
    row = rows.get(tenant=tenant, pk=standing_id)
    if row.done_edition >= row.card.asked_edition:
        return None
    if KnowledgeQuestion.objects.filter(tenant=tenant, card_id=row.card_id).exists():
        if not is_actor(row.staff, actor):
            raise QuizFirst
        return quiz_start(tenant=tenant, card_id=row.card_id, staff=row.staff, actor=actor)
    card_read(tenant=tenant, card_id=row.card_id, staff=row.staff, actor=actor)
    return None
