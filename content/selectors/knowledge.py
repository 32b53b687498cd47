"""Reads of knowledge cards, their tests, and who knows what (R126)."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.urls import reverse

from contacts.selectors.skus import sku_choices
from content.enums import CardState
from content.models import (
    KnowledgeAttempt,
    KnowledgeCard,
    KnowledgeQuestion,
    KnowledgeStanding,
    ProductFact,
    Script,
)
from content.policies.facts import split_values
from content.policies.knowledge import CampPerson, Question, named
from content.selectors.facts import may_be_told
from team.selectors import Share
from tenants import clock
from tenants.models import Tenant

__all__ = [
    "CampPerson",
    "attempt_get",
    "camp_people",
    "card_get",
    "card_list",
    "cards_at_hand",
    "cards_named",
    "competitors_without_card",
    "knowledge_of",
    "register_camps",
    "register_competitors",
    "standing_of",
    "standings",
    "tenants_with_cards",
]  # fmt: skip

LISTED = 200

CampProvider = Callable[..., list[CampPerson]]
CompetitorProvider = Callable[..., list[tuple[str, int]]]
_camps: list[CampProvider] = []
_competitors: list[CompetitorProvider] = []


def register_camps(provider: CampProvider) -> None:
    """Say who leads which camp: `provider(tenant=) -> [CampPerson]`, those that have not ended, in constant queries."""
    if provider not in _camps:
        _camps.append(provider)


def register_competitors(provider: CompetitorProvider) -> None:
    """Say whom customers consider beside us: `provider(tenant_id=) -> [(words, people)]`, the commonest first."""
    if provider not in _competitors:
        _competitors.append(provider)


def camp_people(*, tenant: Tenant) -> list[CampPerson]:
    return [one for provider in _camps for one in provider(tenant=tenant)]


def card_list(*, tenant_id: int) -> QuerySet[KnowledgeCard]:
    """Cards with `questions_n`, and of how many people each is `asked_n`, of whom `done_n` know it."""
    asked = Q(standings__is_asked=True)
    done = asked & Q(standings__done_edition__gte=F("asked_edition"))
    return KnowledgeCard.objects.filter(tenant_id=tenant_id).annotate(
        questions_n=Count("questions", distinct=True),
        asked_n=Count("standings", filter=asked, distinct=True),
        done_n=Count("standings", filter=done, distinct=True),
    )


def card_get(*, tenant_id: int, card_id: int) -> KnowledgeCard:
    """One card, counted like the list. Raises KnowledgeCard.DoesNotExist, also for another tenant's id."""
    return card_list(tenant_id=tenant_id).get(pk=card_id)


def question_get(*, tenant_id: int, question_id: int) -> KnowledgeQuestion:
    """Raises KnowledgeQuestion.DoesNotExist, also for another tenant's id."""
    return KnowledgeQuestion.objects.select_related("card").get(tenant_id=tenant_id, pk=question_id)


@dataclass(frozen=True)
class Asking:
    """A question and how people did: of `answered` tries `right` were right."""

    row: KnowledgeQuestion
    answered: int
    right: int

    @property
    def rate(self) -> float | None:
        return self.right / self.answered if self.answered else None


def questions_of(*, tenant_id: int, card_id: int) -> list[Asking]:
    """The questions of a card with how often they were answered rightly, over all finished tries. Two queries."""
    rows = KnowledgeQuestion.objects.filter(tenant_id=tenant_id, card_id=card_id).order_by("pk")
    told: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    tries = KnowledgeAttempt.objects.filter(tenant_id=tenant_id, card_id=card_id, answered_at__isnull=False)
    for sheet, answers in tries.values_list("sheet", "answers"):
        for one, answer in zip(sheet, answers, strict=False):
            told[one["id"]][0] += 1
            told[one["id"]][1] += answer == one["right"]
    return [Asking(row, *told[row.pk]) for row in rows]


def quiz_questions(*, tenant_id: int, card_id: int) -> list[Question]:
    """What a short test of this card draws from."""
    rows = KnowledgeQuestion.objects.filter(tenant_id=tenant_id, card_id=card_id).order_by("pk")
    return [Question(row.pk, row.text, tuple(row.options), row.answer, row.why) for row in rows]


def facts_of(*, tenant: Tenant, card: KnowledgeCard) -> list[ProductFact]:
    """The facts a card refers to that may be told today, in the card's order."""
    found = ProductFact.objects.filter(tenant=tenant, archived_at=None).in_bulk(card.facts)
    return [found[pk] for pk in card.facts if pk in found and may_be_told(tenant=tenant, fact=found[pk])]


def scripts_of(*, tenant_id: int, card: KnowledgeCard) -> list[Script]:
    """The scripts a card refers to that are in use, in the card's order."""
    found = Script.objects.filter(tenant_id=tenant_id, archived_at=None).in_bulk(card.scripts)
    return [found[pk] for pk in card.scripts if pk in found]


