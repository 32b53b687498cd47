"""Writes of the company's list of sensitive words."""

from django.db import transaction

from content.enums import WordDoes
from content.errors import WordEmpty
from content.events import WordsChanged
from content.models import SensitiveWord
from content.policies.sensitive import key_of
from outbox.services import publish
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

WORD_CHARS = 40


def words_put(*, tenant: Tenant, words: str, does: str, hint: str, actor: Actor) -> list[SensitiveWord]:
    """Put words on the list, one a line or with commas between; one that is there already is changed.

    Raises WordEmpty, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.OPERATE)
    asked = {key_of(one): one for one in _split(words) if key_of(one)}
    if not asked:
        raise WordEmpty
    made = []
    with transaction.atomic():
        for key, word in sorted(asked.items()):
            row, _is_new = SensitiveWord.objects.update_or_create(
                tenant=tenant,
                key=key,
                defaults={
                    "word": word, "does": WordDoes(does).value, "hint": hint.strip()[:200],
                    "changed_at": clock.now(), "changed_by": actor.name[:128],
                },
            )  # fmt: skip
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="content.word.set",
                target=row,
                changes={"does": [None, row.does]},
            )
            made.append(row)
        _tell(tenant)
    return made


def _tell(tenant: Tenant) -> None:
    publish(WordsChanged(tenant_id=tenant.pk, occurred_at=clock.now()))


def _split(words: str) -> list[str]:
    flat = words
    for mark in ",，、;；\r\t":
        flat = flat.replace(mark, "\n")
    return [one.strip()[:WORD_CHARS] for one in flat.split("\n") if one.strip()]


def word_drop(*, tenant: Tenant, word_id: int, actor: Actor) -> None:
    """Take a word off the company's list; one of the platform's holds again as it was. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = SensitiveWord.objects.select_for_update().filter(tenant=tenant, pk=word_id).first()
        if row is not None:
            audit.record(
                tenant=tenant, actor=actor, verb="content.word.dropped", target=row,
                changes={"does": [row.does, None]},
            )  # fmt: skip
            row.delete()
            _tell(tenant)
