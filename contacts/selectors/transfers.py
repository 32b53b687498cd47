"""Reads of customers' hand-overs."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, QuerySet

from contacts.enums import FollowState, TransferState
from contacts.models import CustomerTransfer, Follow
from contacts.policies.transfers import CAME_BACK, ON_THE_WAY, WINDOW
from tenants import clock


def ties_held(*, tenant_id: int, staff_id: int) -> QuerySet[Follow]:
    """Friends of a colleague for whom nothing is on its way and nobody decided that they stay."""
    return _ties_without(tenant_id, staff_id, (*ON_THE_WAY, TransferState.RESTED))


def ties_unasked(*, tenant_id: int, staff_id: int) -> QuerySet[Follow]:
    """Those of them who did not come back either: nobody asks people again without meaning to."""
    return _ties_without(tenant_id, staff_id, (*ON_THE_WAY, *CAME_BACK, TransferState.RESTED))


def _ties_without(tenant_id: int, staff_id: int, states: Iterable[str]) -> QuerySet[Follow]:
    settled = CustomerTransfer.objects.filter(
        tenant_id=tenant_id, giver_id=staff_id, customer_id=OuterRef("customer_id"), state__in=list(states)
    )
    rows = Follow.objects.filter(tenant_id=tenant_id, staff_id=staff_id, state=FollowState.FULL)
    return rows.exclude(Exists(settled)).select_related("customer").order_by("pk")


def transfer_list(*, tenant_id: int, giver_id: int, state: str = "") -> QuerySet[CustomerTransfer]:
    """Hand-overs of a colleague's customers, of one state or all, last asked first."""
    rows = CustomerTransfer.objects.filter(tenant_id=tenant_id, giver_id=giver_id)
    if state:
        rows = rows.filter(state=state)
    return rows.select_related("customer", "taker").order_by("-asked_at", "-pk")


def transfer_counts(*, tenant_id: int, giver_id: int) -> dict[str, int]:
    """{state: how many customers} of one colleague. One query."""
    rows = CustomerTransfer.objects.filter(tenant_id=tenant_id, giver_id=giver_id)
    return dict(rows.order_by().values("state").annotate(n=Count("pk")).values_list("state", "n"))


def starts_of(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, list[datetime]]:
    """When WeCom began to hand these customers over, whoever gave them, within its window. One query."""
    since, found = clock.now() - WINDOW, dict[int, list[datetime]]()
    rows = CustomerTransfer.objects.filter(tenant_id=tenant_id, customer_id__in=list(customer_ids))
    for customer_id, starts in rows.values_list("customer_id", "starts"):
        found.setdefault(customer_id, []).extend(one for one in starts if one > since)
    return found


def tenants_with_due_transfers() -> list[int]:
    """Tenants with hand-overs to ask for or to look at. Runs across tenants: the caller is a tick."""
    now = clock.now()
    due = CustomerTransfer.objects.filter(look_at__lte=now).values_list("tenant_id", flat=True)
    later = CustomerTransfer.objects.filter(state=TransferState.LATER, ask_at__lte=now)
    return sorted({*due.distinct(), *later.values_list("tenant_id", flat=True).distinct()})
