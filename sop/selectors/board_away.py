"""What stands in the way of a page of the calendar, from groups beside it that share people with those on it."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection

from sop.enums import INTERNAL_CHANNELS
from sop.enums.calendar import CLASH_MINUTES
from sop.models import Touch

if TYPE_CHECKING:
    from tenants.models import Tenant

MOST = 500
# Of another run and within the hour: only those can collide with something of these groups.
_NEAR = """
select distinct away.id, away.planned_at
from unnest(%(here)s::bigint[], %(there)s::bigint[]) as pair(here, there)
join sop_touch own on own.tenant_id = %(tenant)s and own.group_id = pair.here
    and own.planned_at >= %(since)s and own.planned_at < %(until)s
    and own.state = any(%(states)s) and own.occurrence = '' and own.channel <> all(%(inside)s)
join sop_touch away on away.tenant_id = %(tenant)s and away.group_id = pair.there and away.run_id <> own.run_id
    and away.planned_at > own.planned_at - %(gap)s * interval '1 minute'
    and away.planned_at < own.planned_at + %(gap)s * interval '1 minute'
    and away.state = any(%(states)s) and away.occurrence = '' and away.channel <> all(%(inside)s)
order by away.planned_at, away.id limit %(most)s
"""


def touches_away(
    *,
    tenant: "Tenant",
    shares: Mapping[int, Collection[int]],
    group_ids: Collection[int],
    states: Collection[str],
    since: datetime,
    until: datetime,
) -> tuple[list[Touch], bool]:
    """Touches of groups that share people with these and are none of them, within the hour of one of theirs in
    [since, until): at most MOST, the earliest, and whether that is all. Two queries, none where nothing is shared."""
    here = set(group_ids)
    pairs = [
        (one, other) for one in sorted(here) for other in sorted(shares.get(one, ())) if other not in here
    ]
    if not pairs:
        return [], True
    ask: dict[str, Any] = {
        "here": [one for one, _other in pairs], "there": [other for _one, other in pairs], "tenant": tenant.pk,
        "since": since, "until": until, "states": [str(one) for one in states], "gap": CLASH_MINUTES, "most": MOST + 1,
        "inside": [str(one) for one in INTERNAL_CHANNELS],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, ask)
        ids = [row[0] for row in cursor.fetchall()]
    rows = Touch.objects.filter(tenant=tenant, pk__in=ids[:MOST]).select_related(
        "step", "run", "group", "staff"
    )
    found = rows.defer("text", "attachments", "step__text", "step__attachments", "step__links") if ids else []
    return list(found), len(ids) <= MOST
