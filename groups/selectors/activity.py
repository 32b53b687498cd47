"""What the members of groups do, from the behaviour stream."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from contacts.enums import BehaviourKind

# What counts as an activity of a customer (R19). A staff message never does: staff are no customers.
ACTIVE_KINDS = frozenset(
    {
        BehaviourKind.MESSAGE, BehaviourKind.LINK_CLICK, BehaviourKind.PURCHASE_CLICK, BehaviourKind.PAY_CLICK,
        BehaviourKind.ORDER, BehaviourKind.LESSON, BehaviourKind.ASSIGNMENT, BehaviourKind.FORM, BehaviourKind.LIVE,
        BehaviourKind.MINI_PROGRAM, BehaviourKind.CHECKIN, BehaviourKind.DRAW, BehaviourKind.RED_PACKET,
        BehaviourKind.RADAR, BehaviourKind.COUPON, BehaviourKind.COUPON_VIEW, BehaviourKind.REDEEM,
    }
)  # fmt: skip


WEEK = timedelta(days=7)


# What was done in the groups is read once, group by group; only who did nothing there is looked up by name, for what
# was done outside any group.
_ACTIVE = """
with acts as materialized (
  select group_id, customer_id, bool_or(occurred_at >= %(since)s) as now, bool_or(occurred_at < %(since)s) as before
  from contacts_behaviour
  where tenant_id = %(tenant)s and group_id = any(%(groups)s)
    and occurred_at >= %(before)s and occurred_at < %(until)s and kind = any(%(kinds)s)
  group by 1, 2
)
select m.group_id,
  count(*) filter (where a.now or exists (
    select 1 from contacts_behaviour b
    where b.tenant_id = %(tenant)s and b.customer_id = m.customer_id and b.group_id is null
      and b.occurred_at >= %(since)s and b.occurred_at < %(until)s and b.kind = any(%(kinds)s)
  )),
  count(*) filter (where a.before or exists (
    select 1 from contacts_behaviour b
    where b.tenant_id = %(tenant)s and b.customer_id = m.customer_id and b.group_id is null
      and b.occurred_at >= %(before)s and b.occurred_at < %(since)s and b.kind = any(%(kinds)s)
  ))
from groups_member m left join acts a on a.group_id = m.group_id and a.customer_id = m.customer_id
where m.tenant_id = %(tenant)s and m.group_id = any(%(groups)s) and m.left_at is null and not m.is_staff
group by 1
"""

# The latest of two weeks is what a living group has; only where nobody spoke in them the time before is searched.
_SPOKEN = """
with said as materialized (
  select b.group_id, max(b.occurred_at) as last_at,
    count(*) filter (where b.occurred_at > %(week)s) as now, count(*) filter (where b.occurred_at <= %(week)s) as before
  from contacts_behaviour b
  where b.tenant_id = %(tenant)s and b.group_id = any(%(groups)s) and b.kind = any(%(kinds)s)
    and b.occurred_at > %(weeks)s and exists (
      select 1 from groups_member m
      where m.tenant_id = %(tenant)s and m.customer_id = b.customer_id and m.group_id = b.group_id
        and m.left_at is null and not m.is_staff
    )
  group by 1
)
select g.id, coalesce(s.last_at, (
    select b.occurred_at from contacts_behaviour b
    where b.tenant_id = %(tenant)s and b.group_id = g.id and b.kind = any(%(kinds)s) and exists (
      select 1 from groups_member m
      where m.tenant_id = %(tenant)s and m.customer_id = b.customer_id and m.group_id = b.group_id
        and m.left_at is null and not m.is_staff
    )
    order by b.occurred_at desc limit 1
  )), coalesce(s.now, 0), coalesce(s.before, 0)
from groups_group g left join said s on s.group_id = g.id
where g.tenant_id = %(tenant)s and g.id = any(%(groups)s)
"""


@dataclass(frozen=True)
class Active:
    """How many of the customers now in a group were active, and how many in the time before."""

    now: int = 0
    before: int = 0


def active_counts(
    *, tenant_id: int, group_ids: Iterable[int], before: datetime, since: datetime, until: datetime
) -> dict[int, Active]:
    """{group id: Active} of [since, until) and of [before, since), in one query; each group asked for is there.

    What counts is done in this group, or outside any group: what a person does in another group counts there.
    """
    wanted = list(group_ids)
    rows = _rows(
        _ACTIVE,
        {"tenant": tenant_id, "groups": wanted, "before": before, "since": since, "until": until,
         "kinds": sorted(ACTIVE_KINDS)},
    )  # fmt: skip
    found = {pk: Active(now, earlier) for pk, now, earlier in rows}
    return {one: found.get(one, Active()) for one in wanted}


@dataclass(frozen=True)
class Spoken:
    """Customers' messages of one group: the latest, how many in the last week and in the week before."""

    last_at: datetime
    count: int
    before: int


def messages_spoken(*, tenant_id: int, group_ids: Iterable[int], now: datetime) -> dict[int, Spoken]:
    """{group id: Spoken} of the customers now in it, in one query; absent when none is known."""
    rows = _rows(
        _SPOKEN,
        {"tenant": tenant_id, "groups": list(group_ids), "kinds": [BehaviourKind.MESSAGE.value],
         "week": now - WEEK, "weeks": now - 2 * WEEK},
    )  # fmt: skip
    return {pk: Spoken(at, count, before) for pk, at, count, before in rows if at is not None}


def _rows(sql: str, told: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, told)
        return cursor.fetchall()
