"""How the SOP was carried out (R58): due, in time, late, skipped, missed, without evidence. One query each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from analytics.policies import share

# Due: the window has ended, or the touch has come to an end before it. What a rule blocked or somebody cancelled
# with the run is nobody's task.
_SELECT = """
select {columns},
    count(*) filter (where {due}) as due,
    count(*) filter (where {due} and t.state = 'confirmed' and t.done_at <= t.window_ends_at) as done,
    count(*) filter (where {due} and t.state = 'confirmed' and t.done_at > t.window_ends_at) as late,
    count(*) filter (where {due} and t.state = 'submitted') as unproved,
    count(*) filter (where {due} and t.state = 'skipped') as skipped,
    count(*) filter (where {due} and t.state not in ('confirmed', 'submitted', 'skipped')) as missed,
    count(*) filter (where t.state = 'blocked') as blocked
from sop_touch t
join sop_step s on s.id = t.step_id
left join team_staff st on st.id = t.staff_id
left join groups_group g on g.id = t.group_id
where t.tenant_id = %(tenant)s and (%(run)s::bigint is null or t.run_id = %(run)s)
    and t.planned_at <= %(now)s and t.state <> 'cancelled'
group by 1, 2, 3 order by {order}
"""
_DUE = """(t.state not in ('blocked', 'cancelled')
    and (t.window_ends_at <= %(now)s or t.state in ('confirmed', 'skipped', 'expired', 'failed')))"""
_BY = {
    "step": ("s.key, s.title, s.day", "s.day nulls last, min(s.at) nulls last, s.key"),
    "staff": ("coalesce(st.id, 0), coalesce(nullif(st.name, ''), st.userid, ''), null::int", "2"),
    "group": ("coalesce(g.id, 0), coalesce(nullif(g.name, ''), g.planned_name, ''), null::int", "2"),
}
_REASONS = """
select coalesce(nullif(t.reason, ''), t.rule_code, '') as reason, count(*) from sop_touch t
where t.tenant_id = %(tenant)s and (%(run)s::bigint is null or t.run_id = %(run)s) and t.state = 'skipped'
    and t.planned_at <= %(now)s group by 1 order by 2 desc, 1 limit 8
"""


@dataclass(frozen=True)
class Execution:
    """One step, colleague or group. `done` is in its window; the parts beside it add up to `due`."""

    key: Any
    name: str
    day: int | None
    due: int
    done: int
    late: int
    unproved: int
    skipped: int
    missed: int
    blocked: int

    @property
    def rate(self) -> float | None:
        return share(self.done, self.due)


def execution_rate(*, tenant_id: int, now: datetime, by: str, run_id: int | None = None) -> list[Execution]:
    """Execution by "step", "staff" or "group", of one run or of all. One query."""
    columns, order = _BY[by]
    with connection.cursor() as cursor:
        cursor.execute(
            _SELECT.format(columns=columns, due=_DUE, order=order),
            {"tenant": tenant_id, "run": run_id, "now": now},
        )
        rows = [Execution(*row) for row in cursor.fetchall()]
    return [one for one in rows if one.due or one.blocked]


def execution_total(rows: list[Execution]) -> Execution:
    """All rows together."""
    parts = ("due", "done", "late", "unproved", "skipped", "missed", "blocked")
    return Execution("", "", None, *(sum(getattr(one, part) for one in rows) for part in parts))


def skip_reasons(*, tenant_id: int, now: datetime, run_id: int | None = None) -> list[tuple[str, int]]:
    """(reason, touches) of what was skipped, the commonest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_REASONS, {"tenant": tenant_id, "run": run_id, "now": now})
        return [(row[0], row[1]) for row in cursor.fetchall()]
