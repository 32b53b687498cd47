"""Groups with people in common (R37, R50): a person in two groups hears what is sent to both."""

from collections import defaultdict
from collections.abc import Iterable

from django.db import connection

MOST_PAIRS = 2_000
# Everybody who sits in these groups, as a person, with all records; then where else those records sit.
_SHARING = """
with here as materialized (
    select distinct m.group_id, coalesce(c.person_id, c.id) as person
    from groups_member m join contacts_customer c on c.tenant_id = m.tenant_id and c.id = m.customer_id
    where m.tenant_id = %(tenant)s and m.group_id = any(%(groups)s) and m.left_at is null and not m.is_staff
), records as (
    select here.group_id, here.person as customer_id from here
    union all
    select here.group_id, c.id from here
    join contacts_customer c on c.tenant_id = %(tenant)s and c.person_id = here.person
    where c.person_id is not null
)
select records.group_id, m.group_id, count(*) from records
join groups_member m on m.tenant_id = %(tenant)s and m.customer_id = records.customer_id and m.left_at is null
    and not m.is_staff and m.group_id <> records.group_id
group by 1, 2 order by 3 desc, 1, 2 limit %(most)s
"""


def groups_sharing(*, tenant_id: int, group_ids: Iterable[int]) -> tuple[dict[int, set[int]], bool]:
    """({group: other groups that a person of it sits in now, with whatever record}, whether that is all of them). Both
    ways, the others' entries too.

    Of more than MOST_PAIRS pairs those that share most people. One query.
    """
    wanted = list(group_ids)
    found: dict[int, set[int]] = defaultdict(set)
    if not wanted:
        return found, True
    with connection.cursor() as cursor:
        cursor.execute(_SHARING, {"tenant": tenant_id, "groups": wanted, "most": MOST_PAIRS + 1})
        rows = cursor.fetchall()
    for here, there, _people in rows[:MOST_PAIRS]:
        found[here].add(there)
        found[there].add(here)
    return found, len(rows) <= MOST_PAIRS
