"""What leads adds to the menu."""

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from console.nav import register
from leads.selectors.board import waiting_urgent


def _count(request: HttpRequest) -> int | None:
    return waiting_urgent(tenant_id=request.tenant.pk) or None  # type: ignore[attr-defined]


register(key="leads", label=_("Leads"), icon="target-arrow", url_name="leads:board", order=60, count=_count)
