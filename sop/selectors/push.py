"""Reads of the weekly push table: weeks, slots, what recurs, and what runs carry out in the same days (R61)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists

from groups.enums import PLAN_DAYS, Kind
from groups.policies.plan import Limits
from sop.enums import (
    GROUP_CHANNELS,
    MIX_ACTIVITIES_MIN,
    MIX_NORMS_MIN,
    MIX_TOPICS_MIN,
    MIX_VALUE_PERCENT,
    PUSH_AT,
    VALUE_SHARE_MIN,
    TouchState,
)
from sop.models import PushDefault, PushSlot, PushWeek, Touch
from sop.policies.push import Targets
from tenants import clock, preferences

if TYPE_CHECKING:
    from groups.models import Group
    from tenants.models import Tenant

WEEKS_BEFORE = 4
_SENT = (TouchState.SUBMITTED, TouchState.CONFIRMED)


def monday_of(day: date) -> date:
    """Monday of the week around a day."""
    return day - timedelta(days=day.weekday())


def next_monday(tenant: "Tenant") -> date:
    """Monday of next week in the tenant's zone: the week that is planned now."""
    return monday_of(clock.local_date(clock.now(), tenant.timezone)) + timedelta(days=PLAN_DAYS)


def week_get(*, tenant_id: int, group_id: int, monday: date) -> PushWeek | None:
    """A group's table of a week, or None while nobody has begun it."""
    rows = PushWeek.objects.select_related("run__version")
    return rows.filter(tenant_id=tenant_id, group_id=group_id, monday=monday).first()


def week_whole(
    *, tenant_id: int, group: "Group", monday: date
) -> tuple[PushWeek | None, dict[tuple[int, str], PushSlot], bool]:
    """(a group's table of a week, what stands in it by place, whether a week recurs in groups of its type).

    One query; three while nothing stands there.
    """
    recurs = PushDefault.objects.filter(tenant=tenant_id, group_kind__in={group.kind, ""})
    slots = PushSlot.objects.filter(tenant_id=tenant_id, week__monday=monday, week__group=group.pk)
    rows = list(
        slots.select_related("week__run__version", "staff", "topic").annotate(has_default=Exists(recurs))
    )
    if not rows:
        week = week_get(tenant_id=tenant_id, group_id=group.pk, monday=monday)
        return week, {}, recurs.exists()
    return rows[0].week, {(row.number, row.slot): row for row in rows}, rows[0].has_default


def slots_of_weeks(
    *, tenant_id: int, group_ids: Iterable[int], monday: date
) -> dict[int, dict[tuple[int, str], PushSlot]]:
    """{group id: {(day of the week, slot): what stands there}}. One query."""
    found: dict[int, dict[tuple[int, str], PushSlot]] = defaultdict(dict)
    rows = PushSlot.objects.filter(
        tenant_id=tenant_id, week__monday=monday, week__group__in=list(group_ids)
    ).select_related("week", "staff", "topic")
    for row in rows:
        found[row.week.group_id][row.number, row.slot] = row
    return found


def touches_of_weeks(*, tenant: "Tenant", group_ids: Iterable[int], monday: date) -> dict[int, list[Touch]]:
    """{group id: every touch of its week, of all runs, by time}; joins and what was taken back are left out."""
    since = clock.day_bounds(monday, tenant.timezone)[0]
    until = clock.day_bounds(monday + timedelta(days=PLAN_DAYS - 1), tenant.timezone)[1]
    rows = (
        Touch.objects.filter(
            tenant=tenant,
            group__in=list(group_ids),
            planned_at__gte=since,
            planned_at__lt=until,
            occurrence="",
        )
        .exclude(state=TouchState.CANCELLED)
        .select_related("step", "run", "staff")
        .order_by("planned_at", "pk")
    )
    found: dict[int, list[Touch]] = defaultdict(list)
    for row in rows:
        found[row.group_id or 0].append(row)
    return found


def types_sent(*, tenant: "Tenant", group_id: int, before: date) -> list[str]:
    """Content types of what the group was sent in the four weeks before a Monday, by any run."""
    since = clock.day_bounds(before - timedelta(days=WEEKS_BEFORE * PLAN_DAYS), tenant.timezone)[0]
    until = clock.day_bounds(before, tenant.timezone)[0]
    rows = Touch.objects.filter(
        tenant=tenant, group=group_id, planned_at__gte=since, planned_at__lt=until, state__in=_SENT,
        channel__in=GROUP_CHANNELS,
    )  # fmt: skip
    return list(rows.values_list("step__content_type", flat=True))


def slot_times(*, tenant_id: int) -> dict[str, time]:
    """{slot: its time of day} of the tenant. One query."""
    own = preferences.values(tenant_id, *PUSH_AT.values())
    return {str(slot): own[setting.key] for slot, setting in PUSH_AT.items()}


def targets_of(*, tenant_id: int, kind: str, limits: Limits) -> Targets:
    """What a week of a group of this type should hold: a new-user group sells less than others (R2, R62)."""
    own = preferences.values(
        tenant_id, MIX_NORMS_MIN, MIX_VALUE_PERCENT, MIX_TOPICS_MIN, MIX_ACTIVITIES_MIN, VALUE_SHARE_MIN
    )
    is_new = kind == Kind.NEW_USER
    return Targets(
        norms=own[MIX_NORMS_MIN.key],
        value_percent=own[MIX_VALUE_PERCENT.key],
        topics=own[MIX_TOPICS_MIN.key],
        activities=own[MIX_ACTIVITIES_MIN.key],
        marketing_percent=limits.marketing_percent if is_new else 100 - own[VALUE_SHARE_MIN.key],
    )


def defaults_of(*, tenant_id: int, kind: str) -> dict[tuple[int, str], PushDefault]:
    """The week that recurs in groups of a type: its own, else that of any type."""
    rows = list(PushDefault.objects.filter(tenant_id=tenant_id, group_kind__in={kind, ""}))
    own = [row for row in rows if row.group_kind == kind] or rows
    return {(row.number, row.slot): row for row in own}
