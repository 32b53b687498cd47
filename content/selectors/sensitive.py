"""The sensitive words of a company: the platform's list as its own list changes it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from content.enums import REASON_HINTS, WordDoes, WordReason
from content.models import SensitiveWord
from content.policies.sensitive import Hit, Severity, Word, find, key_of
from content.policies.sensitive_defaults import DEFAULTS

_DEFAULT_KEYS = tuple((key_of(one.text), one) for one in DEFAULTS)


@dataclass(frozen=True)
class Told:
    """A hit in words: what stands there, what it does, why, and what to write instead."""

    found: str
    word: str
    stops: bool
    reason: Any
    hint: Any


def word_list(*, tenant_id: int) -> QuerySet[SensitiveWord]:
    """The company's own words, the newest first."""
    return SensitiveWord.objects.filter(tenant_id=tenant_id).order_by("-changed_at", "pk")


def word_get(*, tenant_id: int, word_id: int) -> SensitiveWord:
    """Raises SensitiveWord.DoesNotExist, also for another tenant's id."""
    return SensitiveWord.objects.get(tenant_id=tenant_id, pk=word_id)


def words_of(tenant: Any) -> tuple[Word, ...]:
    """What is looked for in this company's texts (a Tenant or its id). A word of its own list stands before the
    platform's of the same key; "not checked" takes one out. One query."""
    tenant_id = int(getattr(tenant, "pk", tenant))
    own = {row.key: row for row in SensitiveWord.objects.filter(tenant_id=tenant_id).order_by("pk")}
    kept = [word for key, word in _DEFAULT_KEYS if key not in own]
    kept += [
        Word(row.word, Severity(row.does), row.hint, WordReason.OWN.value)
        for row in own.values()
        if row.does != WordDoes.OFF
    ]
    return tuple(kept)


def default_words() -> list[Word]:
    """The platform's words without its allowed phrases, refused ones first."""
    listed = [one for one in DEFAULTS if one.severity is not Severity.ALLOW]
    return sorted(listed, key=lambda one: (one.severity is not Severity.REFUSE, one.reason))


def hits_in(texts: Iterable[str], words: tuple[Word, ...]) -> list[Hit]:
    """Hits of several texts together, in their order."""
    return [hit for text in texts for hit in find(text, words)]


def told(hits: Iterable[Hit]) -> list[Told]:
    """Hits as people read them, each word once, those that stop first."""
    seen: dict[str, Told] = {}
    for one in hits:
        reason = WordReason(one.word.reason or WordReason.OWN)
        seen.setdefault(
            f"{one.found}\n{one.word.text}",
            Told(one.found, one.word.text, one.stops, reason.label, one.word.hint or REASON_HINTS[reason]),
        )
    return sorted(seen.values(), key=lambda row: not row.stops)
