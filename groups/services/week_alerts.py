"""Tell a group's owner that its week lacks content: by the agreed hour for the next one (R61), for super-users always
(R2). The Today list carries it, and it closes by itself once the plan has content again.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.core.cache import cache
from django.db import transaction
from django.urls import reverse

from groups.enums import LIVE_STATES, PLAN_DAYS, WEEK_DUE_AT, WEEK_DUE_DAY, WEEK_LEAD_HOURS, Kind, State
from groups.models import Group
from groups.policies.checks import Finding
from groups.selectors.week_exempt import groups_owing
from groups.selectors.weeks import GroupWeek, weeks_of_groups
from team.enums import Bucket, WorkKind, WorkState
from team.selectors import ItemStanding, work_items_of
from team.services import work_item_put, work_items_close
from tenants import clock, preferences
from tenants.models import Tenant
from tenants.words import say, say_each

SOURCE = "groups.week"
LOOK_EVERY_S = 900
CHUNK = 200
_EMPTY = "SUPER-02"  # asked on any day
_LACKS = frozenset({"PLAN-02", "PLAN-01"})  # asked by the hour


def tenants_to_look_ahead() -> list[int]:
    """Tenants with running groups whose weeks were not looked at in the last quarter of an hour. Across tenants: the
    caller is a tick.
    """
    running = Group.objects.filter(state__in=LIVE_STATES).values_list("tenant_id", flat=True).distinct()
    turn = int(clock.now().timestamp() // LOOK_EVERY_S)
    return [one for one in running if cache.add(f"groups:ahead:{one}:{turn}", 1, timeout=2 * LOOK_EVERY_S)]


def next_week_due(*, tenant: Tenant) -> tuple[date, datetime]:
    """(Monday of the week that must be planned by now, when it had to be): next week once this week's hour has come,
    this week before.
    """
    today = clock.local_date(clock.now(), tenant.timezone)
    monday = today - timedelta(days=today.weekday())
    own = preferences.values(tenant.pk, WEEK_DUE_DAY, WEEK_DUE_AT)
    due_day = monday + timedelta(days=own[WEEK_DUE_DAY.key] - 1)
    due_at = clock.at_local(due_day, own[WEEK_DUE_AT.key], tenant.timezone)
    if clock.now() >= due_at:
        return monday + timedelta(days=PLAN_DAYS), due_at
    week = timedelta(days=PLAN_DAYS)
    return monday, clock.at_local(due_day - week, own[WEEK_DUE_AT.key], tenant.timezone)


def week_alerts_bring_up(*, tenant: Tenant, group_ids: Iterable[int] | None = None) -> int:
    """Put or take back the alert of each running group, or of these. Returns how many ask for somebody.

    Safe to repeat: a group has one item, and one that was done stays done until another week is at stake. What was
    not asked by the hour is not asked for the week under way: only an alert that waits already is followed there.
    Some groups at a time, each slice under its locks.
    """
    rows = Group.objects.filter(tenant=tenant)
    if group_ids is not None:
        rows = rows.filter(pk__in=list(group_ids))
    wanted = list(rows.order_by("pk").values_list("pk", flat=True))
    return sum(
        _slice_bring_up(tenant, wanted[start : start + CHUNK]) for start in range(0, len(wanted), CHUNK)
    )


def _slice_bring_up(tenant: Tenant, group_ids: list[int]) -> int:
    monday, due_at = next_week_due(tenant=tenant)
    with transaction.atomic():
        rows = Group.objects.select_for_update().filter(tenant=tenant, pk__in=group_ids)
        groups = list(rows.order_by("pk"))
        live = groups_owing(tenant_id=tenant.pk, groups=[one for one in groups if _is_asked(one)])
        items = work_items_of(tenant_id=tenant.pk, source_kind=SOURCE, source_ids=group_ids)
        told = {pk for pk, item in items.items() if item.waits and item.rule_code in _LACKS}
        asking = _asking(tenant, live, monday, told)
        lead_from = due_at + timedelta(hours=preferences.value(tenant.pk, WEEK_LEAD_HOURS))
        is_lead = clock.now() >= lead_from
        for group_id, (week, finding) in asking.items():
            if not _was_done(items.get(group_id), due_at):
                _put(tenant, week, finding, due_at, is_lead=is_lead)
        fine = [pk for pk, item in items.items() if item.waits and pk not in asking]
        work_items_close(tenant_id=tenant.pk, source_kind=SOURCE, source_ids=fine, state=WorkState.DONE)
    return len(asking)


def _is_asked(group: Group) -> bool:
    return group.dismissed_at is None and group.state in LIVE_STATES and group.state != State.CLOSING


def _was_done(item: ItemStanding | None, due_at: datetime) -> bool:
    """Whether a person has dealt with this very week."""
    return (
        item is not None and item.state == WorkState.DONE and item.starts_at == due_at and bool(item.done_by)
    )


def _asking(
    tenant: Tenant, groups: list[Group], monday: date, told: set[int]
) -> dict[int, tuple[GroupWeek, Finding]]:
    """{group id: (its week, what is wrong with it)} of the groups whose owner is to be told."""
    today = clock.local_date(clock.now(), tenant.timezone)
    is_next = monday > today
    found: dict[int, tuple[GroupWeek, Finding]] = {}
    judged = groups if is_next else [one for one in groups if one.pk in told]
    first = max(monday, today)
    length = (monday + timedelta(days=PLAN_DAYS) - first).days
    for pk, week in weeks_of_groups(tenant=tenant, groups=judged, first=first, length=length).items():
        wrong = _lack(week, {*_LACKS, _EMPTY})
        if wrong is not None:
            found[pk] = (week, wrong)
    supers = [one for one in groups if one.kind == Kind.SUPER_USER and one.pk not in found]
    for pk, week in weeks_of_groups(tenant=tenant, groups=supers).items():
        wrong = _lack(week, {_EMPTY})
        if wrong is not None:
            found[pk] = (week, wrong)
    return found


def _lack(week: GroupWeek, codes: Iterable[str]) -> Finding | None:
    return next((one for one in week.findings if one.code in codes), None)


def _message(week: GroupWeek, finding: Finding) -> str:
    """The finding in the language at work."""
    found = _lack(week, {finding.code})
    return found.message if found else finding.message


def _put(tenant: Tenant, week: GroupWeek, finding: Finding, due_at: datetime, *, is_lead: bool) -> None:
    """The owner's item; once nobody planned for hours it stands before everybody, the team lead too."""
    group = week.group
    monday = week.days[0].day - timedelta(days=week.days[0].day.weekday())
    url = reverse("sop:week", kwargs={"tenant_slug": tenant.slug})
    work_item_put(
        tenant_id=tenant.pk,
        source_kind=SOURCE,
        source_id=group.pk,
        staff_id=None if is_lead else group.owner_id,
        group_id=group.pk,
        kind=WorkKind.ALERT,
        bucket=Bucket.MUST if is_lead or group.kind == Kind.SUPER_USER else Bucket.REMIND,
        title=say("Plan the week of %(group)s from %(day)s")
        % {"group": group, "day": week.days[0].day.isoformat()},
        detail=finding.fix,
        reason=say_each(lambda: _message(week, finding)),
        rule_code=finding.code,
        starts_at=due_at,
        url=f"{url}?group={group.pk}&week={monday.isoformat()}",
        verb_label=say("Plan the week"),
    )
