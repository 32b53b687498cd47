"""Who is in a group: what the members tab shows for an address, and the same rows as a file."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet

from groups.models import Group, Member
from groups.policies.plan import GroupPlan
from groups.selectors import member_list
from groups.selectors.koc import ROLES, mark_roles, role_members
from groups.selectors.members import inviters_named
from groups.selectors.violations import count_breaches
from groups.views import six

MEMBERS_A_PAGE = 50
WHICH = ("customers", "staff", "leads", "everyone", "left", *ROLES)


def members_asked(
    request: Any, group: Group, facts: GroupPlan
) -> tuple[QuerySet[Member], str, six.Figure | None]:
    """(rows, `which` of the address, the figure whose people they are or None); `q` narrows by name or nickname."""
    which = request.GET.get("which", "customers")
    which = which if which in WHICH else "customers"
    figure = six.figure_asked(request, group, facts)
    who: dict[str, Any] = {"tenant_id": group.tenant_id, "group_id": group.pk}
    if figure is not None:
        rows = member_list(**who, member_ids=figure.member_ids)
    else:
        rows = member_list(**who, which="everyone" if which == "leads" else which)
        if which == "leads":
            rows = rows.filter(userid__in=[group.owner_userid, *group.admin_userids])
        if which in ROLES:
            rows = rows.filter(customer_id__in=role_members(group=group, role=which))
    if text := request.GET.get("q", "").strip():
        rows = rows.filter(
            Q(customer__name__icontains=text) | Q(nickname__icontains=text) | Q(staff__name__icontains=text)
        )
    return rows, which, figure


def members_context(request: Any, group: Group, facts: GroupPlan) -> dict[str, Any]:
    """What `groups/_members.html` shows."""
    rows, which, figure = members_asked(request, group, facts)
    paginator = Paginator(rows, MEMBERS_A_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    _name_inviters(page, group.tenant_id)
    count_breaches(page, group=group)
    mark_roles(page, group=group)
    return {
        "which": which, "page": page, "paginator": paginator, "page_field": "page",
        "text": request.GET.get("q", "").strip(), "figure": figure,
        "shows_left": which == "left" or any(row.left_at for row in page),
        **({"staff": figure.crew} if figure else {}),
    }  # fmt: skip


def _name_inviters(rows: Any, tenant_id: int) -> None:
    """Who brought each member in: a name, else WeCom's id as it came."""
    found = inviters_named(tenant_id=tenant_id, userids={row.invited_by for row in rows})
    for row in rows:
        row.inviter = found.get(row.invited_by, row.invited_by)
