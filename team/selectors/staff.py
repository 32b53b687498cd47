"""Reads of staff."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from team.models import Department, Staff
from tenants.enums import Role

if TYPE_CHECKING:
    from tenants.audit import Actor


def staff_get(*, tenant_id: int, staff_id: int) -> Staff:
    """Raises Staff.DoesNotExist, also for another tenant's id."""
    return Staff.objects.get(tenant_id=tenant_id, pk=staff_id)


def staff_list(*, tenant_id: int, active_only: bool = False) -> QuerySet[Staff]:
    """Staff, active ones first, by name."""
    found = Staff.objects.filter(tenant_id=tenant_id)
    if active_only:
        found = found.filter(is_active=True)
    return found.select_related("membership__user").order_by("-is_active", "name", "userid")


def staff_for_choice(*, tenant_id: int, active_only: bool = False) -> list[tuple[int, str]]:
    """(id, name) of what `staff_list` holds, for a filter."""
    return [(one.pk, str(one)) for one in staff_list(tenant_id=tenant_id, active_only=active_only)]


def staff_contactable(*, tenant_id: int) -> list[Staff]:
    """Active staff whom WeCom lets talk to customers."""
    return list(
        Staff.objects.filter(tenant_id=tenant_id, is_active=True, can_contact=True).order_by(
            "app_id", "userid"
        )
    )


def staff_leads(*, tenant_id: int) -> list[Staff]:
    """Active staff whose linked login leads a team; those of owners where no leader is linked."""
    linked = Staff.objects.filter(
        tenant_id=tenant_id, is_active=True, membership__ended_at=None, membership__suspended_at=None
    ).select_related("membership")
    rows = list(linked.filter(membership__role__in=[Role.LEADER, Role.OWNER]).order_by("pk"))
    leaders = [one for one in rows if one.membership is not None and one.membership.role == Role.LEADER]
    return leaders or rows


def staff_by_userid(*, tenant_id: int, userid: str, app_id: int | None = None) -> Staff | None:
    """The staff member behind a WeCom userid, in any case, active or not; or None."""
    found = Staff.objects.filter(tenant_id=tenant_id, userid__iexact=userid)
    return (found.filter(app_id=app_id) if app_id else found.order_by("-is_active", "app_id")).first()


def staff_by_userids(
    *, tenant_id: int, userids: Iterable[str], app_id: int | None = None
) -> dict[str, Staff]:
    """{userid: staff} of those known."""
    found = Staff.objects.filter(tenant_id=tenant_id, userid__in=set(userids))
    if app_id:
        found = found.filter(app_id=app_id)
    return {row.userid: row for row in found.order_by("is_active", "-app_id")}


def staff_by_id(*, tenant_id: int, staff_ids: Iterable[int]) -> dict[int, Staff]:
    """{staff id: staff} of those known; no query for nobody."""
    wanted = set(staff_ids)
    return {row.pk: row for row in Staff.objects.filter(tenant_id=tenant_id, pk__in=wanted)} if wanted else {}


def staff_names(*, tenant_id: int, staff_ids: Iterable[int]) -> dict[int, str]:
    """{staff id: name, or the userid where WeCom gave no name}."""
    rows = Staff.objects.filter(tenant_id=tenant_id, pk__in=set(staff_ids))
    return {row.pk: str(row) for row in rows}


def staff_for_membership(*, tenant_id: int, membership_id: int) -> Staff | None:
    """The staff member a leader linked to this console login, or None."""
    return (
        Staff.objects.filter(tenant_id=tenant_id, membership_id=membership_id, is_active=True)
        .order_by("app_id")
        .first()
    )


def staff_for_user(*, tenant_id: int, user_id: int) -> Staff | None:
    """The staff member whose linked login is this user's, or None."""
    return (
        Staff.objects.filter(
            tenant_id=tenant_id,
            membership__user_id=user_id,
            membership__ended_at=None,
            membership__suspended_at=None,
            is_active=True,
        )
        .order_by("app_id")
        .first()
    )


def staff_of_members(*, tenant_id: int, member_ids: Iterable[int]) -> dict[int, list[Staff]]:
    """{membership id: its staff members, active first}; absent when none is linked."""
    found: dict[int, list[Staff]] = {}
    rows = Staff.objects.filter(tenant_id=tenant_id, membership_id__in=list(member_ids))
    for row in rows.order_by("-is_active", "pk"):
        found.setdefault(row.membership_id or 0, []).append(row)
    return found


def department_names(*, tenant_id: int) -> dict[tuple[int, int], str]:
    """{(app id, department id): name}."""
    rows = Department.objects.filter(tenant_id=tenant_id)
    return {(row.app_id, row.dept_id): row.name for row in rows}


def departments(*, tenant_id: int) -> dict[int, str]:
    """{our id: name}."""
    return dict(Department.objects.filter(tenant_id=tenant_id).values_list("pk", "name"))


def is_leader(*, tenant_id: int, staff_id: int) -> bool:
    """Whether the colleague signs in as an owner or a team lead."""
    return Staff.objects.filter(
        tenant_id=tenant_id,
        pk=staff_id,
        membership__role__in=[Role.OWNER, Role.LEADER],
        membership__ended_at=None,
    ).exists()


def is_actor(staff: Staff, actor: "Actor") -> bool:
    """Whether somebody who acts, by their console login or on the phone, is this staff member."""
    if actor.kind == "staff":
        return actor.id == staff.pk
    member = staff.membership
    return actor.kind == "user" and member is not None and member.user_id == actor.id
