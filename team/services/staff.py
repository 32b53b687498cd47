"""Writes of staff: what WeCom says of them, and their console logins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from team.errors import MemberUnknown, StaffGone, StaffLinked, StaffUnknown
from team.models import Department, Staff
from team.services.handover import leaver_settle
from tenants import audit, clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission, Suspension
from tenants.models import Membership, Tenant
from tenants.services import member_let_in, member_suspend, require


@dataclass(frozen=True, slots=True)
class StaffSeen:
    """One member as WeCom's contact list shows them."""

    userid: str
    name: str
    department_ids: tuple[int, ...] = ()


_READ_FIELDS = ("name", "department_ids", "is_active", "can_contact")


def staff_store(
    *, tenant_id: int, app_id: int, people: list[StaffSeen], contactable: set[str], is_complete: bool
) -> int:
    """Write what differs of the staff an app sees. With `is_complete` those not seen become inactive; their rows stay.

    `contactable`: user ids that may talk to customers; one seen only there is stored too. Returns how many rows
    changed their standing (active or not, may talk or not). One transaction; safe to repeat.
    """
    now = clock.now()
    seen = {one.userid: one for one in people}
    for userid in contactable - set(seen):
        seen[userid] = StaffSeen(userid, "")
    with transaction.atomic():
        rows = Staff.objects.select_for_update().filter(tenant_id=tenant_id, app_id=app_id).order_by("pk")
        held = list(rows if is_complete else rows.filter(userid__in=seen))
        new_ids = sorted(set(seen) - {row.userid for row in held})
        fresh = [Staff(tenant_id=tenant_id, app_id=app_id, userid=one) for one in new_ids]
        standings = {row.pk: (row.is_active, row.can_contact) for row in held}
        different = [
            row
            for row in [*held, *fresh]
            if _read_staff(row, seen.get(row.userid), row.userid in contactable, now)
        ]
        Staff.objects.bulk_create(fresh, ignore_conflicts=True)
        if known := [row for row in different if row.pk in standings]:
            Staff.objects.bulk_update(known, [*_READ_FIELDS, "synced_at"], batch_size=500)
        _suspend_leavers(tenant_id, [row for row in held if not row.is_active])
        _ask_for_handover(tenant_id, [row for row in held if not row.is_active and standings[row.pk][0]])
    return len(fresh) + sum(standings[row.pk] != (row.is_active, row.can_contact) for row in held)


def _read_staff(row: Staff, seen: StaffSeen | None, can_contact: bool, now: datetime) -> bool:
    """Take what WeCom says of one member, None: nothing any more. Returns whether anything differs."""
    before = [getattr(row, name) for name in _READ_FIELDS]
    if seen is None:
        row.is_active, row.can_contact = False, False
    else:
        row.name = seen.name[:64] or row.name
        row.department_ids = list(seen.department_ids) or row.department_ids
        row.is_active, row.can_contact, row.synced_at = True, can_contact, now
    return before != [getattr(row, name) for name in _READ_FIELDS]


def departments_store(*, tenant_id: int, app_id: int, departments: Sequence[Mapping[str, Any]]) -> None:
    """Write WeCom's department list; those it lacks are removed. One transaction; safe to repeat."""
    with transaction.atomic():
        Department.objects.bulk_create(
            [
                Department(
                    tenant_id=tenant_id,
                    app_id=app_id,
                    dept_id=one["id"],
                    parent_id=one.get("parentid") or 0,
                    name=one.get("name") or str(one["id"]),
                )
                for one in sorted(departments, key=lambda each: each["id"])
            ],
            update_conflicts=True,
            unique_fields=["tenant", "app", "dept_id"],
            update_fields=["parent_id", "name"],
        )
        ids = [one["id"] for one in departments]
        Department.objects.filter(tenant_id=tenant_id, app_id=app_id).exclude(dept_id__in=ids).delete()


