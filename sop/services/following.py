"""What runs do about what happens elsewhere: triggers, exits, boosts; by an event or by the tick for the rest."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef

from groups.selectors import customer_groups
from sop.enums import Anchor, Rule, RunState, TouchState
from sop.models import Run, Step, Touch
from sop.services.boosts import boosts_stop
from sop.services.circled import circles_follow
from sop.services.exits import run_exits_sweep
from sop.services.planning import touches_take_back
from sop.services.triggers import triggers_plan
from tenants import clock
from tenants.models import Tenant

_ACTS = (Anchor.BEHAVIOUR, Anchor.ANSWERS)


def runs_follow(*, tenant: Tenant) -> int:
    """What the tick does for one tenant: everything that no event has brought. Returns how many touches it planned.

    Each part in a transaction of its own. Safe to repeat and in parallel.
    """
    with transaction.atomic():
        planned = triggers_plan(tenant=tenant)
    for run in (
        Run.objects.filter(tenant=tenant, state=RunState.RUNNING).select_related("version").order_by("pk")
    ):
        with transaction.atomic():
            run_exits_sweep(tenant=tenant, run=run)
            boosts_stop(tenant=tenant, run=run)
    with transaction.atomic():
        circles_follow(tenant=tenant)
    with transaction.atomic():
        _offers_over(tenant, clock.now())
    return planned


def _offers_over(tenant: Tenant, now: datetime) -> None:
    """What counts down to an offer and waits for a decision or for WeCom ends with the offer, and is listed."""
    touches_take_back(
        tenant=tenant,
        touches=Touch.objects.filter(
            tenant=tenant,
            step__anchor=Anchor.OFFER_END,
            run__offer_ends_at__lte=now,
            state=TouchState.PARKED,
        ),
        to=TouchState.CANCELLED,
        rule=Rule.OFFER_ENDED,
        reason=str(Rule.OFFER_ENDED.label),
    )


def behaviours_follow(*, tenant: Tenant, kinds: Collection[str], customer_ids: Collection[int]) -> None:
    """People did something of these kinds. In the caller's transaction. Safe to repeat.

    Two queries where no running run asks for such an act.
    """
    runs = Run.objects.filter(tenant=tenant, state=RunState.RUNNING)
    for run in runs.filter(key_interaction__in=kinds).order_by("pk"):
        boosts_stop(tenant=tenant, run=run, customer_ids=customer_ids)
    waiting = Step.objects.filter(
        tenant=tenant, anchor__in=_ACTS, trigger_kind__in=kinds, version=OuterRef("version")
    )
    asked = list(runs.filter(Exists(waiting)).values_list("pk", flat=True))
    if asked:
        seats = customer_groups(tenant_id=tenant.pk, customer_ids=customer_ids)
        group_ids = {group.pk for groups in seats.values() for group in groups}
        triggers_plan(tenant=tenant, run_ids=asked, group_ids=group_ids, anchors=_ACTS)


def exits_follow(*, tenant: Tenant, group_ids: Collection[int], customer_ids: Collection[int]) -> None:
    """Judge these people and the groups of the runs that these groups are in. In the caller's transaction."""
    runs = Run.objects.filter(
        tenant=tenant, state=RunState.RUNNING, run_groups__group__in=group_ids, run_groups__removed_at=None
    ).exclude(version__exits=[])
    for run in runs.select_related("version").distinct().order_by("pk"):
        run_exits_sweep(tenant=tenant, run=run, customer_ids=customer_ids)
