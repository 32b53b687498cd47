"""What each person carries, by day and by night (R124)."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, DateTimeField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.functions import ExtractHour, ExtractMinute, TruncDate
from django.urls import reverse

from team.enums import LOAD_ITEMS, NIGHT_DAYS, NIGHT_FROM, NIGHT_UNTIL, WorkState
from team.models import WorkItem
from team.selectors.profiles import Share
from tenants import clock, preferences
from tenants.models import Tenant

NIGHT_SPAN = timedelta(days=7)


# {staff id: {evening: how many}}
Nights = dict[int, dict[date, int]]


@dataclass(frozen=True)
class Carried:
    """A person's load: items due today (done or not), late ones, what was done at night in the last 7 days.

    `night_answers`: customers' questions answered at night, None where no messages are read. `nights`: evenings with
    either.
    """

    today: int = 0
    late: int = 0
    night_items: int = 0
    night_answers: int | None = None
    nights: int = 0
    is_too_much: bool = False
    is_night_work: bool = False


Answers = Callable[..., QuerySet | None]
_answers: list[Answers] = []


def register_night_answers(provider: Answers) -> None:
    """Who answers customers: `provider(tenant_id=, since=)` -> rows answered from then on at least, with `replied_at`
    and `replied_by_id`; None: no messages are read. There is one.
    """
    _answers[:] = [provider]


def carried(*, tenant: Tenant, staff_ids: Iterable[int]) -> dict[int, Carried]:
    """{staff id: load} of all of them, now. Three queries beside the settings and the archive's state."""
    wanted, now = list(staff_ids), clock.now()
    limit = preferences.value(tenant.pk, LOAD_ITEMS)
    nights_limit = preferences.value(tenant.pk, NIGHT_DAYS)
    day = _day(tenant, wanted, now)
    # What closed by itself is nobody's night.
    done = WorkItem.objects.filter(tenant=tenant, state=WorkState.DONE).exclude(done_by="")
    items = nights_of(done, tenant=tenant, staff_ids=wanted, now=now, staff="staff_id", at="done_at")
    told = _answers[0](tenant_id=tenant.pk, since=now - NIGHT_SPAN) if _answers else None
    answers = (
        nights_of(told, tenant=tenant, staff_ids=wanted, now=now, staff="replied_by_id", at="replied_at")
        if told is not None
        else None
    )
    found = {}
    for one in wanted:
        evenings = {*items.get(one, {}), *(answers or {}).get(one, {})}
        found[one] = Carried(
            *day.get(one, (0, 0)),
            night_items=sum(items.get(one, {}).values()),
            night_answers=None if answers is None else sum(answers.get(one, {}).values()),
            nights=len(evenings),
            is_too_much=day.get(one, (0, 0))[0] > limit,
            is_night_work=len(evenings) >= nights_limit,
        )
    return found


def _day(tenant: Tenant, staff_ids: list[int], now: datetime) -> dict[int, tuple[int, int]]:
    first, after = clock.day_bounds(clock.local_date(now, tenant.timezone), tenant.timezone)
    rows = WorkItem.objects.filter(tenant=tenant, staff_id__in=staff_ids).exclude(state=WorkState.CANCELLED)
    open_states = [WorkState.OPEN, WorkState.SNOOZED]
    counted = (
        rows.filter(Q(due_at__gte=first, due_at__lt=after) | Q(state__in=open_states, due_at__lt=first))
        .values("staff_id")
        .annotate(today=Count("pk"), late=Count("pk", filter=Q(state__in=open_states, due_at__lte=now)))
    )
    return {row["staff_id"]: (row["today"], row["late"]) for row in counted}


def nights_of(
    rows: QuerySet, *, tenant: Tenant, staff_ids: list[int], now: datetime, staff: str, at: str
) -> Nights:
    """{staff id: {evening: rows}} of the last 7 days' nights: 02:00 is of the evening before. `staff` and `at` name
    the columns of who did it and when. One query."""
    begins = preferences.value(tenant.pk, NIGHT_FROM)
    ends = preferences.value(tenant.pk, NIGHT_UNTIL)
    start, stop = (one.hour * 60 + one.minute for one in (begins, ends))
    zone = ZoneInfo(tenant.timezone)
    at_night = (
        Q(minute__gte=start) & Q(minute__lt=stop)
        if start <= stop
        else Q(minute__gte=start) | Q(minute__lt=stop)
    )
    earlier = ExpressionWrapper(F(at) - Value(timedelta(minutes=stop)), output_field=DateTimeField())
    span = {f"{staff}__in": staff_ids, f"{at}__gt": now - NIGHT_SPAN, f"{at}__lte": now}
    counted = (
        rows.filter(**span)
        .annotate(minute=ExtractHour(at, tzinfo=zone) * 60 + ExtractMinute(at, tzinfo=zone))
        .filter(at_night)
        .order_by()
        .values(staff)
        .annotate(evening=TruncDate(earlier, tzinfo=zone), many=Count("pk"))
    )
    found: Nights = defaultdict(dict)
    for row in counted:
        found[row[staff]][row["evening"]] = row["many"]
    return found


def on_time_of(
    *, tenant: Any, staff_ids: Iterable[int], since: datetime, until: datetime
) -> dict[int, Share]:
    """{staff id: items done by their time, of those due in [since, until) that were done or missed}. One query."""
    rows = (
        WorkItem.objects.filter(
            tenant=tenant, staff_id__in=list(staff_ids), due_at__gte=since, due_at__lt=until,
            state__in=[WorkState.DONE, WorkState.MISSED],
        )
        .values("staff_id")
        .annotate(due=Count("pk"), done=Count("pk", filter=Q(state=WorkState.DONE, done_at__lte=F("due_at"))))
    )  # fmt: skip
    page = reverse("team:today", kwargs={"tenant_slug": tenant.slug})
    return {
        row["staff_id"]: Share(row["done"], row["due"], f"{page}?staff={row['staff_id']}&bucket=done")
        for row in rows
    }
