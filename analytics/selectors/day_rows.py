"""The raw rows behind the figures of a day: who sat where, who did what, who came and went, who bought.

The fill sums them and the lists behind the figures show them, so that a figure and its list cannot differ. Each piece
takes `tenant`, `until` (the end of the day, or now on the day itself) and the starts of the last 1, 7 and 28 days as
`d1`, `d7`, `d28`. A person is one whatever records they have; a member of whom no customer is known yet is a person of
their own, with a negative number.
"""

from datetime import date, datetime, timedelta
from typing import Any

from groups.selectors.activity import ACTIVE_KINDS
from tenants import clock

SPANS = (1, 7, 28)

PRESENT = """
present as materialized (
    select distinct m.group_id, coalesce(c.person_id, c.id, -m.id) as person
    from groups_member m left join contacts_customer c on c.tenant_id = m.tenant_id and c.id = m.customer_id
    where m.tenant_id = %(tenant)s and not m.is_staff and m.joined_at < %(until)s
        and (m.left_at is null or m.left_at >= %(until)s)
)
"""
# What is done outside any group has no group_id: it is an act of its person in each of their groups, but no speech.
ACTS = """
acts as materialized (
    select b.group_id, coalesce(c.person_id, c.id) as person,
        bool_or(b.occurred_at >= %(d1)s) as did_1, bool_or(b.occurred_at >= %(d7)s) as did_7, true as did_28,
        bool_or(b.kind = 'message' and b.group_id is not null and b.occurred_at >= %(d1)s) as said_1,
        bool_or(b.kind = 'message' and b.group_id is not null and b.occurred_at >= %(d7)s) as said_7,
        bool_or(b.kind = 'message' and b.group_id is not null) as said_28,
        count(*) filter (where b.kind = 'message' and b.group_id is not null and b.occurred_at >= %(d1)s) as messages
    from contacts_behaviour b join contacts_customer c on c.tenant_id = b.tenant_id and c.id = b.customer_id
    where b.tenant_id = %(tenant)s and b.kind = any(%(kinds)s)
        and b.occurred_at >= %(d28)s and b.occurred_at < %(until)s
    group by 1, 2
)
"""
# One row for each present person of each group, and what they did. `anywhere` is the same of the whole company.
DID = """
did as (
    select p.group_id, p.person,
        coalesce(a.did_1, false) or coalesce(o.did_1, false) as did_1,
        coalesce(a.did_7, false) or coalesce(o.did_7, false) as did_7,
        coalesce(a.did_28, o.did_28, false) as did_28,
        coalesce(a.said_1, false) as said_1, coalesce(a.said_7, false) as said_7, coalesce(a.said_28, false) as said_28
    from present p
    left join acts a on a.group_id = p.group_id and a.person = p.person
    left join acts o on o.group_id is null and o.person = p.person
),
anywhere as (
    select p.person, coalesce(bool_or(a.did_1), false) as did_1, coalesce(bool_or(a.did_7), false) as did_7,
        coalesce(bool_or(a.did_28), false) as did_28, coalesce(bool_or(a.said_1), false) as said_1,
        coalesce(bool_or(a.said_7), false) as said_7, coalesce(bool_or(a.said_28), false) as said_28
    from (select distinct person from present) p left join acts a on a.person = p.person
    group by 1
)
"""
# Paid orders of people who sat in a group when they ordered, once for each such group.
BOUGHT = """
bought as materialized (
    select distinct m.group_id, o.id as order_id, coalesce(c.person_id, c.id) as person, o.ordered_at,
        coalesce(o.amount_fen, 0) - coalesce(o.refund_fen, 0) as paid_fen
    from contacts_order o
    join contacts_customer c on c.tenant_id = o.tenant_id and c.id = o.customer_id
    join contacts_customer r on r.tenant_id = o.tenant_id and coalesce(r.person_id, r.id) = coalesce(c.person_id, c.id)
    join groups_member m on m.tenant_id = o.tenant_id and m.customer_id = r.id and not m.is_staff
        and m.joined_at <= o.ordered_at and (m.left_at is null or m.left_at > o.ordered_at)
    where o.tenant_id = %(tenant)s and o.state = 'paid' and o.ordered_at >= %(d28)s and o.ordered_at < %(until)s
)
"""
# Nobody joined who was there when the chat was made, and nobody left a chat that was dissolved.
JOINED = (
    "not m.is_staff and not m.is_creation_invitee and m.joined_at >= %({since})s and m.joined_at < %(until)s"
)
LEFT = "not m.is_staff and m.quit_scene <> 'dissolved' and m.left_at >= %({since})s and m.left_at < %(until)s"


def day_values(*, tenant_id: int, day: date, until: datetime, zone: str, days: int = 1) -> dict[str, Any]:
    """What the pieces above take; `d<days>`, too, for what counts over another span."""
    starts = {f"d{one}": clock.day_bounds(day - timedelta(days=one - 1), zone)[0] for one in {*SPANS, days}}
    return {"tenant": tenant_id, "until": until, "kinds": sorted(ACTIVE_KINDS), **starts}
