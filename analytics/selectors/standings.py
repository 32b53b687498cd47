"""Where figures stand in the place and period of a north star (R96, R97), as the functions of screens count them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection

from analytics.enums import Course, Scope, Verdict
from analytics.metrics import Aim
from analytics.models import DayFigures
from analytics.policies import correlation, share, verdict_of
from analytics.selectors.camps import camp_get, funnel
from analytics.selectors.days import (
    MOVES,
    PEOPLE,
    Newest,
    days_between,
    figure_moves,
    figure_persons,
    figures_in,
    messages_in,
    newest_day,
    paid_by,
    told_kinds,
)
from analytics.selectors.people import People, people_of
from tenants import clock

if TYPE_CHECKING:
    from analytics.models import NorthStar
    from tenants.models import Tenant

SHARE_WHOLE = 10_000  # basis points
SERIES_DAYS = 90  # how far back two figures are compared day by day
# The figure of one day by which two figures are compared.
_DAILY = {
    "customers": "customers", "joined": "joined", "active": "active_1", "speakers": "speakers_1",
    "messages": "messages", "buyers": "buyers_1", "paid_fen": "paid_fen",
}  # fmt: skip
# The groups whose owner is of a department.
_TEAM_GROUPS = """
select g.id from groups_group g
join team_staff s on s.tenant_id = g.tenant_id and s.id = g.owner_id
join team_department d on d.tenant_id = s.tenant_id and d.app_id = s.app_id and s.department_ids @> to_jsonb(d.dept_id)
where g.tenant_id = %s and d.id = %s order by 1
"""


@dataclass(frozen=True)
class Standing:
    """Where a figure stands: `actual` in the unit of its aim (None: unknown) on `day`, told up to `until`.

    `base` is where it stood on the day before the period, None where unknown or not asked for. `gone`: which part of
    the period has passed. `days`: the days up to `day` that it is told of.
    """

    actual: int | None
    base: int | None
    verdict: Verdict
    gone: float
    day: date | None = None
    until: datetime | None = None
    days: int = 0


NOWHERE = Standing(None, None, Verdict.UNKNOWN, 0.0)


@dataclass(frozen=True)
class Ground:
    """What the figures of one north star's place and period are told from, read once for all of them."""

    tenant: "Tenant"
    star: "NorthStar"
    newest: Newest | None = None
    rows: Mapping[date, DayFigures] = field(default_factory=dict)
    told: frozenset[str] = frozenset()
    groups: list[int] = field(default_factory=list)
    people: People | None = None


def team_group_ids(*, tenant_id: int, department_id: int) -> list[int]:
    """The groups that colleagues of a department own."""
    with connection.cursor() as cursor:
        cursor.execute(_TEAM_GROUPS, [tenant_id, department_id])
        return [pk for (pk,) in cursor.fetchall()]


def ground_of(*, tenant: "Tenant", star: "NorthStar") -> Ground:
    """Constant queries: of the company four, of a team one more, of a camp those of its page."""
    if star.scope == Scope.CAMP:
        camp, now = camp_get(tenant_id=tenant.pk, run_id=star.place), clock.now()
        if camp is None or now < camp.starts_at:
            return Ground(tenant, star)
        return Ground(tenant, star, people=people_of(camp, at=min(now, camp.ends_at)))
    newest = newest_day(tenant_id=tenant.pk)
    if newest is None:
        return Ground(tenant, star)
    last = min(newest.day, star.ends_on)
    first = min(star.starts_on - timedelta(days=1), last - timedelta(days=SERIES_DAYS - 1))
    rows = days_between(tenant_id=tenant.pk, first=first, last=last)
    told = frozenset(told_kinds(tenant_id=tenant.pk))
    groups = team_group_ids(tenant_id=tenant.pk, department_id=star.place) if star.scope == Scope.TEAM else []
    return Ground(tenant, star, newest, rows, told, groups)


def standing_in(ground: Ground, aim: Aim, target: int) -> Standing:
    """Where a figure stands against its target. Of the company and of a camp without a query."""
    star, newest = ground.star, ground.newest
    if star.scope == Scope.CAMP:
        return _camp(ground, aim, target)
    if newest is None or newest.day < star.starts_on:
        return NOWHERE
    last = min(newest.day, star.ends_on)
    zone = ground.tenant.timezone
    until = newest.until if last == newest.day else clock.day_bounds(last, zone)[1]
    days = (last - star.starts_on).days + 1
    before = star.starts_on - timedelta(days=1)
    base = None
    if aim.course == Course.CLIMBS and before >= newest.first:
        base = _value(ground, aim, before, clock.day_bounds(before, zone)[1], 1)
    actual = _value(ground, aim, last, until, days)
    gone = days / ((star.ends_on - star.starts_on).days + 1)
    verdict = verdict_of(aim.course, actual=actual, target=target, base=base, gone=gone)
    return Standing(actual, base, verdict, gone, last, until, aim.span or days)


def _value(ground: Ground, aim: Aim, last: date, until: datetime, days: int) -> int | None:
    name = aim.metric.key.removeprefix("day_")
    told = figures_in(ground.rows, last=last, days=days, span=aim.span or 1, told=ground.told)[name]
    if ground.star.scope == Scope.COMPANY or told is None:
        return told
    if not ground.groups:
        return None
    asked: dict[str, Any] = {
        "tenant_id": ground.tenant.pk, "day": last, "until": until, "zone": ground.tenant.timezone,
        "group_ids": ground.groups,
    }  # fmt: skip
    if name in PEOPLE:
        return len(figure_persons(figure=name, days=aim.span, **asked))
    if name in MOVES:
        return figure_moves(figure=name, days=days, **asked).count()
    if name == "paid_fen":
        return paid_by(days=days, **asked)
    return messages_in(tenant_id=ground.tenant.pk, group_ids=ground.groups, last=last, days=days)


def _camp(ground: Ground, aim: Aim, target: int) -> Standing:
    people = ground.people
    if people is None:
        return NOWHERE
    camp, at = people.camp, people.at
    stage = next(one for one in funnel(people) if one.metric.key == aim.metric.key)
    part = share(stage.done, stage.out_of)
    actual = None if part is None else round(part * SHARE_WHOLE)
    gone = min((at - camp.starts_at) / (camp.ends_at - camp.starts_at), 1.0)
    verdict = verdict_of(aim.course, actual=actual, target=target, base=None, gone=gone)
    return Standing(actual, None, verdict, gone, None, at)


@dataclass(frozen=True)
class Together:
    """How two figures went together over `days`; `r` is None below the least number, or where one never moved."""

    days: int
    r: float | None


def together(ground: Ground, one: Aim, other: Aim) -> Together:
    """Two figures of the company compared day by day, the days that are over. Not a cause. Without a query.

    Of a team and of a camp there are no figures of days of people each once: nothing is compared.
    """
    names = [aim.metric.key.removeprefix("day_") for aim in (one, other)]
    if ground.star.scope != Scope.COMPANY or ground.newest is None or one.metric.key == other.metric.key:
        return Together(0, None)
    since = max(
        ground.newest.first, min(ground.newest.day, ground.star.ends_on) - timedelta(days=SERIES_DAYS - 1)
    )
    days = [day for day in sorted(ground.rows) if since <= day < ground.newest.day]
    pairs = []
    for day in days:
        found = figures_in(ground.rows, last=day, days=1, span=1, told=ground.told)
        if any(found[name] is None for name in names):
            return Together(0, None)
        pairs.append(tuple(float(getattr(ground.rows[day], _DAILY[name])) for name in names))
    return Together(len(pairs), correlation([(x, y) for x, y in pairs]))
