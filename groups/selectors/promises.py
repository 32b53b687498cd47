"""Reads of the promise ledger (R17)."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, F, IntegerField, Min, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, NullIf

from groups.enums import Kind, PromiseState
from groups.models import Group, Promise
from groups.policies.promises import Ledger, Stand, ledger_of
from tenants import clock

TEXT_LIMIT = 200  # of a promise's words


def promise_list(*, tenant_id: int, group_id: int) -> QuerySet[Promise]:
    """Promises of one group: open ones first, the earliest due first; then what is closed, the latest first."""
    rows = Promise.objects.filter(tenant_id=tenant_id, group_id=group_id)
    return rows.order_by(F("closed_at").desc(nulls_first=True), "due_at", "pk")


def promise_get(*, tenant_id: int, promise_id: int) -> Promise:
    """With its group. Raises Promise.DoesNotExist, also for another tenant's id."""
    return Promise.objects.select_related("group").get(tenant_id=tenant_id, pk=promise_id)


def ledgers_of(*, tenant_id: int, group_ids: Iterable[int], now: datetime) -> dict[int, Ledger]:
    """{group id: Ledger}, in one query; a group without promises has an empty one."""
    found: dict[int, list[Stand]] = {one: [] for one in group_ids}
    if not found:
        return {}
    rows = Promise.objects.filter(tenant_id=tenant_id, group_id__in=list(found))
    for group_id, state, due_at in rows.values_list("group_id", "state", "due_at"):
        found[group_id].append(Stand(state, due_at))
    return {one: ledger_of(stands, now) for one, stands in found.items()}


def promises_overdue(group: Group) -> QuerySet[Promise]:
    """Promises of one group that are overdue: what a Ledger counts as such."""
    return Promise.objects.filter(
        tenant_id=group.tenant_id, group=group, state=PromiseState.OPEN, due_at__lte=clock.now()
    )


def is_due(now: datetime) -> Q:
    """`policies.promises.is_due` as a condition on promises of a group."""
    counts = Q(promises__due_at__lte=now) | Q(promises__state=PromiseState.BROKEN)
    return counts & ~Q(promises__state=PromiseState.WITHDRAWN) & Q(promises__isnull=False)


def delivery_groups(*, tenant_id: int, now: datetime) -> QuerySet[Group]:
    """Delivery groups that are not dissolved, the widest gap first.

    With `promise_count`, `due_count`, `kept_count`, `gap_count`, `gap_percent` (None: nothing was due),
    `overdue_count`, `next_due_at` and `promised_people`.
    """
    due, still_open = is_due(now), Q(promises__state=PromiseState.OPEN)
    rows = Group.objects.filter(tenant_id=tenant_id, kind=Kind.DELIVERY, dismissed_at=None)
    counted = rows.annotate(
        promise_count=Count("promises", filter=~Q(promises__state=PromiseState.WITHDRAWN)),
        due_count=Count("promises", filter=due),
        kept_count=Count("promises", filter=due & Q(promises__state=PromiseState.KEPT)),
        overdue_count=Count("promises", filter=still_open & Q(promises__due_at__lte=now)),
        next_due_at=Min("promises__due_at", filter=still_open & Q(promises__due_at__gt=now)),
        promised_people=Sum("promises__beneficiary_count", filter=~Q(promises__state=PromiseState.WITHDRAWN)),
    )
    gap = counted.annotate(gap_count=F("due_count") - F("kept_count")).annotate(
        gap_percent=100 * F("gap_count") / NullIf(F("due_count"), Value(0), output_field=IntegerField()),
    )
    worst_first = Coalesce("gap_percent", -1).desc()
    return gap.select_related("owner").order_by(worst_first, F("next_due_at").asc(nulls_last=True), "pk")
