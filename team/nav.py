"""What team adds to the menu."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console import nav
from console.audit_changes import register_changes
from team.enums import ApprovalState, Bucket, StaffKind
from team.selectors import NOBODY, approvals_waiting, open_items, staff_of_members
from team.viewer import own_staff
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.roles import allows


def _must_do(request: HttpRequest) -> QuerySet:
    """What must be done by the visitor; a lead without a linked staff member sees everyone's."""
    tenant = request.tenant  # type: ignore[attr-defined]
    own = own_staff(request)
    everyone = allows(request.role, Permission.APPROVE)  # type: ignore[attr-defined]
    staff_id = own.pk if own else None if everyone else NOBODY
    return open_items(tenant_id=tenant.pk, staff_id=staff_id, bucket=Bucket.MUST)


nav.register(
    key="team",
    label=pgettext_lazy("menu", "Today"),
    icon="checklist",
    url_name="team:today",
    order=10,
    count=_must_do,
    is_late=True,
)


def _staff_names(tenant: Tenant, member_ids: list[int]) -> dict[int, str]:
    """{membership id: names of the staff who sign in as it}."""
    found = staff_of_members(tenant_id=tenant.pk, member_ids=member_ids)
    return {member_id: gettext(", ").join(str(one) for one in rows) for member_id, rows in found.items()}


def _to_decide(request: HttpRequest) -> QuerySet | None:
    """Requests that wait, for those who may decide."""
    if not allows(request.role, Permission.APPROVE):  # type: ignore[attr-defined]
        return None
    tenant = request.tenant  # type: ignore[attr-defined]
    return approvals_waiting(tenant_id=tenant.pk).order_by().values("pk")


nav.register(
    key="approvals",
    label=_("Approvals"),
    icon="gavel",
    url_name="team:approvals",
    order=112,
    permission=Permission.WORK,
    count=_to_decide,
)
register_changes(
    "team.approval",
    labels={
        "asked": pgettext_lazy("audit field", "Asked for"),
        "state": pgettext_lazy("audit field", "State"),
    },
    values={"state": dict(ApprovalState.choices)},
)
register_changes(
    "team.staff",
    labels={
        "kind": pgettext_lazy("audit field", "Kind of person"),
        "strengths": pgettext_lazy("audit field", "Strengths"),
        "own_metric": pgettext_lazy("audit field", "Own metric"),
        "backup": pgettext_lazy("audit field", "Backup"),
        "day": pgettext_lazy("audit field", "Day"),
        **{f"day_{number + 1}": name for number, name in WEEKDAYS.items()},
    },
    values={"kind": dict(StaffKind.choices)},
)
nav.register_members_tab(label=_("WeCom staff"), url_name="team:access")
nav.register_member_notes(label=_("WeCom staff"), notes=_staff_names)
nav.register(key="staff", label=_("Team"), icon="id-badge-2", url_name="team:staff_list", order=110)
