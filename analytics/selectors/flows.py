"""Where people stood on one day and where on a later one (R107): by trust stage, circle, or tier of a camp.

The counts and the people of a cell come from the same rows, so that they cannot differ. What arrives late changes them:
both days are told by what is known now.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from analytics.selectors.people import LEFT, WON, Camp
from groups.enums import Circle
from leads.enums import TIERS
from tenants import clock

STAGE, CIRCLE, TIER = "stage", "circle", "tier"
KINDS = (STAGE, CIRCLE, TIER)
NOWHERE, UNRANKED = "", "-"  # not here on that day; here, and not ranked
CIRCLES = (Circle.CORE, Circle.INFLUENCE, Circle.PERIPHERY)  # the innermost first

# Told backwards from where everybody stands: the first move after a moment says what was before it.
_STAGE = """
with moved as (
    select customer_id, (array_agg(from_stage order by at, id))[1] as before,
        (array_agg(from_stage order by at, id) filter (where at >= %(then)s))[1] as after
    from contacts_stagemove where tenant_id = %(tenant)s and at >= %(first)s group by 1
), flow as (
    select c.id as person, case when c.first_seen_at >= %(first)s then ''
        else coalesce(m.before, c.stage)::text end as before, coalesce(m.after, c.stage)::text as after
    from contacts_customer c left join moved m on m.customer_id = c.id
    where c.tenant_id = %(tenant)s and c.person_id is null and c.first_seen_at < %(then)s
)
"""
# In several groups a person stands in the innermost of their circles.
_STOOD = """
select coalesce(c.person_id, c.id) as person, min(array_position(%(circles)s::text[], s.circle::text)) as circle
from groups_circlespell s join contacts_customer c on c.tenant_id = s.tenant_id and c.id = s.customer_id
where s.tenant_id = %(tenant)s and (%(group)s::bigint is null or s.group_id = %(group)s)
    and s.from_day <= %({day})s and (s.until_day is null or s.until_day > %({day})s)
group by 1
"""
_CIRCLE = f"""
with stood_1 as ({_STOOD.format(day="first_day")}), stood_2 as ({_STOOD.format(day="then_day")}), flow as (
    select coalesce(a.person, b.person) as person,
        coalesce((%(circles)s::text[])[a.circle], '') as before, coalesce((%(circles)s::text[])[b.circle], '') as after
    from stood_1 a full join stood_2 b on b.person = a.person
)
"""
_PLACED = """
select p.person, case when min(p.joined_at) >= %({at})s then '' when bool_or(o.person is not null) then 'won'
    when not bool_or(g.customer_id is not null) then 'left'
    else coalesce((%(tiers)s::text[])[min(array_position(%(tiers)s::text[], nullif(e.tier, '')))], '-') end as place
from people p
left join (select distinct customer_id as person from contacts_order
    where tenant_id = %(tenant)s and state = 'paid' and ordered_at >= %(starts)s
        and ordered_at < least(%(ends)s, %({at})s)) o on o.person = p.id
left join (select distinct customer_id from groups_member
    where tenant_id = %(tenant)s and group_id = any(%(groups)s) and not is_staff and joined_at < %({at})s
        and (left_at is null or left_at >= %({at})s)) g on g.customer_id = p.id
left join (select distinct on (l.id) l.customer_id, h.data->>'to' as tier from leads_leadevent h
    join leads_lead l on l.tenant_id = h.tenant_id and l.id = h.lead_id and l.window_id = %(window)s
    where h.tenant_id = %(tenant)s and h.kind = 'tier' and h.at < %({at})s
    order by l.id, h.at desc, h.id desc) e on e.customer_id = p.id
group by 1
"""
_TIER = f"""
with people as materialized (
    select m.customer_id as id, coalesce(c.person_id, c.id) as person, m.joined_at from leads_windowmember m
    join contacts_customer c on c.tenant_id = m.tenant_id and c.id = m.customer_id
    where m.tenant_id = %(tenant)s and m.window_id = %(window)s
), placed_1 as ({_PLACED.format(at="first")}), placed_2 as ({_PLACED.format(at="then")}), flow as (
    select a.person, a.place as before, b.place as after from placed_1 a join placed_2 b on b.person = a.person
    where b.place <> ''
)
"""
_SQL = {STAGE: _STAGE, CIRCLE: _CIRCLE, TIER: _TIER}


@dataclass(frozen=True)
class Asked:
    """Which flow, between the ends of two local days (of today: now). `group_id` None: all; `camp` for tiers."""

    tenant_id: int
    kind: str
    first_day: date
    then_day: date
    zone: str
    now: datetime
    group_id: int | None = None
    camp: Camp | None = None

    @property
    def first(self) -> datetime:
        return min(clock.day_bounds(self.first_day, self.zone)[1], self.now)

    @property
    def then(self) -> datetime:
        return min(clock.day_bounds(self.then_day, self.zone)[1], self.now)


def places(kind: str, *, of: int) -> list[str]:
    """The rows (`of` 0) or columns (1) of a flow, in their order."""
    if kind == STAGE:
        known = [str(one) for one in range(1, 8)]
        return known if of else [NOWHERE, *known]
    if kind == CIRCLE:
        return [*(str(one) for one in CIRCLES), NOWHERE] if of else [NOWHERE, *(str(one) for one in CIRCLES)]
    ranked = [WON, *(str(one) for one in TIERS), UNRANKED, LEFT]
    return ranked if of else [NOWHERE, *ranked]


def flow_counts(asked: Asked) -> dict[tuple[str, str], int]:
    """{(place before, place after): people}, each person once. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_SQL[asked.kind]} select before, after, count(*) from flow group by 1, 2", _values(asked)
        )
        return {(before, after): many for before, after, many in cursor.fetchall()}


def flow_people(asked: Asked, *, before: str, after: str) -> list[int]:
    """The people of one cell. One query."""
    sql = f"{_SQL[asked.kind]} select person from flow where before = %(before)s and after = %(after)s order by 1"
    with connection.cursor() as cursor:
        cursor.execute(sql, {**_values(asked), "before": before, "after": after})
        return [row[0] for row in cursor.fetchall()]


def _values(asked: Asked) -> dict[str, Any]:
    camp = asked.camp
    return {
        "tenant": asked.tenant_id, "first": asked.first, "then": asked.then, "first_day": asked.first_day,
        "then_day": asked.then_day, "group": asked.group_id, "circles": [str(one) for one in CIRCLES],
        "tiers": [str(one) for one in TIERS], "window": camp.window_id if camp else None,
        "groups": camp.group_ids if camp else [], "starts": camp.starts_at if camp else None,
        "ends": camp.ends_at if camp else None,
    }  # fmt: skip
