"""What groups adds to the menu and the search."""

from collections.abc import Iterator

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from console.nav import Hit, register, register_search
from console.pages import tenant_url
from groups.enums import Risk
from groups.selectors import group_counts, group_list
from tenants.models import Tenant

HITS = 5


def _broken(request: HttpRequest) -> int | None:
    tenant: Tenant = request.tenant  # type: ignore[attr-defined]
    found = group_counts(tenant_id=tenant.pk, bad=Q(risk=Risk.BAD, dismissed_at=None))
    return found["bad"] or None


def _search(tenant: Tenant, text: str) -> Iterator[Hit]:
    rows = group_list(tenant_id=tenant.pk).filter(Q(name__icontains=text) | Q(planned_name__icontains=text))
    for group in rows[:HITS]:
        url = tenant_url(tenant, "groups:detail", pk=group.pk)
        yield Hit(_("Groups"), str(group), url, str(group.get_state_display()), "users-group")


register(key="groups", label=_("Groups"), icon="users-group", url_name="groups:list", order=20, count=_broken)
register_search(_search)
