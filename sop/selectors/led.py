"""Which step of an SOP came before an order (R93): the last that reached the person, not what caused it."""

from collections.abc import Iterable
from typing import Any

from django.db import connection

from sop.enums import REF
from sop.selectors.results import ORDERED_WITHIN_H

_LED = """
select o.id, (
    select t.step_id from contacts_customer r
    join contacts_exposure e on e.tenant_id = r.tenant_id and e.customer_id = r.id and e.weight = 1
        and e.touch_key like %(like)s and e.local_date >= (o.ordered_at - interval '4 days')::date
    join sop_touch t on t.tenant_id = e.tenant_id and t.id = substr(e.touch_key, %(cut)s)::bigint
    where r.tenant_id = o.tenant_id and (r.id = coalesce(who.person_id, who.id) or r.person_id = who.person_id
            or r.person_id = who.id)
        and t.state in ('submitted', 'confirmed') and t.done_at <= o.ordered_at
        and t.done_at > o.ordered_at - make_interval(hours => %(hours)s)
    order by t.done_at desc, t.id desc limit 1
) as step_id
from contacts_order o
join contacts_customer who on who.tenant_id = o.tenant_id and who.id = o.customer_id
where o.tenant_id = %(tenant)s and o.id = any(%(ids)s) and o.ordered_at is not null
"""


def steps_before(*, tenant_id: int, order_ids: Iterable[int]) -> dict[int, int]:
    """{order: the step whose touch last reached its person within 48 hours before it}. One query."""
    told: dict[str, Any] = {
        "tenant": tenant_id, "ids": list(order_ids), "hours": ORDERED_WITHIN_H, "like": f"{REF}:%",
        "cut": len(REF) + 2,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_LED, told)
        return {order: step for order, step in cursor.fetchall() if step is not None}
