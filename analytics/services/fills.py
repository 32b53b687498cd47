"""Filling the figures of days: which days are due, and summing one of them anew from the raw rows."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import F, Q

from analytics.models import DayFigures, DayFill
from analytics.selectors.day_rows import ACTS, BOUGHT, DID, JOINED, LEFT, PRESENT, SPANS, day_values
from contacts.enums import BehaviourKind
from contacts.selectors import orders_for
from contacts.selectors.moments import behaviours_before, first_act
from groups.selectors.seats import first_seat, tenants_with_groups
from tenants import clock

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from contacts.events import BehavioursRecorded
    from tenants.models import Tenant

FILL_TASK = "analytics.fill_tenant"
REACHES_DAYS = max(SPANS)  # an act counts on its day and on this many less one after it
FRESH = timedelta(minutes=10)  # how old the figures of today may become
BACK_DAYS = 400  # what happened longer ago when a company begins is not summed by day
DAYS_A_TASK = 7

_ONE_AT_A_TIME = "select pg_try_advisory_xact_lock(hashtext('analytics_days'), %s::int)"
_MARK = """
insert into analytics_dayfill (tenant_id, day, wanted, done)
select %(tenant)s, day::date, 1, 0 from generate_series(%(first)s::date, %(last)s::date, interval '1 day') as day
where exists (select 1 from analytics_dayfill where tenant_id = %(tenant)s)
on conflict (tenant_id, day) do update set wanted = analytics_dayfill.wanted + 1
"""
_OPEN = """
insert into analytics_dayfill (tenant_id, day, wanted, done)
select %s, day::date, 1, 0 from generate_series(%s::date, %s::date, interval '1 day') as day
on conflict (tenant_id, day) do nothing
"""
_CAME, _WENT = JOINED.format(since="d1"), LEFT.format(since="d1")
# Each line below gives figures of groups, 0 for the company; what a line does not tell is 0 in it.
_FILL = f"""
with {PRESENT}, {ACTS}, {DID}, {BOUGHT},
told as (
    select group_id, count(*) as customers, 0 as joined, 0 as left_, 0 as removed,
        count(*) filter (where did_1) as active_1, count(*) filter (where did_7) as active_7,
        count(*) filter (where did_28) as active_28, count(*) filter (where said_1) as speakers_1,
        count(*) filter (where said_7) as speakers_7, count(*) filter (where said_28) as speakers_28, 0 as messages,
        0 as buyers_1, 0 as buyers_7, 0 as buyers_28, 0 as orders, 0 as paid_fen
    from did group by 1
    union all
    select 0, count(*), 0, 0, 0, count(*) filter (where did_1), count(*) filter (where did_7),
        count(*) filter (where did_28), count(*) filter (where said_1), count(*) filter (where said_7),
        count(*) filter (where said_28), 0, 0, 0, 0, 0, 0
    from anywhere having count(*) > 0
    union all
    select coalesce(m.group_id, 0), 0, count(*) filter (where {_CAME}), count(*) filter (where {_WENT}),
        count(*) filter (where {_WENT} and m.quit_scene = 'removed'), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
    from groups_member m
    where m.tenant_id = %(tenant)s and ((m.joined_at >= %(d1)s and m.joined_at < %(until)s)
        or (m.left_at >= %(d1)s and m.left_at < %(until)s))
    group by grouping sets ((m.group_id), ())
    union all
    select coalesce(group_id, 0), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, sum(messages), 0, 0, 0, 0, 0
    from acts where group_id is not null group by grouping sets ((group_id), ())
    union all
    select group_id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, count(distinct person) filter (where ordered_at >= %(d1)s),
        count(distinct person) filter (where ordered_at >= %(d7)s), count(distinct person),
        count(*) filter (where ordered_at >= %(d1)s), coalesce(sum(paid_fen) filter (where ordered_at >= %(d1)s), 0)
    from bought group by 1
    union all
    select 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, count(distinct person) filter (where ordered_at >= %(d1)s),
        count(distinct person) filter (where ordered_at >= %(d7)s), count(distinct person),
        count(*) filter (where ordered_at >= %(d1)s), coalesce(sum(paid_fen) filter (where ordered_at >= %(d1)s), 0)
    from (select distinct order_id, person, ordered_at, paid_fen from bought) once having count(*) > 0
)
insert into analytics_dayfigures (tenant_id, day, group_id, customers, joined, "left", removed, active_1, active_7,
    active_28, speakers_1, speakers_7, speakers_28, messages, buyers_1, buyers_7, buyers_28, orders, paid_fen)
select %(tenant)s, %(day)s, nullif(group_id, 0), sum(customers), sum(joined), sum(left_), sum(removed), sum(active_1),
    sum(active_7), sum(active_28), sum(speakers_1), sum(speakers_7), sum(speakers_28), sum(messages), sum(buyers_1),
    sum(buyers_7), sum(buyers_28), sum(orders), sum(paid_fen)
from told group by group_id order by group_id
"""


def days_mark(*, tenant_id: int, first: date, last: date) -> None:
    """What is known of these days has changed: they are summed anew. Safe to repeat; cheap.

    Before the first fill of a company there is nothing to mark: it opens every day there is.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MARK, {"tenant": tenant_id, "first": first, "last": last})


