"""What analytics decides from all apps at once: why an order was placed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from analytics.selectors.pushes import sales_pushes
from contacts.selectors.identity import same_people
from contacts.selectors.orders import open_buyers_who_said
from leads.policies.rules import Rule
from leads.services import order_classes_judge, order_classes_suggest

BATCH = 500  # people judged at once
RENEW_TASK = "analytics.renew_order_classes"


def order_classes_renew(*, tenant_id: int, customer_ids: Iterable[int]) -> int:
    """Suggest the class of these people's orders from their questions and the sales messages that reached them.

    Whatever record of a person asked, was reached or bought, it is one person. Returns how many orders were judged.
    Safe to repeat, in any order.
    """
    wanted, pushes = _reached(tenant_id, customer_ids)
    return order_classes_suggest(tenant_id=tenant_id, customer_ids=wanted, pushes=pushes)


def _reached(tenant_id: int, customer_ids: Iterable[int]) -> tuple[list[int], dict[int, list[datetime]]]:
    """Every record of these people, and {record: when sales messages reached its person}. Constant queries."""
    asked_for = set(customer_ids)
    same = same_people(tenant_id=tenant_id, customer_ids=asked_for)
    wanted = sorted(asked_for.union(*same.values()))
    records = {one: records for some in same.values() for records in [some] for one in some}
    reached: dict[int, list[datetime]] = defaultdict(list)
    for push in sales_pushes(tenant_id=tenant_id, customer_ids=wanted):
        reached[push.customer_id].append(push.at)
    pushes = {one: [at for record in records.get(one, {one}) for at in reached[record]] for one in wanted}
    return wanted, pushes


def order_classes_after_rule(*, tenant_id: int, words: Sequence[str]) -> int:
    """Suggest anew where a published rule listens for other words: of those who wrote one of them. Returns how many
    orders were judged. Statements grow with batches of BATCH people only. Safe to repeat and in parallel.
    """
    people = open_buyers_who_said(tenant_id=tenant_id, words=words)
    return sum(
        order_classes_renew(tenant_id=tenant_id, customer_ids=people[at : at + BATCH])
        for at in range(0, len(people), BATCH)
    )


def order_class_moves(
    *, tenant_id: int, words: Sequence[str], rule: Rule
) -> dict[tuple[str, str], list[int]]:
    """{(class now, class by this rule): the customer of each order} of the orders that publishing it would suggest
    anew, by the code that suggests. Nothing is written.
    """
    people = open_buyers_who_said(tenant_id=tenant_id, words=words)
    moves: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at in range(0, len(people), BATCH):
        wanted, pushes = _reached(tenant_id, people[at : at + BATCH])
        judged = order_classes_judge(tenant_id=tenant_id, customer_ids=wanted, pushes=pushes, rule=rule)
        for one in judged:
            if one.before != one.after and one.customer_id is not None:
                moves[one.before, one.after].append(one.customer_id)
    return dict(moves)
