"""Writes of knowledge cards and their questions (R126)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from content.enums import SECTIONS, CardAsk, CardKind, CardState
from content.errors import CardInvalid
from content.models import KnowledgeCard, KnowledgeQuestion, ProductFact, Script
from content.policies.knowledge import LEAST_QUESTIONS, is_sound
from content.policies.sensitive import find, refused
from content.selectors.knowledge_builtin import builtin_list
from content.selectors.sensitive import words_of
from content.services.knowledge_duties import cards_lock, duties_refresh
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def card_save(
    *,
    tenant: Tenant,
    kind: str,
    title: str,
    summary: str,
    sections: Mapping[str, str],
    actor: Actor,
    facts: Iterable[int] = (),
    scripts: Iterable[int] = (),
    sku_code: str = "",
    aliases: str = "",
    asks: str = CardAsk.EVERYBODY,
    check_by: date | None = None,
    card_id: int | None = None,
) -> KnowledgeCard:
    """Write a card, or change one; what is published changes at once and nobody is asked again (see card_publish).

    Parts that the kind does not have are dropped. Raises CardInvalid for words that may not be sent and for facts or
    scripts that are gone; NotPermitted; KnowledgeCard.DoesNotExist. A change is safe to repeat.
    """
    require(actor, Permission.OPERATE)
    own = {key: sections.get(key, "").strip() for key, _label, _hint in SECTIONS[CardKind(kind)]}
    # What is never said may name the very words that are forbidden.
    _check_words(tenant, [title, summary, *(words for key, words in own.items() if key != "never")])
    with transaction.atomic():
        cards_lock(tenant)
        row = KnowledgeCard(tenant=tenant)
        if card_id is not None:
            row = KnowledgeCard.objects.select_for_update(no_key=True).get(tenant=tenant, pk=card_id)
        before = {"title": row.title, "asks": row.asks, "sections": _told(row)} if card_id is not None else {}
        row.kind, row.title, row.summary = CardKind(kind), title.strip()[:64], summary.strip()[:200]
        row.sections = {key: words for key, words in own.items() if words}
        row.facts = _known(ProductFact.objects.filter(tenant=tenant), facts)
        row.scripts = _known(Script.objects.filter(tenant=tenant), scripts)
        row.sku_code, row.aliases = sku_code.strip()[:128], aliases.strip()[:200]
        row.asks, row.check_by = CardAsk(asks), check_by
        row.changed_at, row.changed_by = clock.now(), actor.name[:128]
        row.save()
        now_told = {"title": row.title, "asks": row.asks, "sections": _told(row)}
        changes = {
            name: [before.get(name), told] for name, told in now_told.items() if before.get(name) != told
        }
        verb = "content.card.written" if card_id is None else "content.card.changed"
        audit.record(tenant=tenant, actor=actor, verb=verb, target=row, changes=changes)
        if card_id is not None and row.state == CardState.LIVE:
            duties_refresh(tenant=tenant)
    return row


def _told(row: KnowledgeCard) -> str:
    return "\n".join(row.sections.values())


def _known(rows: QuerySet[Any], ids: Iterable[int]) -> list[int]:
    """The ids in their order, all of them there."""
    wanted = list(dict.fromkeys(ids))
    if set(wanted) - set(rows.filter(pk__in=wanted).values_list("pk", flat=True)):
        raise CardInvalid(_("A fact or script it refers to does not exist any more."))
    return wanted


def _check_words(tenant: Tenant, texts: Sequence[str]) -> None:
    stopped = refused(find("\n".join(texts), words_of(tenant)))
    if stopped:
        raise CardInvalid(
            _("It holds words that may not be sent: %(words)s") % {"words": _(", ").join(stopped)}
        )


def card_publish(*, tenant: Tenant, card_id: int, actor: Actor, again: bool = True) -> KnowledgeCard:
    """Put a card in force. `again`: who knew an earlier edition is asked once more.

    Not safe to repeat: each call is a new edition. Raises CardInvalid when something is missing; NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        cards_lock(tenant)
        row = KnowledgeCard.objects.select_for_update(no_key=True).get(
            tenant=tenant, pk=card_id, archived_at=None
        )
        if missing := lacks(row, KnowledgeQuestion.objects.filter(tenant=tenant, card=row).count()):
            raise CardInvalid(missing)
        row.edition += 1
        if again or not row.asked_edition:
            row.asked_edition = row.edition
        row.state, row.published_at = CardState.LIVE, clock.now()
        row.save(update_fields=["edition", "asked_edition", "state", "published_at"])
        audit.record(
            tenant=tenant, actor=actor, verb="content.card.published", target=row,
            changes={"edition": [row.edition - 1, row.edition]},
        )  # fmt: skip
        duties_refresh(tenant=tenant)
    return row