def late_moments(*, tenant: "Tenant", events: Iterable["BehavioursRecorded"]) -> set[datetime]:
    """When what came in happened, as far as that day is over; of orders that were given back, when they were placed."""
    midnight = clock.day_bounds(_today(tenant), tenant.timezone)[0]
    late = [event for event in events if event.first_at < midnight]
    ids = [one for event in late for one in event.behaviour_ids]
    moments = behaviours_before(tenant_id=tenant.pk, behaviour_ids=ids, moment=midnight) if ids else set()
    buyers = {one for event in events if BehaviourKind.REFUND in event.kinds for one in event.customer_ids}
    if buyers:
        placed = orders_for(tenant_id=tenant.pk, customer_ids=buyers).values_list("ordered_at", flat=True)
        moments |= {one for one in placed if one is not None and one < midnight}
    return moments


def acts_mark(*, tenant: "Tenant", moments: Iterable[datetime]) -> None:
    """Acts of these moments came in: their days, and those after them in whose 28 days they lie, tell more.

    Today is summed again and again anyway. Safe to repeat.
    """
    yesterday = _today(tenant) - timedelta(days=1)
    for day in sorted({clock.local_date(one, tenant.timezone) for one in moments}):
        if day <= yesterday:
            last = min(day + timedelta(days=REACHES_DAYS - 1), yesterday)
            days_mark(tenant_id=tenant.pk, first=day, last=last)


def seats_mark(*, tenant: "Tenant", since: datetime) -> None:
    """Who sat in groups has changed from this moment on: every day since tells something else. Safe to repeat."""
    today, day = _today(tenant), clock.local_date(since, tenant.timezone)
    if day < today:
        first = max(day, today - timedelta(days=BACK_DAYS))
        days_mark(tenant_id=tenant.pk, first=first, last=today - timedelta(days=1))


def persons_mark(*, tenant: "Tenant", customer_ids: Iterable[int]) -> None:
    """These records are one person now, or no longer: every day since one of them did something or sat in a group."""
    people = list(customer_ids)
    seats = first_seat(tenant_id=tenant.pk, customer_ids=people)
    acts = first_act(tenant_id=tenant.pk, customer_ids=people)
    began = [one for one in (seats, acts) if one is not None]
    if began:
        seats_mark(tenant=tenant, since=min(began))


def _today(tenant: "Tenant") -> date:
    return clock.local_date(clock.now(), tenant.timezone)


def days_fill(*, tenant: "Tenant") -> int:
    """Sum the days that are due, the newest first, at most DAYS_A_TASK of them; how many. Safe to repeat and at once.

    Each day is a transaction of its own. What comes in while a day is summed makes it due again.
    """
    _open_days(tenant)
    done = 0
    for day in list(_due(tenant).values_list("day", flat=True)[:DAYS_A_TASK]):
        if not _fill(tenant, day):
            break
        done += 1
    return done


def has_days_due(*, tenant: "Tenant") -> bool:
    """Whether a day of the company is still to be summed."""
    return _due(tenant).exists()


def tenants_to_fill() -> list[int]:
    """Tenants with groups and a day that is due, or without any day yet. Across tenants: the caller is a tick."""
    since = clock.now() - FRESH
    waits = DayFill.objects.filter(wanted__gt=F("done"))
    known = set(waits.order_by().values_list("tenant_id", flat=True).distinct())
    due = waits.exclude(until__gt=since).order_by().values_list("tenant_id", flat=True).distinct()
    wanted = set(due)
    return [one for one in tenants_with_groups() if one in wanted or one not in known]


def _open_days(tenant: "Tenant") -> None:
    """A row for every day from the first on which somebody sat in a group until today."""
    rows, today = DayFill.objects.filter(tenant=tenant), _today(tenant)
    first = rows.order_by("-day").values_list("day", flat=True).first()
    if first is None:
        began = first_seat(tenant_id=tenant.pk)
        if began is None:
            return
        first = max(clock.local_date(began, tenant.timezone), today - timedelta(days=BACK_DAYS))
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [tenant.pk, first, today])


def _due(tenant: "Tenant") -> "QuerySet[DayFill]":
    """Days to be summed, the newest first. Today always is, but not again before its figures are FRESH old."""
    now = clock.now()
    fresh = Q(day=_today(tenant), until__gt=now - FRESH)
    rows = DayFill.objects.filter(tenant=tenant, day__lte=_today(tenant), wanted__gt=F("done"))
    return rows.exclude(fresh).order_by("-day")


def _fill(tenant: "Tenant", day: date) -> bool:
    """One day anew from the raw rows. False while another process sums days of this company."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_ONE_AT_A_TIME, [tenant.pk])
            if not cursor.fetchone()[0]:
                return False
        now = clock.now()
        ends = clock.day_bounds(day, tenant.timezone)[1]
        until = min(ends, now)
        rows = DayFill.objects.filter(tenant=tenant, day=day)
        wanted = rows.values_list("wanted", flat=True).get()
        values = {**day_values(tenant_id=tenant.pk, day=day, until=until, zone=tenant.timezone), "day": day}
        DayFigures.objects.filter(tenant=tenant, day=day).delete()
        with connection.cursor() as cursor:
            cursor.execute(_FILL, values)
        # A day that lasts stays due.
        rows.update(done=wanted if until == ends else wanted - 1, until=until, filled_at=now)
    return True
