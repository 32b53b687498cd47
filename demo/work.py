"""What the product still has to do: read from its tables, across tenants, as an outside observer."""

from datetime import datetime
from typing import NamedTuple

from django.db import connection

from tenants.scoping import unscoped

# Work that is due now, by the table that says so.
_DUE = {
    "inbound": "select (select count(*) from wecom_landed)"
    " + (select count(*) from wecom_inboundevent where state in ('pending', 'failed') and next_at <= %(now)s)",
    "outbound": "select count(*) from wecom_outboundsend where state in ('queued', 'claimed') and next_at <= %(now)s",
    "deliveries": "select count(*) from outbox_delivery where state = 'pending' and next_at <= %(now)s",
    "touches": "select count(*) from sop_touch where state in ('planned', 'claimed') and due_at <= %(now)s",
    "polls": "select count(*) from sop_sendtask where state = 'waiting' and next_poll_at <= %(now)s",
    "syncs": "select count(*) from wecom_syncstate where next_at <= %(now)s",
}
# When a touch becomes due: its lateness is measured, so time stops there exactly.
_NEXT_TOUCH = "select min(due_at) from sop_touch where state = 'planned' and due_at > %(now)s"
# When the product will have something else to do by itself. Polls of send results happen at whatever stop comes.
_NEXT = """
select min(at) from (
  select min(next_at) as at from wecom_inboundevent where state in ('pending', 'failed') and next_at > %(now)s
  union all select min(next_at) from wecom_outboundsend where state in ('queued', 'claimed') and next_at > %(now)s
  union all select min(next_at) from outbox_delivery where state = 'pending' and next_at > %(now)s
  union all select min(next_at) from wecom_syncstate where next_at > %(now)s
) soon
"""


class Work(NamedTuple):
    """Rows due now, by kind."""

    inbound: int
    outbound: int
    deliveries: int
    touches: int
    polls: int
    syncs: int

    @property
    def is_done(self) -> bool:
        return not any(self)


def work_due(now: datetime) -> Work:
    """What is due at `now` and not done."""
    with unscoped("the driver waits until the product has nothing due"), connection.cursor() as cursor:
        cursor.execute(f"select {', '.join(f'({query})' for query in _DUE.values())}", {"now": now})
        return Work(*cursor.fetchone())


def _next_at(query: str, now: datetime) -> datetime | None:
    with unscoped("the driver jumps the clock to the next thing due"), connection.cursor() as cursor:
        cursor.execute(query, {"now": now})
        return cursor.fetchone()[0]


def touch_next_at(now: datetime) -> datetime | None:
    """When the next touch becomes due."""
    return _next_at(_NEXT_TOUCH, now)


def work_next_at(now: datetime) -> datetime | None:
    """When the next row of any other kind becomes due."""
    return _next_at(_NEXT, now)