def lacks(row: KnowledgeCard, questions: int) -> str:
    """What a card lacks to be published, in words; "": nothing."""
    first = SECTIONS[row.kind][0]
    if not row.summary.strip():
        return _("Say in one sentence what is to be remembered.")
    if not row.sections.get(first[0], "").strip():
        return _("Fill in “%(part)s”.") % {"part": first[1]}
    if 0 < questions < LEAST_QUESTIONS:
        return _("A short test has at least %(n)s questions: fewer are passed by guessing.") % {
            "n": LEAST_QUESTIONS
        }
    return ""


def card_archive(*, tenant: Tenant, card_id: int, is_archived: bool, actor: Actor) -> KnowledgeCard:
    """Put a card away, or take it back; what people did stays. Nobody is asked for what is away. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        cards_lock(tenant)
        row = KnowledgeCard.objects.select_for_update(no_key=True).get(tenant=tenant, pk=card_id)
        if (row.archived_at is not None) != is_archived:
            row.archived_at = clock.now() if is_archived else None
            row.save(update_fields=["archived_at"])
            verb = "content.card.archived" if is_archived else "content.card.restored"
            audit.record(tenant=tenant, actor=actor, verb=verb, target=row)
            duties_refresh(tenant=tenant)
    return row


def question_save(
    *,
    tenant: Tenant,
    card_id: int,
    text: str,
    options: Sequence[str],
    answer: int,
    actor: Actor,
    why: str = "",
    question_id: int | None = None,
) -> KnowledgeQuestion:
    """Write a question of a card's test, or change one; tests that were begun keep what they asked.

    Raises CardInvalid unless there are two different answers at least and the right one is among them.
    """
    require(actor, Permission.OPERATE)
    words = [one.strip()[:120] for one in options]
    if not text.strip() or not is_sound(words, answer):
        raise CardInvalid(_("A question needs two different answers at least, one of them marked as right."))
    with transaction.atomic():
        cards_lock(tenant)
        card = KnowledgeCard.objects.select_for_update(no_key=True).get(tenant=tenant, pk=card_id)
        row = KnowledgeQuestion(tenant=tenant, card=card)
        if question_id is not None:
            row = KnowledgeQuestion.objects.select_for_update().get(tenant=tenant, pk=question_id, card=card)
        before = row.text if question_id is not None else None
        row.text, row.options, row.answer, row.why = text.strip()[:200], words, answer, why.strip()[:300]
        row.save()
        audit.record(
            tenant=tenant, actor=actor, verb="content.card.question_set", target=card,
            changes={"question": [before, row.text], "answer": [None, words[answer]]},
        )  # fmt: skip
    return row


def question_remove(*, tenant: Tenant, question_id: int, actor: Actor) -> KnowledgeCard:
    """Take a question out of a card's test. Raises KnowledgeQuestion.DoesNotExist, NotPermitted; CardInvalid when a
    published card would be left with a test too short to mean anything.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        cards_lock(tenant)
        found = KnowledgeQuestion.objects.get(tenant=tenant, pk=question_id)
        card = KnowledgeCard.objects.select_for_update(no_key=True).get(tenant=tenant, pk=found.card_id)
        left = KnowledgeQuestion.objects.filter(tenant=tenant, card=card).count() - 1
        if card.state == CardState.LIVE and 0 < left < LEAST_QUESTIONS:
            raise CardInvalid(lacks(card, left))
        audit.record(
            tenant=tenant, actor=actor, verb="content.card.question_removed", target=card,
            changes={"question": [found.text, None]},
        )  # fmt: skip
        found.delete()
    return card


def builtin_add(*, tenant: Tenant, actor: Actor, language: str) -> int:
    """Copy the built-in cards that the company has not got yet, as drafts. Returns how many. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        cards_lock(tenant)
        known = set(
            KnowledgeCard.objects.filter(tenant=tenant).exclude(builtin="").values_list("builtin", flat=True)
        )
        fresh = [one for one in builtin_list(language=language) if one.code not in known]
        KnowledgeCard.objects.bulk_create([
            KnowledgeCard(
                tenant=tenant, builtin=one.code, kind=one.kind, title=one.title, summary=one.summary,
                sections=one.sections, aliases=one.aliases, asks=one.asks, changed_by=actor.name[:128],
            )
            for one in fresh
        ], ignore_conflicts=True)  # fmt: skip
        rows = list(KnowledgeCard.objects.filter(tenant=tenant, builtin__in=[one.code for one in fresh]))
        blueprint = {one.code: one for one in fresh}
        KnowledgeQuestion.objects.bulk_create([
            KnowledgeQuestion(
                tenant=tenant, card=row, text=each.text, options=list(each.options), answer=each.answer, why=each.why
            )
            for row in rows
            for each in blueprint[row.builtin].questions
        ])  # fmt: skip
        audit.record_many(tenant=tenant, actor=actor, verb="content.card.written", targets=rows)
    return len(rows)
