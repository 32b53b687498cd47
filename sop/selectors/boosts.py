"""Boosts of a run: extra touches for people without the key interaction (R53), and what came of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Min, QuerySet

from contacts.selectors import behaviours_for
from sop.enums import GROUP_CHANNELS, Audience, RecipientState, Rule
from sop.models import Run, Touch, TouchRecipient

if TYPE_CHECKING:
    from tenants.models import Tenant

REACHED = (RecipientState.PLANNED, RecipientState.SENT)


def boost_touches(*, tenant_id: int, run_ids: Iterable[int]) -> QuerySet[Touch]:
    """The boosts of these runs, whatever became of them."""
    return Touch.objects.filter(
        tenant_id=tenant_id, run_id__in=list(run_ids), step__audience=Audience.UNINTERACTED
    ).exclude(channel__in=GROUP_CHANNELS)


def boosted_rows(*, tenant_id: int, run_ids: Iterable[int]) -> QuerySet[TouchRecipient]:
    """People whom a boost of these runs was handed over for, and who were not left out of it."""
    return TouchRecipient.objects.filter(
        tenant_id=tenant_id,
        touch__in=boost_touches(tenant_id=tenant_id, run_ids=run_ids).values("pk"),
        touch__handed_at__isnull=False,
        state__in=REACHED,
    )


@dataclass(frozen=True)
class Boosts:
    """Distinct people; `boosted` None: the run has handed over no boost yet."""

    boosted: int | None
    stopped: int
    interacted: int
    people: dict[str, list[int]]

    @property
    def share(self) -> int | None:
        """Interacted after a boost, in percent of the boosted."""
        return round(100 * self.interacted / self.boosted) if self.boosted else None


def boosts_of(*, tenant: "Tenant", run: Run) -> Boosts:
    """What the boosts of a run did. Three queries.

    Boosted: people handed over to a staff member or to WeCom. Stopped: those whom a later boost, or one not yet sent,
    left out because they had interacted. Interacted: boosted people who did the key interaction after their first one.
    """
    first = dict(
        boosted_rows(tenant_id=tenant.pk, run_ids=[run.pk])
        .values("customer_id")
        .annotate(first_at=Min("touch__handed_at"))
        .values_list("customer_id", "first_at")
    )
    stopped = set(
        TouchRecipient.objects.filter(
            tenant=tenant, touch__run=run, state=RecipientState.BLOCKED, rule_code=Rule.INTERACTED
        ).values_list("customer_id", flat=True)
    )
    after: set[int] = set()
    if run.key_interaction and first:
        acts = behaviours_for(
            tenant_id=tenant.pk, customer_ids=first, since=min(first.values()), kinds=[run.key_interaction]
        )
        if run.key_interaction_object:
            acts = acts.filter(object_id=run.key_interaction_object)
        after = {one for one, at in acts.values_list("customer_id", "occurred_at") if at >= first[one]}
    return Boosts(
        boosted=len(first) if first or stopped else None,
        stopped=len(stopped),
        interacted=len(after),
        people={"boosted": sorted(first), "stopped": sorted(stopped), "interacted": sorted(after)},
    )
