"""Reads of product facts: what to stress for whom, and what came of it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from contacts.enums import BehaviourKind
from contacts.policies.profile import settled
from contacts.selectors.after import Reached, people_after
from contacts.selectors.profile import words_known
from content.enums import ORDER_DAYS, REPLY_HOURS
from content.models import FactUse, Persona, ProductFact
from content.policies.facts import Claim, Kind, Rule, fits, is_told, stressed
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant

LED_BY = 500  # of a larger group this many people decide which fact leads


@dataclass(frozen=True)
class Stressed:
    """A fact for somebody; `persona` None: it is for everybody."""

    fact: ProductFact
    persona: Persona | None


@dataclass(frozen=True)
class FactResults:
    """People, each once: told, wrote within a day, ordered within a week. None: nobody was told yet."""

    told: frozenset[int]
    replied: frozenset[int] | None
    ordered: frozenset[int] | None


def fact_list(*, tenant_id: int, archived: bool = False) -> QuerySet[ProductFact]:
    """Facts in use, or put away; those to stress first before the others."""
    rows = ProductFact.objects.filter(tenant_id=tenant_id, archived_at__isnull=not archived)
    return rows.order_by("rank", "pk")


def fact_get(*, tenant_id: int, fact_id: int) -> ProductFact:
    """Raises ProductFact.DoesNotExist, also for another tenant's id."""
    return ProductFact.objects.get(tenant_id=tenant_id, pk=fact_id)


def persona_list(*, tenant_id: int, archived: bool = False) -> QuerySet[Persona]:
    """Personas in use, or put away, those asked first before the others."""
    rows = Persona.objects.filter(tenant_id=tenant_id, archived_at__isnull=not archived)
    return rows.order_by("rank", "pk")


def persona_get(*, tenant_id: int, persona_id: int) -> Persona:
    """Raises Persona.DoesNotExist, also for another tenant's id."""
    return Persona.objects.get(tenant_id=tenant_id, pk=persona_id)


def claim_of(fact: ProductFact) -> Claim:
    return Claim(fact.pk, fact.evidence, fact.valid_until, frozenset(fact.personas), fact.rank)


def kind_of(persona: Persona) -> Kind:
    rules = tuple(Rule(one["field"], tuple(one["values"])) for one in persona.rules)
    return Kind(persona.pk, rules, persona.rank)


def may_be_told(*, tenant: "Tenant", fact: ProductFact) -> bool:
    """Whether it can be shown and holds today."""
    return is_told(claim_of(fact), clock.local_date(clock.now(), tenant.timezone))


def _profiles(tenant_id: int, customer_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    known = words_known(tenant_id=tenant_id, customer_ids=customer_ids)
    return {
        pk: {field: settled(words).value for field, words in fields.items()} for pk, fields in known.items()
    }


def personas_fitting(*, tenant_id: int, customer_id: int) -> list[Persona]:
    """The personas that somebody is, by what is known of them; nobody is guessed to be one. Two queries or none."""
    every = list(persona_list(tenant_id=tenant_id))
    if not every:
        return []
    profile = _profiles(tenant_id, [customer_id]).get(customer_id, {})
    return [row for row in every if fits(kind_of(row).rules, profile)]


def facts_for(*, tenant: "Tenant", customer_id: int, limit: int = 3) -> list[Stressed]:
    """What to stress for one person, the most telling first; only what is true and shown today. Four queries."""
    facts = {row.pk: row for row in fact_list(tenant_id=tenant.pk)}
    if not facts:
        return []
    personas = {row.pk: row for row in persona_list(tenant_id=tenant.pk)}
    today = clock.local_date(clock.now(), tenant.timezone)
    profile = _profiles(tenant.pk, [customer_id]).get(customer_id, {})
    chosen = stressed(map(claim_of, facts.values()), map(kind_of, personas.values()), profile, today=today)
    return [Stressed(facts[pk], personas[who] if who else None) for pk, who in chosen[:limit]]


def fact_leading(*, tenant: "Tenant", customer_ids: Iterable[int]) -> ProductFact | None:
    """The fact for a message that goes to many: the one most of them would be told first. None: there is none."""
    facts = {row.pk: row for row in fact_list(tenant_id=tenant.pk)}
    if not facts:
        return None
    kinds = [kind_of(row) for row in persona_list(tenant_id=tenant.pk)]
    today = clock.local_date(clock.now(), tenant.timezone)
    claims = [claim_of(row) for row in facts.values()]
    votes: Counter[int] = Counter()
    for profile in _profiles(tenant.pk, sorted(customer_ids)[:LED_BY]).values():
        votes.update(pk for pk, _who in stressed(claims, kinds, profile, today=today)[:1])
    if not votes:
        votes.update(pk for pk, _who in stressed(claims, kinds, {}, today=today)[:1])
    best = sorted(votes.items(), key=lambda one: (-one[1], facts[one[0]].rank, one[0]))
    return facts[best[0][0]] if best else None


# (tenant id, fact ids) -> {fact: everybody who was told it elsewhere, with the moment}.
Teller = Callable[..., dict[int, list[Reached]]]
_tellers: list[Teller] = []


def register_told(fn: Teller) -> None:
    """Tell of facts told by an app above; called with `tenant_id` and `fact_ids`. Twice the same counts once."""
    if fn not in _tellers:
        _tellers.append(fn)


def facts_by_id(*, tenant_id: int, fact_ids: Iterable[int]) -> dict[int, ProductFact]:
    """{id: fact}, those put away too; foreign and unknown ids are absent. One query."""
    return ProductFact.objects.filter(tenant_id=tenant_id).in_bulk(list(fact_ids))


def fact_results(*, tenant_id: int, fact_ids: Iterable[int]) -> dict[int, FactResults]:
    """{fact: what came of it, in private chats and in messages of SOPs}. Two queries a fact that was told, four for
    all."""
    uses: dict[int, list[Reached]] = {pk: [] for pk in fact_ids}
    rows = FactUse.objects.filter(tenant_id=tenant_id, fact_id__in=list(uses))
    for fact_id, customer_id, at in rows.values_list("fact_id", "customer_id", "at"):
        uses[fact_id].append(Reached(at, customer_id))
    for fn in _tellers if uses else []:
        for fact_id, told in fn(tenant_id=tenant_id, fact_ids=list(uses)).items():
            uses[fact_id] += told
    return {pk: results_of(tenant_id=tenant_id, told=told) for pk, told in uses.items()}


def results_of(*, tenant_id: int, told: list[Reached]) -> FactResults:
    """What followed these tellings of one fact. Two queries, none for nobody."""
    people = frozenset(one.customer_id for one in told if one.customer_id is not None)
    if not people:
        return FactResults(people, None, None)
    replied = people_after(
        tenant_id=tenant_id, kinds=[BehaviourKind.MESSAGE], reached=told, within=timedelta(hours=REPLY_HOURS)
    )
    ordered = people_after(
        tenant_id=tenant_id, kinds=[BehaviourKind.ORDER], reached=told, within=timedelta(days=ORDER_DAYS)
    )
    return FactResults(people, frozenset(replied), frozenset(ordered))
