"""A boost stops for a person the moment it interacts, also when it was handed over and not yet sent (R53)."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from sop.enums import RecipientState, Rule, RunState, TouchState
from sop.models import Run, TouchRecipient
from sop.selectors.audience import interacted_in_runs
from sop.selectors.boosts import boost_touches
from sop.services.drops import people_drop

if TYPE_CHECKING:
    from tenants.models import Tenant


def boosts_stop(*, tenant: "Tenant", run: Run, customer_ids: Collection[int] | None = None) -> int:
    """Leave everybody who has interacted, or these of them, out of the run's boosts that wait to be sent.

    In the caller's transaction. Returns how many places were taken out. Safe to repeat.
    """
    if run.state != RunState.RUNNING or not run.key_interaction:
        return 0
    open_boosts = boost_touches(tenant_id=tenant.pk, run_ids=[run.pk]).filter(
        state__in=[TouchState.HANDED, TouchState.PARKED]
    )
    waiting = TouchRecipient.objects.filter(
        tenant=tenant, touch__in=open_boosts.values("pk"), state=RecipientState.PLANNED
    )
    if customer_ids is not None:
        waiting = waiting.filter(customer__in=list(customer_ids))
    people = set(waiting.values_list("customer_id", flat=True))
    if not people:
        return 0
    done = interacted_in_runs(
        tenant_id=tenant.pk, zone=tenant.timezone, runs={run.pk: run}, people={run.pk: people}
    )[run.pk]
    if not done:
        return 0
    return people_drop(
        tenant=tenant,
        touches=open_boosts,
        customer_ids=sorted(done),
        rule=Rule.INTERACTED,
        reason=str(Rule.INTERACTED.label),
    )
