"""Writes of product facts and personas (R66)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from content.enums import FactUsedIn
from content.errors import FactInvalid
from content.models import FactUse, Persona, ProductFact
from content.policies.sensitive import find, refused
from content.selectors.sensitive import words_of
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def fact_save(
    *,
    tenant: Tenant,
    text: str,
    evidence: str,
    personas: Iterable[int],
    actor: Actor,
    evidence_url: str = "",
    sku_code: str = "",
    valid_until: date | None = None,
    rank: int = 50,
    fact_id: int | None = None,
) -> ProductFact:
    """Write a fact down, or change one. Without evidence nobody is told it. Raises FactInvalid, NotPermitted.

    A change is safe to repeat.
    """
    require(actor, Permission.OPERATE)
    stopped = refused(find(text, words_of(tenant)))
    if stopped:
        raise FactInvalid(
            _("It holds words that may not be sent: %(words)s") % {"words": _(", ").join(stopped)}
        )
    wanted = set(personas)
    known = set(Persona.objects.filter(tenant=tenant, pk__in=wanted).values_list("pk", flat=True))
    if wanted - known:
        raise FactInvalid(_("One of the personas does not exist any more."))
    with transaction.atomic():
        row = ProductFact(tenant=tenant)
        if fact_id is not None:
            row = ProductFact.objects.select_for_update().get(tenant=tenant, pk=fact_id)
        before = row.text if fact_id is not None else None
        row.text, row.evidence, row.evidence_url = text.strip()[:200], evidence.strip()[:300], evidence_url
        row.sku_code, row.valid_until, row.rank = sku_code.strip()[:128], valid_until, rank
        row.personas, row.changed_at, row.changed_by = sorted(known), clock.now(), actor.name[:128]
        row.save()
        verb = "content.fact.written" if fact_id is None else "content.fact.changed"
        audit.record(tenant=tenant, actor=actor, verb=verb, target=row, changes={"text": [before, row.text]})
    return row


def fact_archive(*, tenant: Tenant, fact_id: int, is_archived: bool, actor: Actor) -> ProductFact:
    """Put a fact away, or take it back; what came of it stays. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = ProductFact.objects.select_for_update().get(tenant=tenant, pk=fact_id)
        row.archived_at = clock.now() if is_archived else None
        row.save(update_fields=["archived_at"])
        verb = "content.fact.archived" if is_archived else "content.fact.restored"
        audit.record(tenant=tenant, actor=actor, verb=verb, target=row)
    return row


def persona_save(
    *,
    tenant: Tenant,
    name: str,
    need: str,
    rules: Sequence[Mapping[str, Any]],
    rank: int,
    actor: Actor,
    persona_id: int | None = None,
) -> Persona:
    """Write a persona down, or change one. `rules`: [{"field", "values"}]. Raises FactInvalid, NotPermitted."""
    require(actor, Permission.OPERATE)
    if not rules:
        raise FactInvalid(_("Say by which field of the profile such people are known."))
    with transaction.atomic():
        same = Persona.objects.filter(tenant=tenant, name=name.strip()).exclude(pk=persona_id)
        if same.exists():
            raise FactInvalid(_("There is a persona of this name already."))
        row = Persona(tenant=tenant)
        if persona_id is not None:
            row = Persona.objects.select_for_update().get(tenant=tenant, pk=persona_id)
        row.name, row.need, row.rank = name.strip()[:40], need.strip()[:200], rank
        row.rules = [{"field": one["field"], "values": list(one["values"])} for one in rules]
        row.save()
        verb = "content.persona.written" if persona_id is None else "content.persona.changed"
        audit.record(tenant=tenant, actor=actor, verb=verb, target=row)
    return row


def persona_archive(*, tenant: Tenant, persona_id: int, is_archived: bool, actor: Actor) -> Persona:
    """Put a persona away, or take it back: facts for it are told to nobody else meanwhile. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = Persona.objects.select_for_update().get(tenant=tenant, pk=persona_id)
        row.archived_at = clock.now() if is_archived else None
        row.save(update_fields=["archived_at"])
        verb = "content.persona.archived" if is_archived else "content.persona.restored"
        audit.record(tenant=tenant, actor=actor, verb=verb, target=row)
    return row


def fact_told(*, tenant: Tenant, fact_id: int, customer_id: int, ref: str, actor: Actor) -> None:
    """A fact was told to one person in a private chat. `ref` makes the telling one: the same again counts once.

    Raises ProductFact.DoesNotExist, NotPermitted.
    """
    require(actor, Permission.WORK)
    fact = ProductFact.objects.get(tenant=tenant, pk=fact_id)
    FactUse.objects.get_or_create(
        tenant=tenant,
        fact=fact,
        customer_id=customer_id,
        ref=ref[:64],
        defaults={"used_in": FactUsedIn.SCRIPT, "at": clock.now()},
    )
