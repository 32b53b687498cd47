"""What the product still has to do: read from its tables, across tenants, as an outside observer."""

from datetime import datetime
from typing import NamedTuple

from django.db import connection

from tenants.scoping import unscoped

# A suspended company's work waits: companies of a demo that was interrupted are such.
_AT_WORK = "tenant_id in (select id from tenants_tenant where suspended_at is null)"
_INBOUND = f"from wecom_inboundevent where {_AT_WORK} and state in ('pending', 'failed') and next_at"
_OUTBOUND = f"from wecom_outboundsend where {_AT_WORK} and state in ('queued', 'claimed') and next_at"
_DELIVERIES = f"from outbox_delivery where {_AT_WORK} and state = 'pending' and next_at"
_TELLINGS = f"from team_telling where {_AT_WORK} and channel = 'app' and state = 'waiting' and due_at"
_SYNCS = f"from wecom_syncstate where {_AT_WORK} and next_at"
# Work that is due now, by the table that says so.
_DUE = {
    "inbound": f"select (select count(*) from wecom_landed) + (select count(*) {_INBOUND} <= %(now)s)",
    "outbound": f"select count(*) {_OUTBOUND} <= %(now)s",
    "deliveries": f"select count(*) {_DELIVERIES} <= %(now)s",
    "touches": f"select count(*) from sop_touch where {_AT_WORK} and state in ('planned', 'claimed')"
    " and due_at <= %(now)s",
    "polls": f"select count(*) from sop_sendtask where {_AT_WORK} and state = 'waiting' and next_poll_at <= %(now)s",
    "syncs": f"select count(*) {_SYNCS} <= %(now)s",
    "notices": f"select (select count(*) from team_workitem where {_AT_WORK} and is_untold)"
    f" + (select count(*) {_TELLINGS} <= %(now)s)",
}
# When a touch becomes due: its lateness is measured, so time stops there exactly.
_NEXT_TOUCH = f"select min(due_at) from sop_touch where {_AT_WORK} and state = 'planned' and due_at > %(now)s"
# When the product will have something else to do by itself. Polls of send results happen at whatever stop comes.
_NEXT = f"""
select min(at) from (
  select min(next_at) as at {_INBOUND} > %(now)s
  union all select min(next_at) {_OUTBOUND} > %(now)s
  union all select min(next_at) {_DELIVERIES} > %(now)s
  union all select min(next_at) {_SYNCS} > %(now)s
  union all select min(due_at) {_TELLINGS} > %(now)s
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
    notices: int

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
