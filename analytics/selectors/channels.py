"""How good channels are (R106): who came by each, stayed, bought, and the people behind each figure.

Figures and lists read the same rows, as of the same moment, so that they cannot differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from contacts.enums import PRECISE_TAGS
from contacts.selectors.channels import channel_list
from tenants import clock, preferences

STAY_DAYS = 3  # a precise person stays this long (R81)
KEPT_DAYS = 7
BUY_DAYS = 30  # an order counts for the channel this long after coming

# One row for each person who came in the time: the channel is the first that ever brought them. A member of whom no
# customer is known yet is a person with a negative number.
_TOLD = """
with came as materialized (
    select distinct on (person) person, channel_id, at from (
        select coalesce(c.person_id, c.id) as person, f.channel_id, f.followed_at as at
        from contacts_follow f join contacts_customer c on c.tenant_id = f.tenant_id and c.id = f.customer_id
        where f.tenant_id = %(tenant)s and f.channel_id is not null and f.followed_at < %(until)s
        union all
        select coalesce(c.person_id, c.id, -m.id), m.channel_id, m.joined_at
        from groups_member m left join contacts_customer c on c.tenant_id = m.tenant_id and c.id = m.customer_id
        where m.tenant_id = %(tenant)s and m.channel_id is not null and not m.is_staff and m.joined_at < %(until)s
    ) known order by person, at, channel_id
), fresh as materialized (
    select * from came where at >= %(since)s
), records as materialized (
    select n.person, n.at, n.person as id from fresh n where n.person > 0
    union all
    select n.person, n.at, c.id from fresh n join contacts_customer c
        on c.tenant_id = %(tenant)s and c.person_id = n.person and c.person_id is not null
), spells as (
    select r.person, r.at, m.joined_at as began, m.left_at as ended from records r
    join groups_member m on m.tenant_id = %(tenant)s and m.customer_id = r.id and not m.is_staff
    union all
    select r.person, r.at, f.followed_at, f.ended_at from records r
    join contacts_follow f on f.tenant_id = %(tenant)s and f.customer_id = r.id
    union all
    select n.person, n.at, m.joined_at, m.left_at from fresh n
    join groups_member m on m.tenant_id = %(tenant)s and m.id = -n.person where n.person < 0
), stayed as (
    select person,
        bool_or(began <= at + %(stay)s and (ended is null or ended > at + %(stay)s)) as till_stay,
        bool_or(began <= at + %(kept)s and (ended is null or ended > at + %(kept)s)) as till_kept
    from spells group by 1
), tagged as (
    select distinct r.person from records r
    join contacts_customertag t on t.tenant_id = %(tenant)s and t.customer_id = r.id
    join contacts_tag g on g.tenant_id = %(tenant)s and g.id = t.tag_id
    where g.name = any(%(tags)s::text[])
), paid as (
    select r.person, sum(coalesce(o.amount_fen, 0) - coalesce(o.refund_fen, 0)) as fen
    from records r join contacts_order o on o.tenant_id = %(tenant)s and o.customer_id = r.id and o.state = 'paid'
        and o.ordered_at >= r.at and o.ordered_at < least(r.at + %(buy)s, %(until)s)
    group by 1
), told as (
    select n.person, n.channel_id, n.at + %(stay)s <= %(until)s as stay_due, n.at + %(kept)s <= %(until)s as kept_due,
        n.at + %(stay)s <= %(until)s and coalesce(s.till_stay, false)
            and (cardinality(%(tags)s::text[]) = 0 or t.person is not null) as precise,
        n.at + %(kept)s <= %(until)s and coalesce(s.till_kept, false) as kept,
        p.person is not null as bought, coalesce(p.fen, 0) as fen
    from fresh n left join stayed s on s.person = n.person left join tagged t on t.person = n.person
    left join paid p on p.person = n.person
)
"""
_COUNTS = (
    _TOLD
    + """
select channel_id, count(*), count(*) filter (where stay_due), count(*) filter (where precise),
    count(*) filter (where kept_due), count(*) filter (where kept), count(*) filter (where bought), sum(fen)
from told group by 1
"""
)
# {figure: the rows of `told` that it counts}
FIGURES = {
    "people": "true", "stay_due": "stay_due", "precise": "precise", "kept_due": "kept_due", "kept": "kept",
    "bought": "bought",
}  # fmt: skip


@dataclass(frozen=True)
class Quality:
    """One channel over a time. `cost_fen` None: what it cost is not known."""

    channel: Any
    people: int = 0
    stay_due: int = 0
    precise: int = 0
    kept_due: int = 0
    kept: int = 0
    bought: int = 0
    paid_fen: int = 0
    cost_fen: int | None = None


def qualities(*, tenant_id: int, since: datetime, until: datetime, zone: str) -> list[Quality]:
    """Every channel that brought somebody in [since, until) or cost something then; the most people first.

    Three queries at most. `zone`: whose days a cost is spread over.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, _values(tenant_id, since, until))
        counts = {row[0]: [int(one) for one in row[1:]] for row in cursor.fetchall()}
    first, last = clock.local_date(since, zone), clock.local_date(until, zone)
    found = []
    for channel in channel_list(tenant_id=tenant_id, archived=None):
        made = clock.local_date(channel.created_at, zone)
        cost = cost_within(channel, made=made, first=first, last=last)
        if channel.pk in counts or cost:
            found.append(replace(Quality(channel, *counts.get(channel.pk, ())), cost_fen=cost))
    return sorted(found, key=lambda one: (-one.people, one.channel.name))


def cost_within(channel: Any, *, made: date, first: date, last: date) -> int | None:
    """What a channel cost on the days [first, last]: its cost spread evenly over its period, in fen.

    Without a beginning it began when it was written down; without an end it goes on until `last`.
    """
    if channel.cost_fen is None:
        return None
    begins = channel.starts_on or min(made, channel.ends_on or made)
    ends = max(channel.ends_on or max(last, begins), begins)
    shared = (min(ends, last) - max(begins, first)).days + 1
    return round(channel.cost_fen * max(shared, 0) / ((ends - begins).days + 1))


def quality_people(
    *, tenant_id: int, channel_id: int, figure: str, since: datetime, until: datetime
) -> list[int]:
    """The persons behind a figure; negative: members of whom no customer is known yet. One query."""
    sql = f"{_TOLD} select person from told where channel_id = %(channel)s and {FIGURES[figure]} order by 1"
    with connection.cursor() as cursor:
        cursor.execute(sql, {**_values(tenant_id, since, until), "channel": channel_id})
        return [row[0] for row in cursor.fetchall()]


def precise_tags(*, tenant_id: int) -> Sequence[str]:
    """The tags of which a precise person carries one, by the setting; empty: none is asked for."""
    told = str(preferences.value(tenant_id, PRECISE_TAGS)).replace("，", ",")
    return sorted({one.strip() for one in told.split(",") if one.strip()})


def _values(tenant_id: int, since: datetime, until: datetime) -> dict[str, Any]:
    return {
        "tenant": tenant_id, "since": since, "until": until, "stay": timedelta(days=STAY_DAYS),
        "kept": timedelta(days=KEPT_DAYS), "buy": timedelta(days=BUY_DAYS),
        "tags": list(precise_tags(tenant_id=tenant_id)),
    }  # fmt: skip