def choices_of(*, tenant_id: int) -> dict[str, list[tuple[Any, str]]]:
    """What a card may refer to: {"facts", "scripts", "sku_code"} as (value, label). Four queries."""
    facts = ProductFact.objects.filter(tenant_id=tenant_id, archived_at=None).order_by("rank", "pk")
    scripts = Script.objects.filter(tenant_id=tenant_id, archived_at=None).order_by("-uses", "title")
    return {
        "facts": [(row.pk, row.text) for row in facts[:LISTED]],
        "scripts": [(row.pk, row.title) for row in scripts[:LISTED]],
        "sku_code": [("", "–"), *sku_choices(tenant_id=tenant_id)],
    }


def standing_of(*, tenant_id: int, card_id: int, staff_id: int) -> KnowledgeStanding | None:
    return KnowledgeStanding.objects.filter(tenant_id=tenant_id, card_id=card_id, staff_id=staff_id).first()


def standings(*, tenant_id: int) -> QuerySet[KnowledgeStanding]:
    """How it stands with people and the cards in use: what is asked, and what they did of themselves."""
    rows = KnowledgeStanding.objects.filter(
        tenant_id=tenant_id, card__archived_at=None, card__state=CardState.LIVE, staff__is_active=True
    )
    return rows.filter(Q(is_asked=True) | Q(tries__gt=0) | Q(read_at__isnull=False)).select_related(
        "card", "staff"
    )


def own_open(*, tenant_id: int, staff_id: int) -> list[KnowledgeStanding]:
    """What one person is still to know, the soonest first."""
    rows = standings(tenant_id=tenant_id).filter(
        staff_id=staff_id, is_asked=True, done_edition__lt=F("card__asked_edition")
    )
    return list(rows.order_by("due_at", "pk"))


def attempt_get(*, tenant_id: int, attempt_id: int, staff_id: int) -> KnowledgeAttempt:
    """A person's own try. Raises KnowledgeAttempt.DoesNotExist for anybody else's."""
    rows = KnowledgeAttempt.objects.select_related("card")
    return rows.get(tenant_id=tenant_id, pk=attempt_id, staff_id=staff_id)


def cards_named(*, tenant_id: int, texts: Iterable[str]) -> dict[str, KnowledgeCard]:
    """{words of a customer: the published card that they name}. One query, none without words."""
    wanted = [one for one in dict.fromkeys(texts) if one.strip()]
    if not wanted:
        return {}
    rows = KnowledgeCard.objects.filter(tenant_id=tenant_id, archived_at=None, state=CardState.LIVE).order_by(
        "pk"
    )
    cards = [(row, split_values(row.aliases)) for row in rows[:LISTED]]
    found = {}
    for text in wanted:
        fitting = (row for row, words in cards if named(text, title=row.title, aliases=words))
        if (card := next(fitting, None)) is not None:
            found[text] = card
    return found


def cards_at_hand(*, tenant_id: int, texts: Iterable[str]) -> list[KnowledgeCard]:
    """The published cards that a customer's words name, each once. One query, none without words."""
    return list(dict.fromkeys(cards_named(tenant_id=tenant_id, texts=texts).values()))


def competitors_without_card(*, tenant_id: int) -> list[tuple[str, int]]:
    """Whom customers consider and nobody wrote a card about: [(words, people)], the commonest first."""
    said = [one for provider in _competitors for one in provider(tenant_id=tenant_id)]
    carded = cards_named(tenant_id=tenant_id, texts=[words for words, _people in said])
    return [(words, people) for words, people in said if words not in carded]


def to_check(*, tenant_id: int, today: date) -> QuerySet[KnowledgeCard]:
    """Published cards whose words are to be checked again by now."""
    rows = KnowledgeCard.objects.filter(tenant_id=tenant_id, archived_at=None, state=CardState.LIVE)
    return rows.filter(check_by__lt=today).order_by("check_by", "pk")


def knowledge_of(
    *, tenant: Any, staff_ids: Iterable[int], since: datetime, until: datetime
) -> dict[int, Share]:
    """{staff id: cards they know, of those asked of them by now}, as a metric of a person. One query.

    It is how things stand, whatever the span: what somebody knew last month is no less known.
    """
    rows = (
        standings(tenant_id=tenant.pk).filter(staff_id__in=list(staff_ids), is_asked=True)
        .order_by().values("staff_id")
        .annotate(asked=Count("pk"), done=Count("pk", filter=Q(done_edition__gte=F("card__asked_edition"))))
    )  # fmt: skip
    page = reverse("content:knowledge_people", kwargs={"tenant_slug": tenant.slug})
    return {
        row["staff_id"]: Share(row["done"], row["asked"], f"{page}?staff={row['staff_id']}") for row in rows
    }


def tenants_with_cards() -> list[int]:
    """Tenants with published cards. Runs across tenants: the caller is a tick."""
    rows = KnowledgeCard.objects.filter(state=CardState.LIVE)
    return list(rows.order_by("tenant_id").values_list("tenant_id", flat=True).distinct())


def today_of(tenant: Tenant) -> date:
    return clock.local_date(clock.now(), tenant.timezone)
