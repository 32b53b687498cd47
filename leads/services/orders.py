"""Why customers bought (R72): suggested here, confirmed by a person on the order."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from contacts.selectors import orders_for
from contacts.services.orders import order_classes_suggest as suggest
from leads.policies.orders import UNKNOWN, order_class
from leads.selectors.orders import inquiries_of
from leads.services.rules import rules_current


def order_classes_suggest(
    *, tenant_id: int, customer_ids: Iterable[int], pushes: Mapping[int, Sequence[datetime]]
) -> int:
    """Suggest the class of each order of these people that nobody has confirmed. Returns how many were judged.

    `pushes`: {customer id: when sales messages reached the person}. An order placed outside of camps stays unknown.
    Safe to repeat, in any order; constant queries.
    """
    wanted = set(customer_ids)
    orders = list(orders_for(tenant_id=tenant_id, customer_ids=wanted).filter(class_confirmed_by=""))
    if not orders:
        return 0
    rule = rules_current(tenant_id=tenant_id)[-1][1]
    known = inquiries_of(tenant_id=tenant_id, customer_ids=wanted, rule=rule)
    classes: dict[int, str] = {}
    for order in orders:
        who, at = order.customer_id, order.ordered_at
        if who is None or at is None:
            continue
        since = known.since.get(who)
        if since is None or at < since:
            classes[order.pk] = UNKNOWN
            continue
        classes[order.pk] = order_class(
            ordered_at=at,
            inquiries=[one.at for one in known.asked.get(who, ())],
            pushes=[one for one in pushes.get(who, ()) if one >= since],
        )
    suggest(tenant_id=tenant_id, classes=classes)
    return len(classes)
