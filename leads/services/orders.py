"""Why customers bought (R72): suggested here, confirmed by a person on the order."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from contacts.selectors import orders_for
from contacts.services.orders import order_classes_suggest as suggest
from leads.models import WindowMember
from leads.policies.orders import order_class
from leads.policies.rules import MESSAGE_KIND
from leads.selectors.acts import acts_for
from leads.services.rules import rules_current


def order_classes_suggest(
    *, tenant_id: int, customer_ids: Iterable[int], pushes: Mapping[int, Sequence[datetime]]
) -> int:
    """Suggest the class of each order placed in a window and not confirmed yet. Returns how many orders were judged.

    `pushes`: {customer id: when sales messages reached them}. Safe to repeat; constant queries.
    """
    wanted = set(customer_ids)
    starts: dict[int, datetime] = {}
    for member in WindowMember.objects.filter(tenant_id=tenant_id, customer_id__in=wanted).select_related(
        "window"
    ):
        known = starts.get(member.customer_id, member.window.starts_at)
        starts[member.customer_id] = min(known, member.window.starts_at)
    if not starts:
        return 0
    orders = orders_for(tenant_id=tenant_id, customer_ids=starts, since=min(starts.values())).filter(
        class_confirmed_by=""
    )
    rule = rules_current(tenant_id=tenant_id)[-1][1]
    acts = acts_for(tenant_id=tenant_id, customer_ids=starts, since=min(starts.values()), rules=[rule])
    inquiries: dict[int, list[datetime]] = defaultdict(list)
    for customer_id, rows in acts.items():
        inquiries[customer_id] = [one.at for one in rows if one.kind == MESSAGE_KIND]
    classes: dict[int, str] = {}
    for order in orders:
        who = order.customer_id
        if who is None or order.ordered_at is None or order.ordered_at < starts[who]:
            continue
        classes[order.pk] = order_class(
            ordered_at=order.ordered_at,
            inquiries=[one for one in inquiries[who] if one >= starts[who]],
            pushes=[one for one in pushes.get(who, ()) if one >= starts[who]],
        )
    suggest(tenant_id=tenant_id, classes=classes)
    return len(classes)
