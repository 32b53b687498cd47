"""What people did after something reached them: within so many hours, each person once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from contacts.models import Behaviour


@dataclass(frozen=True)
class Reached:
    """Somebody, or a whole group, was reached at a moment (aware UTC). `customer_id` None: anybody of the group."""

    at: datetime
    customer_id: int | None = None
    group_id: int | None = None


def people_after(
    *, tenant_id: int, kinds: Iterable[str], reached: Iterable[Reached], within: timedelta
) -> set[int]:
    """Customers who did one of these within the time after a moment that reached them. One query, none for nobody."""
    found = people_after_each(tenant_id=tenant_id, kinds=kinds, reached=reached, within=within)
    return {pk for some in found for pk in some}


def people_after_each(
    *, tenant_id: int, kinds: Iterable[str], reached: Iterable[Reached], within: timedelta
) -> list[set[int]]:
    """The same for each moment, in the order given; somebody with two records counts by each. One query."""
    told = list(reached)
    found: list[set[int]] = [set() for _one in told]
    if not told:
        return found
    moments: dict[tuple[int | None, int | None], list[int]] = defaultdict(list)
    for number, one in enumerate(told):
        moments[one.customer_id, None if one.customer_id is not None else one.group_id].append(number)
    for customer_id, group_id, at in _acts(tenant_id, list(kinds), told, within):
        near = [*moments.get((customer_id, None), ()), *moments.get((None, group_id), ())]
        for number in near:
            if told[number].at < at <= told[number].at + within:
                found[number].add(customer_id)
    return found


def _acts(
    tenant_id: int, kinds: list[str], told: list[Reached], within: timedelta
) -> Iterable[tuple[int, int | None, datetime]]:
    people = {one.customer_id for one in told if one.customer_id is not None}
    groups = {one.group_id for one in told if one.customer_id is None and one.group_id is not None}
    rows = Behaviour.objects.filter(
        Q(customer_id__in=people) | Q(group_id__in=groups),
        tenant_id=tenant_id, kind__in=kinds, customer__isnull=False,
        occurred_at__gt=min(one.at for one in told), occurred_at__lte=max(one.at for one in told) + within,
    )  # fmt: skip
    return rows.values_list("customer_id", "group_id", "occurred_at").iterator(chunk_size=5000)


def people_clicked(*, tenant_id: int, tokens: Iterable[str], since: datetime) -> dict[str, set[int]]:
    """{token of a tracked link: customers who opened it since then}. One query, none without links."""
    wanted = set(tokens)
    found: dict[str, set[int]] = defaultdict(set)
    if not wanted:
        return found
    rows = Behaviour.objects.filter(
        tenant_id=tenant_id, source="radar", customer__isnull=False, occurred_at__gte=since,
        data__token__in=sorted(wanted),
    )  # fmt: skip
    for token, customer_id in rows.values_list("data__token", "customer_id"):
        found[token].add(customer_id)
    return found
