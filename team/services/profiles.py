"""Writes of profiles, shifts and days off. Leaders write them; the trail keeps what stood before."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from team.enums import StaffKind, WorkState
from team.errors import BackupInvalid, ProfileInvalid, StaffUnknown
from team.models import DayOff, Shift, Staff, StaffProfile, WorkItem
from team.policies.shifts import Span
from team.selectors.profiles import own_metrics
from team.selectors.shifts import covers_for
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

_FIELDS = ("kind", "strengths", "own_metric", "backup_id")


def profile_set(*, tenant: Tenant, staff_id: int, actor: Actor, **fields: Any) -> StaffProfile:
    """Write kind, strengths, own_metric or backup_id (None: nobody) of a colleague. Safe to repeat.

    Raises NotPermitted, StaffUnknown, ProfileInvalid for a kind or metric that is not declared, BackupInvalid.
    """
    require(actor, Permission.APPROVE)
    if set(fields) - set(_FIELDS):
        raise TypeError(f"a profile has no {sorted(set(fields) - set(_FIELDS))[0]}")
    _check(fields)
    with transaction.atomic():
        staff = _locked(tenant, staff_id)
        if backup := fields.get("backup_id"):
            _check_backup(tenant, staff, backup)
        row = StaffProfile.objects.filter(tenant=tenant, staff=staff).first()
        row = row or StaffProfile(tenant=tenant, staff=staff)
        changes = {}
        for name, value in fields.items():
            value = value.strip()[:200] if name == "strengths" else value
            if getattr(row, name) != value:
                changes[name] = [getattr(row, name), value]
                setattr(row, name, value)
        if not changes:
            return row
        row.changed_by, row.changed_at = actor.name[:128], clock.now()
        row.save()
        if "own_metric" in changes:
            labels = {one.key: str(one.label) for one in own_metrics()}
            changes["own_metric"] = [labels.get(one, one) for one in changes["own_metric"]]
        if "backup_id" in changes:
            names = dict(Staff.objects.filter(tenant=tenant).values_list("pk", "name"))
            changes["backup"] = [names.get(one or 0, "") for one in changes.pop("backup_id")]
            covers_refresh(tenant_id=tenant.pk, staff_id=staff.pk)
        audit.record(tenant=tenant, actor=actor, verb="team.staff.profiled", target=staff, changes=changes)
    return row


def _check(fields: Mapping[str, Any]) -> None:
    if fields.get("kind", "") not in ("", *StaffKind.values):
        raise ProfileInvalid
    if fields.get("own_metric", "") not in ("", *(one.key for one in own_metrics(converts=True))):
        raise ProfileInvalid


def _check_backup(tenant: Tenant, staff: Staff, backup_id: int) -> None:
    found = Staff.objects.filter(tenant=tenant, pk=backup_id, is_active=True).exists()
    if backup_id == staff.pk or not found:
        raise BackupInvalid


def _locked(tenant: Tenant, staff_id: int) -> Staff:
    row = Staff.objects.select_for_update(of=("self",)).filter(tenant=tenant, pk=staff_id).first()
    if row is None:
        raise StaffUnknown
    return row


def shifts_set(*, tenant: Tenant, staff_id: int, week: Mapping[int, Span | None], actor: Actor) -> None:
    """Write a colleague's hours of the weekdays named, on the company's wall; None takes a day out. Safe to repeat.

    An end at or before its start lies on the next day. Raises NotPermitted, StaffUnknown, ProfileInvalid.
    """
    require(actor, Permission.APPROVE)
    if any(day not in range(7) for day in week):
        raise ProfileInvalid
    with transaction.atomic():
        staff = _locked(tenant, staff_id)
        rows = Shift.objects.filter(tenant=tenant, staff=staff)
        before = {row.weekday: (row.starts_at, row.ends_at) for row in rows}
        changed = {day: span for day, span in week.items() if before.get(day) != span}
        if not changed:
            return
        rows.filter(weekday__in=list(changed)).delete()
        Shift.objects.bulk_create(
            Shift(tenant=tenant, staff=staff, weekday=day, starts_at=span[0], ends_at=span[1])
            for day, span in sorted(changed.items())
            if span is not None
        )
        told = {
            f"day_{day + 1}": [span_told(before.get(day)), span_told(span)] for day, span in changed.items()
        }
        audit.record(tenant=tenant, actor=actor, verb="team.staff.shifts_set", target=staff, changes=told)
        covers_refresh(tenant_id=tenant.pk, staff_id=staff.pk)


def span_told(span: Span | None) -> str:
    """ "09:00–18:00", "" for a free day."""
    return f"{span[0]:%H:%M}–{span[1]:%H:%M}" if span else ""


def day_off_set(*, tenant: Tenant, staff_id: int, day: date, is_off: bool, actor: Actor) -> None:
    """Give a colleague a day off, or take it back. Safe to repeat. Raises NotPermitted, StaffUnknown."""
    require(actor, Permission.APPROVE)
    with transaction.atomic():
        staff = _locked(tenant, staff_id)
        rows = DayOff.objects.filter(tenant=tenant, staff=staff, day=day)
        if is_off == rows.exists():
            return
        if is_off:
            DayOff.objects.create(tenant=tenant, staff=staff, day=day)
        else:
            rows.delete()
        verb = "team.staff.day_off_given" if is_off else "team.staff.day_off_taken_back"
        audit.record(
            tenant=tenant, actor=actor, verb=verb, target=staff, changes={"day": ["", day.isoformat()]}
        )
        covers_refresh(tenant_id=tenant.pk, staff_id=staff.pk)


def covers_refresh(*, tenant_id: int, staff_id: int) -> None:
    """Ask anew which of a person's waiting items their backup sees too. In the caller's transaction."""
    rows = list(
        WorkItem.objects.select_for_update()
        .filter(
            tenant_id=tenant_id,
            staff_id=staff_id,
            state__in=[WorkState.OPEN, WorkState.SNOOZED, WorkState.BLOCKED],
        )
        .order_by("pk")
    )
    covers = covers_for(tenant_id=tenant_id, dues=[(row.staff_id, row.due_at) for row in rows])
    moved = []
    for row, cover in zip(rows, covers, strict=True):
        if row.cover_id != cover:
            row.cover_id = cover
            moved.append(row)
    WorkItem.objects.bulk_update(moved, ["cover"], batch_size=500)
