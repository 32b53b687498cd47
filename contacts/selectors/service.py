"""How questions are answered (R75): counts, and times at 50% and 90%, on the clock and in working hours."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from contacts.models import Question
from contacts.policies.questions import REPLY_WITHIN
from contacts.policies.worktime import WorkTime
from tenants.clock import local_date
from wecom.archive.selectors import coverage

ALL, BY_STAFF, BY_GROUP, BY_DAY = "all", "staff", "group", "day"
STATES = ("waiting", "late", "open", "answered", "resolved", "closed")


@dataclass(frozen=True)
class Times:
    """Seconds at which half and nine tenths are done; None where there is nothing to tell."""

    p50: float | None = None
    p90: float | None = None


@dataclass(frozen=True)
class Service:
    """Questions asked in a span. `answered` of them by staff within three days, `resolved` for good; `waiting` are
    those that nobody answered or closed, `open` those that are neither resolved nor closed. The times are over what was
    answered and over what was resolved: read them beside the counts."""

    asked: int = 0
    answered: int = 0
    resolved: int = 0
    waiting: int = 0
    open: int = 0
    reply: Times = Times()
    reply_work: Times = Times()
    resolve: Times = Times()
    resolve_work: Times = Times()


@dataclass(frozen=True)
class Wanted:
    """Which questions: asked in [since, until), of one group, in one colleague's hands; None: of all."""

    since: datetime
    until: datetime
    group_id: int | None = None
    staff_id: int | None = None


# Whoever answered first; while nobody has, who has to: the friend, or the group's owner.
_HANDS = "coalesce(q.replied_by_id, q.staff_id, g.owner_id)"
# Working time up to a moment: what was worked on the days before, and so much of its own day.
_WORKED = """(select d.before + d.is_worked * least(greatest(extract(epoch from w.wall - w.wall::date::timestamp)
    - %(start)s, 0), %(length)s)
  from (select q.{at} at time zone %(zone)s as wall) w join days d on d.day = w.wall::date)"""
_FIGURES = """
with days as materialized (
  select * from unnest(%(days)s::date[], %(before)s::float8[], %(is_worked)s::int[]) as d(day, before, is_worked)
),
told as materialized (
  select q.*, {hands} as hands, (q.asked_at at time zone %(zone)s)::date as day,
    extract(epoch from q.replied_at - q.asked_at) as reply, extract(epoch from q.resolved_at - q.asked_at) as resolve
  from contacts_question q left join groups_group g on g.tenant_id = q.tenant_id and g.id = q.group_id
  where q.tenant_id = %(tenant)s and q.asked_at >= %(since)s and q.asked_at < %(until)s
    and (%(group)s::bigint is null or q.group_id = %(group)s)
    and (%(staff)s::bigint is null or {hands} = %(staff)s)
),
timed as materialized (
  select q.*, {replied} - {asked} as reply_work, {resolved} - {asked} as resolve_work from told q
)
select hands, group_id, day, grouping(hands), grouping(group_id), grouping(day), count(*), count(replied_at),
  count(resolved_at), count(*) filter (where replied_at is null and closed_at is null),
  count(*) filter (where resolved_at is null and closed_at is null),
  {percentiles}
from timed q
group by grouping sets ((), (hands), (group_id), (day))
"""
_TIMES = ("reply", "reply_work", "resolve", "resolve_work")
_PERCENTILES = ", ".join(
    f"percentile_cont(array[0.5, 0.9]) within group (order by {name})" for name in _TIMES
)


