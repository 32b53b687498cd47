"""When people last bought or did something, for many at once: each asker compares it with a moment of its own."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Case, F, Max, Value, When

from contacts.selectors import behaviours_for, paid_orders
from contacts.selectors.identity import same_people


def last_bought(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, datetime]:
    """{record: when its person last placed a paid, not refunded order, with whatever record}; absent without one.

    Two queries, none for nobody.
    """
    ids = set(customer_ids)
    if not ids:
        return {}
    same = same_people(tenant_id=tenant_id, customer_ids=ids)
    orders = paid_orders(tenant_id=tenant_id, customer_ids=ids.union(*same.values())).order_by()
    placed = dict(
        orders.values("customer_id").annotate(at=Max("ordered_at")).values_list("customer_id", "at")
    )
    found = {one: [placed[record] for record in same.get(one, (one,)) if record in placed] for one in ids}
    return {one: max(times) for one, times in found.items() if times}


def last_acts(
    *,
    tenant_id: int,
    customer_ids: Collection[int],
    kinds: Collection[str],
    objects: Collection[str],
    since: datetime,
) -> dict[tuple[int, str, str], datetime]:
    """{(customer, kind, object): the latest such act since then}; what was done with other than these objects stands
    under "". One query, none for nobody."""
    if not customer_ids or not kinds:
        return {}
    acts = behaviours_for(tenant_id=tenant_id, customer_ids=customer_ids, since=since, kinds=kinds).order_by()
    what = Case(When(object_id__in=list(objects), then=F("object_id")), default=Value(""))
    rows = acts.values("customer_id", "kind", what=what).annotate(at=Max("occurred_at"))
    return {(row["customer_id"], row["kind"], row["what"]): row["at"] for row in rows}
