"""Product facts that steps told, and what followed (R66): content's registry asks here, and a run's results page."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from contacts.selectors.after import Reached
from contacts.selectors.exposures import people_by_touch
from content.selectors.facts import FactResults, facts_by_id, results_of
from sop.enums import GROUP_CHANNELS, REF, RecipientState
from sop.models import Run, Touch, TouchRecipient
from sop.selectors.materials import DONE

if TYPE_CHECKING:
    from content.models import ProductFact
    from tenants.models import Tenant

PEOPLE = ("told", "replied", "ordered")


@dataclass(frozen=True)
class FactInRun:
    """One fact in a run: how often it was sent, and what followed."""

    fact: "ProductFact"
    touches: int
    results: FactResults


def told_in_steps(
    *, tenant_id: int, fact_ids: Iterable[int], run_id: int | None = None
) -> dict[int, list[Reached]]:
    """{fact: everybody whom a carried-out message told it, with the moment}. Three queries."""
    rows = Touch.objects.filter(
        tenant_id=tenant_id, fact_id__in=list(fact_ids), state__in=DONE, done_at__isnull=False
    )
    if run_id is not None:
        rows = rows.filter(run=run_id)
    touches = {one.pk: one for one in rows.only("pk", "fact_id", "done_at", "channel").order_by("pk")}
    found: dict[int, list[Reached]] = defaultdict(list)
    for pk, people in _reached(tenant_id, list(touches.values())).items():
        touch = touches[pk]
        if touch.done_at is not None:
            found[touch.fact_id or 0] += [Reached(touch.done_at, one) for one in sorted(people)]
    return found


def _reached(tenant_id: int, touches: list[Touch]) -> dict[int, set[int]]:
    in_group = [one.pk for one in touches if one.channel in GROUP_CHANNELS]
    known = people_by_touch(tenant_id=tenant_id, touch_keys=[f"{REF}:{pk}" for pk in in_group])
    found = {pk: set(known.get(f"{REF}:{pk}", ())) for pk in in_group}
    private = [one.pk for one in touches if one.channel not in GROUP_CHANNELS]
    rows = TouchRecipient.objects.filter(tenant_id=tenant_id, touch__in=private, state=RecipientState.SENT)
    for touch_id, customer_id in rows.values_list("touch_id", "customer_id") if private else ():
        found.setdefault(touch_id, set()).add(customer_id)
    return found


def facts_of_run(*, tenant: "Tenant", run: Run) -> list[FactInRun]:
    """Facts that this run's messages told, the most told first."""
    sent: dict[int, int] = defaultdict(int)
    rows = Touch.objects.filter(tenant=tenant, run=run, fact_id__isnull=False, state__in=DONE)
    for fact_id in rows.values_list("fact_id", flat=True):
        sent[fact_id or 0] += 1
    told = told_in_steps(tenant_id=tenant.pk, fact_ids=sent, run_id=run.pk) if sent else {}
    facts = facts_by_id(tenant_id=tenant.pk, fact_ids=sent)
    found = [
        FactInRun(facts[pk], count, results_of(tenant_id=tenant.pk, told=told.get(pk, [])))
        for pk, count in sent.items()
        if pk in facts
    ]
    return sorted(found, key=lambda one: (-len(one.results.told), one.fact.pk))
