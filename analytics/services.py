"""What analytics decides from all apps at once: why an order was placed."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from analytics.selectors.pushes import sales_pushes
from contacts.selectors.identity import same_people
from leads.services import order_classes_suggest


def order_classes_renew(*, tenant_id: int, customer_ids: Iterable[int]) -> int:
    """Suggest the class of these people's orders from their questions and the sales messages that reached them.

    Whatever record of a person asked, was reached or bought, it is one person. Returns how many orders were judged.
    Safe to repeat, in any order.
    """
    asked_for = set(customer_ids)
    same = same_people(tenant_id=tenant_id, customer_ids=asked_for)
    wanted = sorted(asked_for.union(*same.values()))
    records = {one: records for some in same.values() for records in [some] for one in some}
    reached: dict[int, list[datetime]] = defaultdict(list)
    for push in sales_pushes(tenant_id=tenant_id, customer_ids=wanted):
        reached[push.customer_id].append(push.at)
    pushes = {one: [at for record in records.get(one, {one}) for at in reached[record]] for one in wanted}
    return order_classes_suggest(tenant_id=tenant_id, customer_ids=wanted, pushes=pushes)
