"""Why customers bought (R72): suggested here, confirmed by a person on the order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contacts.selectors import orders_for
from contacts.services.orders import order_classes_suggest as suggest
from leads.policies.orders import UNKNOWN, order_class
from leads.policies.rules import Rule
from leads.selectors.orders import inquiries_of
from leads.services.rules import rules_current


@dataclass(frozen=True)
class Judged:
    """What the rule says of one order that nobody has confirmed; `before` is what stands on it."""

    order_id: int
    customer_id: int | None
    before: str
    after: str


def order_classes_judge(
    *, tenant_id: int, customer_ids: Iterable[int], pushes: Mapping[int, Sequence[datetime]], rule: Rule
) -> list[Judged]:
    """The class of each order of these people that nobody has confirmed, by this rule. Nothing is written.

    `pushes`: {customer id: when sales messages reached the person}. An order placed outside of camps stays unknown.
    Constant queries.
    """
    wanted = set(customer_ids)
    orders = list(orders_for(tenant_id=tenant_id, customer_ids=wanted).filter(class_confirmed_by=""))
    if not orders:
        return []
    known = inquiries_of(tenant_id=tenant_id, customer_ids=wanted, rule=rule)
    judged = []
    for order in orders:
        who, at = order.customer_id, order.ordered_at
        if who is None or at is None:
            continue
        since = known.since.get(who)
        found = UNKNOWN
        if since is not None and at >= since:
            found = order_class(
                ordered_at=at,
                inquiries=[one.at for one in known.asked.get(who, ())],
                pushes=[one for one in pushes.get(who, ()) if one >= since],
            )
        judged.append(Judged(order.pk, who, order.order_class, found))
    return judged


def order_classes_suggest(
    *, tenant_id: int, customer_ids: Iterable[int], pushes: Mapping[int, Sequence[datetime]]
) -> int:
    """Suggest the class of each order of these people that nobody has confirmed, by the rule in force. Returns how many
    were judged. Safe to repeat, in any order; constant queries.
    """
    rule = rules_current(tenant_id=tenant_id)[-1][1]
    judged = order_classes_judge(tenant_id=tenant_id, customer_ids=customer_ids, pushes=pushes, rule=rule)
    suggest(tenant_id=tenant_id, classes={one.order_id: one.after for one in judged})
    return len(judged)
