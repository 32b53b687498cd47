"""Who is at work, and who stands in for whom."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from team.models import DayOff, Shift, Staff, StaffProfile
from team.policies.shifts import Hours, Span, is_on
from tenants.models import Tenant


def hours_of(
    *, tenant_id: int, staff_ids: Iterable[int] | None = None, since: date | None = None
) -> dict[int, Hours]:
    """{staff id: week and days off} of those who have either; None: of everybody. Two queries.

    `since`: days off before it are left out.
    """
    shifts, off = Shift.objects.filter(tenant_id=tenant_id), DayOff.objects.filter(tenant_id=tenant_id)
    if staff_ids is not None:
        wanted = list(staff_ids)
        shifts, off = shifts.filter(staff_id__in=wanted), off.filter(staff_id__in=wanted)
    if since is not None:
        off = off.filter(day__gte=since)
    weeks: dict[int, dict[int, Span]] = defaultdict(dict)
    for staff_id, weekday, start, end in shifts.values_list("staff_id", "weekday", "starts_at", "ends_at"):
        weeks[staff_id][weekday] = (start, end)
    days: dict[int, set[date]] = defaultdict(set)
    for staff_id, day in off.values_list("staff_id", "day"):
        days[staff_id].add(day)
    return {one: Hours(weeks.get(one, {}), frozenset(days.get(one, ()))) for one in {*weeks, *days}}


def wall(tenant_id: int) -> ZoneInfo:
    """The company's zone."""
    return ZoneInfo(Tenant.objects.values_list("timezone", flat=True).get(pk=tenant_id))


def on_shift(*, tenant_id: int, at: datetime) -> set[int] | None:
    """Ids of the active staff who work at a moment (aware); None: nobody has declared anything, so everybody may.

    Who has no week of their own counts as at work, but for their days off. Constant queries.
    """
    local = at.astimezone(wall(tenant_id))
    hours = hours_of(tenant_id=tenant_id, since=local.date() - timedelta(days=1))
    if not hours:
        return None
    active = Staff.objects.filter(tenant_id=tenant_id, is_active=True).values_list("pk", flat=True)
    return {one for one in active if is_on(hours.get(one, Hours()), local)}


def backup_of(*, tenant_id: int, staff_ids: Iterable[int]) -> dict[int, int]:
    """{staff id: who stands in}; only active ones stand in. One query, none for nobody."""
    wanted = set(staff_ids)
    if not wanted:
        return {}
    rows = StaffProfile.objects.filter(
        tenant_id=tenant_id, staff_id__in=wanted, backup__isnull=False, backup__is_active=True
    )
    return {
        staff_id: backup_id for staff_id, backup_id in rows.values_list("staff_id", "backup_id") if backup_id
    }


def covers_for(*, tenant_id: int, dues: Sequence[tuple[int | None, datetime | None]]) -> list[int | None]:
    """For each (staff id, due at, aware): the backup it is shown to as well, None inside the person's shifts.

    One query when nobody among them has a backup, four otherwise.
    """
    backups = backup_of(tenant_id=tenant_id, staff_ids={staff for staff, due in dues if staff and due})
    if not backups:
        return [None] * len(dues)
    zone = wall(tenant_id)
    hours = hours_of(tenant_id=tenant_id, staff_ids=backups)
    return [
        None
        if staff is None or due is None or is_on(hours.get(staff, Hours()), due.astimezone(zone))
        else backups.get(staff)
        for staff, due in dues
    ]
