"""What each person carries, by day and by night (R124)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, DateTimeField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import ExtractHour, ExtractMinute, TruncDate
from django.urls import reverse

from team.enums import LOAD_ITEMS, NIGHT_DAYS, NIGHT_FROM, NIGHT_UNTIL, WorkState
from team.models import WorkItem
from team.selectors.profiles import Share
from tenants import clock, preferences
from tenants.models import Tenant

NIGHT_SPAN = timedelta(days=7)


@dataclass(frozen=True)
class Carried:
    """A person's load: items due today (done or not), late ones, what was done at night in the last 7 days."""

    today: int = 0
    late: int = 0
    night_items: int = 0
    nights: int = 0
    is_too_much: bool = False
    is_night_work: bool = False


def carried(*, tenant: Tenant, staff_ids: Iterable[int]) -> dict[int, Carried]:
    """{staff id: load} of all of them, now. Two queries beside the settings."""
    wanted, now = list(staff_ids), clock.now()
    limit = preferences.value(tenant.pk, LOAD_ITEMS)
    nights_limit = preferences.value(tenant.pk, NIGHT_DAYS)
    day = _day(tenant, wanted, now)
    nights = _nights(tenant, wanted, now)
    return {
        one: Carried(
            *day.get(one, (0, 0)), *nights.get(one, (0, 0)),
            is_too_much=day.get(one, (0, 0))[0] > limit, is_night_work=nights.get(one, (0, 0))[1] >= nights_limit,
        )
        for one in wanted
    }  # fmt: skip


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


def _nights(tenant: Tenant, staff_ids: list[int], now: datetime) -> dict[int, tuple[int, int]]:
    """{staff id: (items done at night, nights)}: 02:00 is of the evening before."""
    begins = preferences.value(tenant.pk, NIGHT_FROM)
    ends = preferences.value(tenant.pk, NIGHT_UNTIL)
    start, stop = (one.hour * 60 + one.minute for one in (begins, ends))
    zone = ZoneInfo(tenant.timezone)
    at_night = (
        Q(minute__gte=start) & Q(minute__lt=stop)
        if start <= stop
        else Q(minute__gte=start) | Q(minute__lt=stop)
    )
    earlier = ExpressionWrapper(F("done_at") - Value(timedelta(minutes=stop)), output_field=DateTimeField())
    counted = (
        WorkItem.objects.filter(
            tenant=tenant,
            staff_id__in=staff_ids,
            state=WorkState.DONE,
            done_at__gt=now - NIGHT_SPAN,
            done_at__lte=now,
        )
        .exclude(done_by="")  # what closed by itself is nobody's night
        .annotate(minute=ExtractHour("done_at", tzinfo=zone) * 60 + ExtractMinute("done_at", tzinfo=zone))
        .filter(at_night)
        .values("staff_id")
        .annotate(items=Count("pk"), nights=Count(TruncDate(earlier, tzinfo=zone), distinct=True))
    )
    return {row["staff_id"]: (row["items"], row["nights"]) for row in counted}


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
