"""What a person's own groups hold, and who of their members bought."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contacts.selectors.orders import buyers_between
from groups.enums import State
from groups.models import Group, Member
from team.selectors import Share


def groups_owned(*, tenant_id: int, staff_ids: Iterable[int] | None = None) -> dict[int, int]:
    """{staff id: groups they own that are not over}; ids None: of everybody. One query."""
    rows = Group.objects.filter(tenant_id=tenant_id, owner_id__isnull=False, dismissed_at=None)
    if staff_ids is not None:
        rows = rows.filter(owner_id__in=list(staff_ids))
    counted = rows.exclude(state=State.ARCHIVED).order_by().values("owner_id").annotate(count=Count("pk"))
    return {row["owner_id"]: row["count"] for row in counted}


def members_carried(*, tenant_id: int, staff_ids: Iterable[int] | None = None) -> dict[int, int]:
    """{staff id: customers now in the groups they own}, a person in two groups twice; ids None: everybody's."""
    rows = _present(tenant_id).filter(group__owner_id__isnull=False)
    if staff_ids is not None:
        rows = rows.filter(group__owner_id__in=list(staff_ids))
    counted = rows.order_by().values("group__owner_id").annotate(count=Count("pk"))
    return {row["group__owner_id"]: row["count"] for row in counted}


def group_buyers_of(
    *, tenant: Any, staff_ids: Iterable[int], since: datetime, until: datetime
) -> dict[int, Share]:
    """{staff id: who bought in the time, of the customers now in the groups they own}, each once; its page lists the
    groups. One query.
    """
    bought = buyers_between(tenant_id=tenant.pk, since=since, until=until)
    rows = (
        _present(tenant.pk)
        .filter(group__owner_id__in=list(staff_ids))
        .order_by()
        .values("group__owner_id")
        .annotate(
            people=Count("customer_id", distinct=True),
            buyers=Count("customer_id", distinct=True, filter=Q(customer_id__in=bought)),
        )
    )
    page = reverse("groups:list", kwargs={"tenant_slug": tenant.slug})
    return {
        row["group__owner_id"]: Share(
            row["buyers"], row["people"], f"{page}?owner={row['group__owner_id']}", _("See their groups")
        )
        for row in rows
    }


def _present(tenant_id: int) -> Any:
    return Member.objects.filter(
        tenant_id=tenant_id, left_at=None, is_staff=False, customer_id__isnull=False, group__dismissed_at=None
    )
