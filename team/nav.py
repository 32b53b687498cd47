"""What team adds to the menu."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console import nav
from team.enums import Bucket
from team.selectors import NOBODY, open_items, staff_of_members
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


nav.register_members_tab(label=_("WeCom staff"), url_name="team:access")
nav.register_member_notes(label=_("WeCom staff"), notes=_staff_names)
nav.register(key="staff", label=_("Team"), icon="id-badge-2", url_name="team:staff_list", order=110)
