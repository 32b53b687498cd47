"""The raw rows behind a funnel: who took its steps, one after the other, and what people are told apart by.

The statements take `tenant`, `since`, `until`, `window` (an interval as text) and `kind_<n>` for the n-th step. A
person is one whatever records they have. A step counts when it comes after the one before and within the window of the
first; of several the earliest.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from analytics.enums import FRIEND
from contacts.enums import BehaviourKind
from groups.enums import Circle
from leads.enums import TIERS

CIRCLES = tuple(Circle.values)  # closest first

_BEHAVIOUR = """
select coalesce(c.person_id, c.id) as person, b.occurred_at as at from contacts_behaviour b
join contacts_customer c on c.tenant_id = b.tenant_id and c.id = b.customer_id
where b.tenant_id = %(tenant)s and b.kind = %(kind_{n})s
    and b.occurred_at >= %(since)s and b.occurred_at < %(until)s
"""
_OWN = {
    BehaviourKind.JOIN.value: """
select coalesce(c.person_id, c.id) as person, m.joined_at as at from groups_member m
join contacts_customer c on c.tenant_id = m.tenant_id and c.id = m.customer_id
where m.tenant_id = %(tenant)s and not m.is_staff and not m.is_creation_invitee
    and m.joined_at >= %(since)s and m.joined_at < %(until)s
""",
    BehaviourKind.ORDER.value: """
select coalesce(c.person_id, c.id) as person, o.ordered_at as at from contacts_order o
join contacts_customer c on c.tenant_id = o.tenant_id and c.id = o.customer_id
where o.tenant_id = %(tenant)s and o.state = 'paid' and o.ordered_at >= %(since)s and o.ordered_at < %(until)s
""",
    FRIEND: """
select coalesce(c.person_id, c.id) as person, f.followed_at as at from contacts_follow f
join contacts_customer c on c.tenant_id = f.tenant_id and c.id = f.customer_id
where f.tenant_id = %(tenant)s and f.followed_at >= %(since)s and f.followed_at < %(until)s
""",
}
WALKERS = (
    "create temporary table {table} on commit drop as "
    "with {steps} select person, {moments} as moments from {joined}"
)
# What each walker is told apart by: one row for each of their records first.
STORE = """
with records as materialized (
    select person, person as record from {table}
    union all
    select w.person, c.id from {table} w join contacts_customer c on c.tenant_id = %(tenant)s and c.person_id = w.person
), tiers as (
    select r.person, min(array_position(%(tiers)s::text[], l.tier::text)) as place from records r
    join leads_lead l on l.tenant_id = %(tenant)s and l.customer_id = r.record and l.state = 'open' and l.tier <> ''
    group by 1
), channels as (
    select distinct on (person) person, channel_id from (
        select r.person, m.channel_id, m.joined_at as at from records r join groups_member m
            on m.tenant_id = %(tenant)s and m.customer_id = r.record and m.channel_id is not null and not m.is_staff
        union all
        select r.person, f.channel_id, f.followed_at from records r join contacts_follow f
            on f.tenant_id = %(tenant)s and f.customer_id = r.record and f.channel_id is not null
    ) came order by person, at nulls last, channel_id
), kinds as (
    select person, array_agg('kind:' || kind order by kind) as told from (
        select distinct r.person, g.kind from records r
        join groups_member m on m.tenant_id = %(tenant)s and m.customer_id = r.record and m.left_at is null
            and not m.is_staff
        join groups_group g on g.tenant_id = %(tenant)s and g.id = m.group_id
    ) sits group by 1
), circles as (
    select r.person, min(array_position(%(circles)s::text[], s.circle::text)) as place from records r
    join groups_circlespell s on s.tenant_id = %(tenant)s and s.customer_id = r.record and s.until_day is null
    group by 1
), tags as (
    select person, array_agg('tag:' || tag_id order by tag_id) as told from (
        select distinct r.person, t.tag_id from records r
        join contacts_customertag t on t.tenant_id = %(tenant)s and t.customer_id = r.record
        join contacts_tag g on g.tenant_id = %(tenant)s and g.id = t.tag_id and g.deleted_at is null
    ) carried group by 1
)
insert into analytics_funnelperson (tenant_id, funnel_id, customer_id, reached, moments, segments)
select %(tenant)s, %(funnel)s, w.person, cardinality(w.moments), w.moments,
    array['tier:' || coalesce((%(tiers)s::text[])[tiers.place], ''),
        'channel:' || coalesce(channels.channel_id::text, ''),
        'circle:' || coalesce((%(circles)s::text[])[circles.place], '')]
    || coalesce(kinds.told, array['kind:']) || coalesce(tags.told, array['tag:'])
from {table} w left join tiers using (person) left join channels using (person) left join kinds using (person)
    left join circles using (person) left join tags using (person)
order by w.person
"""
# Each person once for each step taken, in everybody's figures ("") and in those of each segment.
SUM = """
with each as materialized (
    select unnest(segments || ''::varchar) as segment, reached, moments,
        moments[1] + %(window)s::interval > %(until)s as is_open
    from analytics_funnelperson where tenant_id = %(tenant)s and funnel_id = %(funnel)s
)
insert into analytics_funnelfigures (tenant_id, funnel_id, segment, step, reached, waiting, dropped, median_s)
select %(tenant)s, %(funnel)s, segment, step, count(*),
    count(*) filter (where step = reached and step < %(steps)s and is_open),
    count(*) filter (where step = reached and step < %(steps)s and not is_open),
    percentile_cont(0.5) within group (order by extract(epoch from moments[step] - moments[step - 1]))
        filter (where step > 1)
from each cross join lateral generate_series(1, reached) step
group by segment, step order by segment, step
"""


def walkers_sql(steps: Sequence[str], *, table: str) -> str:
    """The statement that puts everybody who took the first step into a table: person and the moments of the steps."""
    parts, joined = [], "s1"
    for n, kind in enumerate(steps, 1):
        taken = _OWN.get(kind, _BEHAVIOUR).format(n=n)
        if n == 1:
            parts.append(f"s1 as materialized (select person, min(at) as at_1 from ({taken}) a group by 1)")
            continue
        parts.append(
            f"s{n} as materialized (select s.person, s.at_1, min(a.at) as at_{n} from s{n - 1} s join ({taken}) a "
            f"on a.person = s.person and a.at > s.at_{n - 1} and a.at <= s.at_1 + %(window)s::interval group by 1, 2)"
        )
        joined += f" left join (select person, at_{n} from s{n}) t{n} using (person)"
    moments = f"array_remove(array[{', '.join(f'at_{n}' for n in range(1, len(steps) + 1))}], null)"
    return WALKERS.format(table=table, steps=", ".join(parts), moments=moments, joined=joined)


def funnel_values(
    *,
    tenant_id: int,
    funnel_id: int,
    steps: Sequence[str],
    window_hours: int,
    since: datetime,
    until: datetime,
) -> dict[str, Any]:
    """What the statements take."""
    kinds = {f"kind_{n}": kind for n, kind in enumerate(steps, 1)}
    return {
        "tenant": tenant_id, "funnel": funnel_id, "since": since, "until": until, "steps": len(steps),
        "window": f"{window_hours} hours", "tiers": list(TIERS), "circles": list(CIRCLES), **kinds,
    }  # fmt: skip
