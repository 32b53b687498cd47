"""Sales messages that reached people."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

# The gate names a touch "sop.touch:<id>" and logs one row for each person it let through; a row taken back
# afterwards has a further row of weight -1.
_PUSHES = """
select e.customer_id, min(e.at), max(s.title), max(t.run_id) from contacts_exposure e
join sop_touch t on t.tenant_id = e.tenant_id and e.touch_key = 'sop.touch:' || t.id
join sop_step s on s.id = t.step_id and s.is_marketing
where e.tenant_id = %s and e.customer_id = any(%s)
group by e.customer_id, e.touch_key having sum(e.weight) > 0
order by 1, 2
"""


class Push(NamedTuple):
    """A sales message that reached somebody."""

    customer_id: int
    at: datetime
    title: str
    run_id: int


def sales_pushes(*, tenant_id: int, customer_ids: Sequence[int]) -> list[Push]:
    """Each marketing touch that reached them. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_PUSHES, [tenant_id, list(customer_ids)])
        return [Push(*row) for row in cursor.fetchall()]