def staff_ensure(*, tenant_id: int, app_id: int, userid: str) -> Staff:
    """The row of a userid that an event names; a new one has no name until the next read. Safe to repeat."""
    row, _created = Staff.objects.get_or_create(tenant_id=tenant_id, app_id=app_id, userid=userid)
    return row


def staff_rename(*, tenant_id: int, app_id: int, userid: str, new_userid: str) -> None:
    """A member's userid changed in WeCom. Safe to repeat; a row of the new id that exists already wins."""
    rows = Staff.objects.filter(tenant_id=tenant_id, app_id=app_id)
    if not rows.filter(userid=new_userid).exists():
        rows.filter(userid=userid).update(userid=new_userid)


def staff_deactivate(*, tenant_id: int, app_id: int, userid: str) -> None:
    """A member left the corp: the row stays, inactive; the console login is suspended. Safe to repeat."""
    with transaction.atomic():
        rows = Staff.objects.filter(tenant_id=tenant_id, app_id=app_id, userid=userid)
        rows.update(is_active=False, can_contact=False)
        _suspend_leavers(tenant_id, list(rows))
        _ask_for_handover(tenant_id, list(rows))


def _ask_for_handover(tenant_id: int, gone: list[Staff]) -> None:
    """What leavers hold becomes a must of the lead. In the transaction."""
    if gone:
        tenant = Tenant.objects.get(pk=tenant_id)
        for row in gone:
            leaver_settle(tenant=tenant, staff=row)


def _suspend_leavers(tenant_id: int, gone: list[Staff]) -> None:
    """Keep out those who left WeCom, unless another app of the company still lists them. In the transaction."""
    members = {row.membership_id for row in gone if row.membership_id is not None}
    if not members:
        return
    still_here = Staff.objects.filter(tenant_id=tenant_id, membership_id__in=members, is_active=True)
    members -= set(still_here.values_list("membership_id", flat=True))
    open_now = Membership.objects.filter(
        tenant_id=tenant_id, pk__in=members, ended_at=None, suspended_at=None
    ).values_list("pk", flat=True)
    if not open_now:
        return
    tenant = Tenant.objects.get(pk=tenant_id)
    for member_id in sorted(open_now):
        member_suspend(tenant=tenant, member_id=member_id, why=Suspension.LEFT_WECOM, actor=SYSTEM)


def staff_link_member(*, tenant: Tenant, staff_id: int, member_id: int | None, actor: Actor) -> Staff:
    """Say which console login this staff member is; None unlinks. A login is one person: its old link is taken off.

    Whoever is linked can sign in as that login, so only who manages members may say it. Raises StaffUnknown,
    MemberUnknown, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        row = Staff.objects.select_for_update().filter(tenant=tenant, pk=staff_id).first()
        if row is None:
            raise StaffUnknown
        if member_id is not None:
            if not Membership.objects.filter(tenant=tenant, pk=member_id, ended_at=None).exists():
                raise MemberUnknown
            Staff.objects.filter(tenant=tenant, app_id=row.app_id, membership_id=member_id).exclude(
                pk=row.pk
            ).update(membership=None)
        before, row.membership_id = row.membership_id, member_id
        row.save(update_fields=["membership"])
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="team.staff.linked",
            target=row,
            changes={"membership": [before, member_id]},
        )
    return row


def staff_let_in(*, tenant: Tenant, staff_id: int, role: str, actor: Actor) -> Staff:
    """Make a staff member a member of the console with a role, in one step: they sign in by WeCom.

    Raises StaffUnknown, StaffGone, StaffLinked, NotPermitted. A repeat is refused, so nobody gets two logins.
    """
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        row = Staff.objects.select_for_update(of=("self",)).filter(tenant=tenant, pk=staff_id)
        staff = row.select_related("membership").first()
        if staff is None:
            raise StaffUnknown
        if not staff.is_active:
            raise StaffGone
        if staff.membership is not None and staff.membership.ended_at is None:
            raise StaffLinked
        member = member_let_in(tenant=tenant, name=str(staff), role=role, actor=actor)
        return staff_link_member(tenant=tenant, staff_id=staff.pk, member_id=member.pk, actor=actor)
