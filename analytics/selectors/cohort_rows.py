"""The raw rows behind retention: who joined in a week, where they sat since, what they did there.

The fill sums them and the lists behind the figures show them, so that a figure and its list cannot differ. The pieces
take `tenant`, `zone`, `until` (a midnight), the week as `w0` and `w1`, `kinds`, and `of` with `of_id` where one cohort
alone is asked for. A person is one whatever records they have; a member of whom no customer is known yet is a person of
their own, with a negative number.
"""

from datetime import date, datetime, timedelta
from typing import Any

from groups.selectors.activity import ACTIVE_KINDS
from tenants import clock

AFTER_DAYS = (1, 7, 30)
MEASURES = ("seat_on", "seat_since", "act_on", "act_since")
CELLS = tuple(f"{measure}_{days}" for measure in MEASURES for days in AFTER_DAYS)

_WHO = """
newcomers as materialized (
    select coalesce(c.person_id, c.id) as person from groups_member m
    join contacts_customer c on c.tenant_id = m.tenant_id and c.id = m.customer_id
    where m.tenant_id = %(tenant)s and not m.is_staff and m.joined_at >= %(w0)s and m.joined_at < %(w1)s
    union
    select coalesce(c.person_id, c.id) from leads_windowmember w
    join contacts_customer c on c.tenant_id = w.tenant_id and c.id = w.customer_id
    where w.tenant_id = %(tenant)s and w.joined_at >= %(w0)s and w.joined_at < %(w1)s
),
records as materialized (
    select person, person as record from newcomers
    union all
    select n.person, c.id from newcomers n
    join contacts_customer c on c.tenant_id = %(tenant)s and c.person_id = n.person
),
seats as materialized (
    select r.person, m.group_id, m.channel_id, m.joined_at, m.left_at, not m.is_creation_invitee as is_joining
    from records r join groups_member m on m.tenant_id = %(tenant)s and m.customer_id = r.record
    where not m.is_staff and m.joined_at < %(until)s
    union all
    select -m.id, m.group_id, m.channel_id, m.joined_at, m.left_at, not m.is_creation_invitee from groups_member m
    where m.tenant_id = %(tenant)s and m.customer_id is null and not m.is_staff
        and m.joined_at >= %(w0)s and m.joined_at < least(%(w1)s, %(until)s)
),
camps as materialized (
    select w.id, w.source_id as run_id, jsonb_array_elements_text(w.group_ids)::bigint as group_id
    from leads_window w where w.tenant_id = %(tenant)s and w.source_kind = 'sop.run'
),
"""
# The seats of each cohort's people that lie in what the cohort is of, and when each of them came into it first.
_COHORTS = """
scoped as materialized (
    select * from (
        select 'company' as "of", 0::bigint as of_id, s.* from seats s
        union all select 'group', s.group_id, s.* from seats s
        union all select 'channel', s.channel_id, s.* from seats s where s.channel_id is not null
        union all select 'camp', c.run_id, s.* from seats s join camps c on c.group_id = s.group_id
    ) every where %(of)s::text is null or ("of" = %(of)s and of_id = %(of_id)s)
),
entries as materialized (
    select "of", of_id, person, (first_at at time zone %(zone)s)::date as day0 from (
        select "of", of_id, person, min(joined_at) as first_at from scoped where is_joining and "of" <> 'camp'
        group by 1, 2, 3
        union all
        select 'camp', w.source_id, r.person, min(m.joined_at) from records r
        join leads_windowmember m on m.tenant_id = %(tenant)s and m.customer_id = r.record
        join leads_window w on w.tenant_id = %(tenant)s and w.id = m.window_id and w.source_kind = 'sop.run'
        where %(of)s::text is null or ('camp' = %(of)s and w.source_id = %(of_id)s)
        group by 1, 2, 3
    ) came where first_at >= %(w0)s and first_at < %(w1)s and first_at < %(until)s
),
acts as materialized (
    select r.person, b.group_id, b.occurred_at as at from records r
    join contacts_behaviour b on b.tenant_id = %(tenant)s and b.customer_id = r.record
    where b.kind = any(%(kinds)s) and b.occurred_at >= %(w0)s and b.occurred_at < %(until)s
),
"""


def _midnight(days: int) -> str:
    """The local midnight that begins the day `days` after somebody's own join."""
    return f"((e.day0 + {days})::timestamp at time zone %(zone)s)"


def _flags(on: str, since: str, prefix: str) -> str:
    """For each of AFTER_DAYS whether it held on the day, and on the day or later."""
    told = []
    for days in AFTER_DAYS:
        begins, ends = _midnight(days), _midnight(days + 1)
        told.append(f"bool_or({on.format(begins=begins, ends=ends)}) as {prefix}_on_{days}")
        told.append(f"bool_or({since.format(begins=begins)}) as {prefix}_since_{days}")
    return ", ".join(told)


_SEATED = _flags(
    "s.joined_at < {ends} and (s.left_at is null or s.left_at >= {ends})",
    "s.left_at is null or s.left_at >= {begins}",
    "seat",
)
_ACTED = _flags("a.at >= {begins} and a.at < {ends}", "a.at >= {begins}", "act")
_SAME = 's."of" = e."of" and s.of_id = e.of_id and s.person = e.person'
STAYED = f"""
{_WHO} {_COHORTS}
seated as materialized (
    select e."of", e.of_id, e.person, {_SEATED} from entries e join scoped s on {_SAME} group by 1, 2, 3
),
acted as materialized (
    select e."of", e.of_id, e.person, {_ACTED} from entries e join scoped s on {_SAME}
    join acts a on a.person = e.person and (a.group_id is null or a.group_id = s.group_id)
        and a.at >= s.joined_at and (s.left_at is null or a.at < s.left_at)
    group by 1, 2, 3
),
stayed as (
    select e."of", e.of_id, e.person, {", ".join(f"coalesce({cell}, false) as {cell}" for cell in CELLS)}
    from entries e left join seated using ("of", of_id, person) left join acted using ("of", of_id, person)
)
"""


def week_values(
    *, tenant_id: int, week: date, until: datetime, zone: str, of: str | None = None, of_id: int = 0
) -> dict[str, Any]:
    """What the pieces above take. `week`: its Monday; `of` None: every cohort there is."""
    starts = {f"w{n}": clock.day_bounds(week + timedelta(days=7 * n), zone)[0] for n in range(2)}
    kinds = sorted(ACTIVE_KINDS)
    return {
        "tenant": tenant_id,
        "zone": zone,
        "until": until,
        "kinds": kinds,
        "of": of,
        "of_id": of_id,
        **starts,
    }


def is_due(*, week: date, days: int, until: datetime, zone: str) -> bool:
    """Whether the day so many days after the join is over for everybody who joined in the week."""
    return clock.day_bounds(week + timedelta(days=6 + days), zone)[1] <= until