def service_figures(*, tenant_id: int, wanted: Wanted, hours: WorkTime) -> dict[str, dict[Any, Service]]:
    """{"all": {None: figures}, "staff": {staff id or None: …}, "group": {group id or None: …}, "day": {local day: …}}.

    "all" is there even when nothing was asked. Group None: asked in private, or in a chat that is no group here. One
    query.
    """
    days, before, worked = _days(wanted, hours)
    statement = _FIGURES.format(
        hands=_HANDS, percentiles=_PERCENTILES,
        **{name: _WORKED.format(at=f"{name}_at") for name in ("asked", "replied", "resolved")},
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "tenant": tenant_id, "since": wanted.since, "until": wanted.until, "group": wanted.group_id,
                "staff": wanted.staff_id, "zone": hours.zone, "days": days, "before": before, "is_worked": worked,
                "start": _seconds(hours.start), "length": _length(hours),
            },
        )  # fmt: skip
        rows = cursor.fetchall()
    found: dict[str, dict[Any, Service]] = {ALL: {None: Service()}, BY_STAFF: {}, BY_GROUP: {}, BY_DAY: {}}
    for staff_id, group_id, day, no_staff, no_group, no_day, *counts in rows:
        made = Service(*counts[:5], *(Times(*(one or (None, None))) for one in counts[5:]))
        if not no_staff:
            found[BY_STAFF][staff_id] = made
        elif not no_group:
            found[BY_GROUP][group_id] = made
        elif not no_day:
            found[BY_DAY][day] = made
        else:
            found[ALL][None] = made
    return found


def _days(wanted: Wanted, hours: WorkTime) -> tuple[list[date], list[float], list[int]]:
    """Every local day that a moment of these questions can lie on, with the working seconds before it."""
    day = local_date(wanted.since, hours.zone)
    last = local_date(wanted.until, hours.zone) + REPLY_WITHIN + timedelta(days=1)
    days: list[date] = []
    before: list[float] = []
    worked: list[int] = []
    total = 0.0
    while day <= last:
        is_worked = int(hours.is_worked(day))
        days.append(day)
        before.append(total)
        worked.append(is_worked)
        total += is_worked * _length(hours)
        day += timedelta(days=1)
    return days, before, worked


def _seconds(at: Any) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second


def _length(hours: WorkTime) -> int:
    return max(_seconds(hours.end) - _seconds(hours.start), 0)


def question_list(*, tenant_id: int) -> QuerySet[Question]:
    """Questions, the latest first, with who asked, who answered and where."""
    rows = Question.objects.filter(tenant_id=tenant_id)
    return rows.select_related("customer", "group__owner", "staff", "replied_by").order_by("-asked_at", "-pk")


def in_state(rows: QuerySet[Question], state: str, now: datetime) -> QuerySet[Question]:
    """Questions of one of STATES; none for a word that is none."""
    waiting = Q(replied_at=None, closed_at=None)
    told = {
        "waiting": waiting,
        "late": waiting & Q(due_at__lt=now),
        "open": Q(resolved_at=None, closed_at=None),
        "answered": Q(replied_at__isnull=False),
        "resolved": Q(resolved_at__isnull=False),
        "closed": Q(closed_at__isnull=False),
    }.get(state)
    return rows.filter(told) if told is not None else rows.none()


def in_hands_of(rows: QuerySet[Question], staff_id: int) -> QuerySet[Question]:
    """Questions that a colleague answered first or, while nobody has, has to answer."""
    waits = Q(replied_by=None) & (Q(staff_id=staff_id) | Q(staff=None, group__owner_id=staff_id))
    return rows.filter(Q(replied_by_id=staff_id) | waits)


def questions_answered(*, tenant_id: int, since: datetime) -> QuerySet[Question] | None:
    """Questions answered by a colleague since a moment; None where no messages are read and none ever came."""
    if not coverage(tenant_id=tenant_id).sees_messages:
        return None
    # Nothing asked longer before can have been answered since: the index is of when it was asked.
    return Question.objects.filter(
        tenant_id=tenant_id,
        asked_at__gte=since - REPLY_WITHIN,
        replied_at__gte=since,
        replied_by__isnull=False,
    )


def question_get(*, tenant_id: int, question_id: int) -> Question:
    """Raises Question.DoesNotExist, also for another tenant's."""
    return question_list(tenant_id=tenant_id).get(pk=question_id)
