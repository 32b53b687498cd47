"""Who works on which rows of the inbox: leased for a while, closed or released.

A lease is on the database's own time, so a killed worker's rows are free again after `LEASE_S` whatever the product's
clock says.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from tenants import clock
from wecom.enums import INBOUND_OPEN
from wecom.models import InboundEvent

LEASE_S = 120
LONGEST_RUN = 50  # rows of one mailbox; far shorter than the lease

# Claiming and closing need not reach the disk before they count: what an ending database forgets of them is an event
# processed once more, which every handler bears.
_FORGETFUL = "set local synchronous_commit to off"

# The oldest row that is due, not leased, and behind no older open row of its mailbox; where its kind of event is
# handled together, what stands right behind it in the mailbox too. Nobody else claims those while it is open.
# The choice is materialised: as a plain subquery the planner may run it again for every row it looks at.
_CLAIM = f"""{_FORGETFUL};
with head as materialized (
  select e.id, e.mailbox, e.event from wecom_inboundevent e
  where e.tenant_id = %(tenant)s and e.state in ('pending', 'failed') and e.next_at <= %(now)s
    and (e.leased_until is null or e.leased_until < clock_timestamp())
    and not exists (
      select 1 from wecom_inboundevent o
      where o.tenant_id = e.tenant_id and o.mailbox = e.mailbox and o.id < e.id
        and o.state in ('pending', 'failed'))
  order by e.id limit 1
  for update of e skip locked),
behind as materialized (
  select e.id, bool_and(
      e.event = head.event and e.next_at <= %(now)s
      and (e.leased_until is null or e.leased_until < clock_timestamp())) over (order by e.id) as joins
  from head cross join lateral (
    select * from wecom_inboundevent e
    where e.tenant_id = %(tenant)s and e.mailbox = head.mailbox and e.id > head.id
      and e.state in ('pending', 'failed')
    order by e.id limit %(more)s) e
  where head.event = any(%(together)s))
update wecom_inboundevent row set leased_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
where row.tenant_id = %(tenant)s
  and row.id in (select id from head union all select id from behind where joins)
returning row.*
"""


def claim_run(*, tenant_id: int, together: Sequence[str]) -> list[InboundEvent]:
    """Lease the oldest due row that nothing older of its mailbox stands before, and, for the events named in
    `together`, the rows of that mailbox and event that follow. Oldest first; empty: nothing is due. Safe to run in
    parallel."""
    given = {
        "tenant": tenant_id,
        "now": clock.now(),
        "more": LONGEST_RUN - 1,
        "together": list(together),
        "lease_s": LEASE_S,
    }
    with transaction.atomic():
        return sorted(InboundEvent.objects.raw(_CLAIM, given), key=lambda row: row.pk)


def close(rows: Sequence[InboundEvent], **values: Any) -> None:
    """How leased rows of one tenant went on, unless a person decided meanwhile. Their lease ends."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_FORGETFUL)
        InboundEvent.objects.filter(
            tenant_id=rows[0].tenant_id, pk__in=[row.pk for row in rows], state__in=INBOUND_OPEN
        ).update(leased_until=None, **values)


def release(rows: Sequence[InboundEvent]) -> None:
    """Leased rows of one tenant that were not processed are free again."""
    InboundEvent.objects.filter(tenant_id=rows[0].tenant_id, pk__in=[row.pk for row in rows]).update(
        leased_until=None
    )
