"""Who is in a group: what the members tab shows for an address, and the same rows as a file."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet

from contacts.selectors.profile import completeness_of
from groups.models import Group, Member
from groups.policies.plan import GroupPlan
from groups.selectors import member_list
from groups.selectors.koc import ROLES, mark_roles, role_members
from groups.selectors.members import inviters_named
from groups.selectors.violations import count_breaches
from groups.views import six

MEMBERS_A_PAGE = 50
THIN = "thin"  # in the address: of whom less than half of the profile is known
ORDINARY = "ordinary"  # in the address: customers in none of the roles
WHICH = ("customers", "staff", "leads", "everyone", "left", THIN, ORDINARY, *ROLES)


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
        rows = member_list(
            **who, which={"leads": "everyone", THIN: "customers", ORDINARY: "customers"}.get(which, which)
        )
        if which == THIN:
            rows = rows.filter(customer_id__in=profiles_of(group).thin)
        if which == "leads":
            rows = rows.filter(userid__in=[group.owner_userid, *group.admin_userids])
        if which == ORDINARY:
            for role in ROLES:
                rows = rows.exclude(customer_id__in=role_members(group=group, role=role))
        if which in ROLES:
            rows = rows.filter(customer_id__in=role_members(group=group, role=which))
    if text := request.GET.get("q", "").strip():
        rows = rows.filter(
            Q(customer__name__icontains=text) | Q(nickname__icontains=text) | Q(staff__name__icontains=text)
        )
    return rows, which, figure


@dataclass(frozen=True)
class Profiles:
    """How much is known of a group's present customers: the mean share of nine fields, None without customers; and
    those of whom less than half is known."""

    mean: float | None
    thin: frozenset[int]


def profiles_of(group: Group) -> Profiles:
    """A camp's completeness (R28). Two queries, the first time a page asks."""
    known: Profiles | None = getattr(group, "_profiles", None)
    if known is None:
        present = member_list(tenant_id=group.tenant_id, group_id=group.pk, which="customers")
        shares = completeness_of(
            tenant_id=group.tenant_id, customer_ids=present.order_by().values("customer_id")
        )
        mean = sum(shares.values()) / len(shares) if shares else None
        known = Profiles(mean, frozenset(one for one, share in shares.items() if share < 0.5))
        group._profiles = known  # type: ignore[attr-defined]
    return known


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
