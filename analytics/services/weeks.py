"""Filling retention by join week: which weeks are due, and counting one of them anew from the raw rows."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import F, Q

from analytics.models import CohortCells, WeekFill
from analytics.selectors.cohort_rows import AFTER_DAYS, CELLS, STAYED, is_due, week_values
from groups.selectors.seats import first_seat, tenants_with_groups
from tenants import clock

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from contacts.events import BehavioursRecorded
    from tenants.models import Tenant

REST = timedelta(hours=1)  # how often a week that is over is counted anew, however often it is marked
BACK_WEEKS = 57
WEEKS_A_TASK = 4

_ONE_AT_A_TIME = "select pg_try_advisory_xact_lock(hashtext('analytics_weeks'), %s::int)"
# The weeks in which any record of these people came into a group or a camp.
_MARK = """
with people as (
    select coalesce(person_id, id) as person from contacts_customer where tenant_id = %(tenant)s and id = any(%(ids)s)
), records as (
    select person as record from people
    union select c.id from people p join contacts_customer c on c.tenant_id = %(tenant)s and c.person_id = p.person
), moments as (
    select m.joined_at from records r
    join groups_member m on m.tenant_id = %(tenant)s and m.customer_id = r.record
    union all
    select m.joined_at from records r
    join leads_windowmember m on m.tenant_id = %(tenant)s and m.customer_id = r.record
)
update analytics_weekfill set wanted = wanted + 1 where tenant_id = %(tenant)s
    and week in (select date_trunc('week', joined_at at time zone %(zone)s)::date from moments)
"""
_OPEN = """
insert into analytics_weekfill (tenant_id, week, wanted, done)
select %s, week::date, 1, 0 from generate_series(%s::date, %s::date, interval '7 days') as week
on conflict (tenant_id, week) do nothing
"""
_COUNTED = ", ".join(
    f"case when %(is_due_{cell.rpartition('_')[2]})s then count(*) filter (where {cell}) end"
    for cell in CELLS
)
_FILL = f"""
with {STAYED}
insert into analytics_cohortcells (tenant_id, week, "of", of_id, people, {", ".join(CELLS)})
select %(tenant)s, %(week)s, "of", of_id, count(*), {_COUNTED} from stayed group by "of", of_id order by "of", of_id
"""


def weeks_mark(*, tenant: "Tenant", customer_ids: Iterable[int]) -> None:
    """More is known of these people on days that are over: the weeks in which they came are counted anew. Safe to
    repeat; one statement."""
    values: dict[str, Any] = {"tenant": tenant.pk, "ids": sorted(set(customer_ids)), "zone": tenant.timezone}
    with connection.cursor() as cursor:
        cursor.execute(_MARK, values)


def late_people(*, tenant: "Tenant", events: Iterable["BehavioursRecorded"]) -> set[int]:
    """Who did something that came in only after its day was over."""
    midnight = _midnight(tenant)
    return {one for event in events if event.first_at < midnight for one in event.customer_ids}


def weeks_mark_all(*, tenant: "Tenant") -> None:
    """Who sat in groups is told otherwise: every week is counted anew. Safe to repeat."""
    WeekFill.objects.filter(tenant=tenant).update(wanted=F("wanted") + 1)


def weeks_fill(*, tenant: "Tenant", most: int = WEEKS_A_TASK) -> int:
    """Count up to `most` weeks that are due, the newest first; how many. 0 while another process counts."""
    _open_weeks(tenant)
    counted = 0
    for week in list(_due(tenant).values_list("week", flat=True)[:most]):
        if not _fill(tenant, week):
            break
        counted += 1
    return counted


def has_weeks_due(*, tenant: "Tenant") -> bool:
    """Whether a week of the company is still to be counted."""
    return _due(tenant).exists()


def tenants_with_weeks() -> list[int]:
    """Ids of tenants with groups whose weeks were not all counted up to some hour of the last day, or marked since.

    Across tenants: the caller is a tick. One too many costs one cheap task.
    """
    since = clock.now() - timedelta(days=1)
    held = WeekFill.objects.filter(until__gt=since, wanted=F("done")).order_by()
    behind = WeekFill.objects.filter(Q(until=None) | Q(until__lte=since) | Q(wanted__gt=F("done"))).order_by()
    known = set(held.values_list("tenant_id", flat=True).distinct())
    wanting = set(behind.values_list("tenant_id", flat=True).distinct())
    return [one for one in tenants_with_groups() if one in wanting or one not in known]


def _midnight(tenant: "Tenant") -> datetime:
    return clock.day_bounds(clock.local_date(clock.now(), tenant.timezone), tenant.timezone)[0]


def _open_weeks(tenant: "Tenant") -> None:
    """A row for every week from the first in which somebody joined until yesterday's."""
    last = _monday(clock.local_date(clock.now(), tenant.timezone) - timedelta(days=1))
    newest = WeekFill.objects.filter(tenant=tenant).order_by("-week").values_list("week", flat=True).first()
    if newest is None:
        began = first_seat(tenant_id=tenant.pk)
        if began is None:
            return
        first = _monday(clock.local_date(began, tenant.timezone))
        newest = max(first, last - timedelta(weeks=BACK_WEEKS))
    if newest <= last:
        with connection.cursor() as cursor:
            cursor.execute(_OPEN, [tenant.pk, newest, last])


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _due(tenant: "Tenant") -> "QuerySet[WeekFill]":
    """Weeks to be counted: not counted since midnight, or marked since and counted more than REST ago."""
    marked = Q(wanted__gt=F("done")) & Q(filled_at__lt=clock.now() - REST)
    rows = WeekFill.objects.filter(tenant=tenant)
    return rows.filter(Q(until=None) | Q(until__lt=_midnight(tenant)) | marked).order_by("-week")


def _fill(tenant: "Tenant", week: date) -> bool:
    """One week anew from the raw rows. False while another process counts weeks of this company."""
    until, zone = _midnight(tenant), tenant.timezone
    values = week_values(tenant_id=tenant.pk, week=week, until=until, zone=zone) | {"week": week}
    values |= {f"is_due_{days}": is_due(week=week, days=days, until=until, zone=zone) for days in AFTER_DAYS}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME, [tenant.pk])
        if not cursor.fetchone()[0]:
            return False
        rows = WeekFill.objects.filter(tenant=tenant, week=week)
        wanted = rows.values_list("wanted", flat=True).get()
        CohortCells.objects.filter(tenant=tenant, week=week).delete()
        cursor.execute(_FILL, values)
        rows.update(done=wanted, until=until, filled_at=clock.now())
    return True
