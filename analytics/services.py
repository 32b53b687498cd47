"""What analytics decides from all apps at once: why an order was placed."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from analytics.selectors.pushes import sales_pushes
from leads.services import order_classes_suggest


def order_classes_renew(*, tenant_id: int, customer_ids: Iterable[int]) -> int:
    """Suggest the class of these customers' orders from their questions and the sales messages that reached them.

    Returns how many orders were judged. Safe to repeat.
    """
    wanted = sorted(set(customer_ids))
    pushes: dict[int, list[datetime]] = defaultdict(list)
    for customer_id, at in sales_pushes(tenant_id=tenant_id, customer_ids=wanted):
        pushes[customer_id].append(at)
    return order_classes_suggest(tenant_id=tenant_id, customer_ids=wanted, pushes=pushes)
