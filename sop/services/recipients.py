"""The people of private touches, written in sets."""

from django.db import connection

# (touch id, customer id, state, rule code)
Recipient = tuple[int, int, str, str]

_PUT = """
insert into sop_touchrecipient (tenant_id, touch_id, customer_id, state, rule_code)
select %s, touch_id, customer_id, state, rule_code
from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[]) as x(touch_id, customer_id, state, rule_code)
on conflict (tenant_id, touch_id, customer_id) do update set state = excluded.state, rule_code = excluded.rule_code
"""


def recipients_store(*, tenant_id: int, rows: list[Recipient]) -> None:
    """Add people to touches, or change where they stand, in one statement. Safe to repeat."""
    if not rows:
        return
    touches, customers, states, rules = zip(*rows, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            _PUT,
            [
                tenant_id,
                list(touches),
                list(customers),
                [str(one) for one in states],
                [str(one) for one in rules],
            ],
        )
