"""Settings, Members and roles, WeCom staff: who of the staff may enter the console, and as whom."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.listing import ListPage
from console.pages import ConsoleView, go, toast
from team.filters import AccessFilter
from team.models import Staff
from team.selectors import staff_list
from team.services import staff_let_in, staff_link_member
from team.tables import AccessTable
from tenants.enums import Permission
from tenants.forms import RoleForm
from wecom.selectors import app_current


class StaffAccessPage(ListPage):
    """Staff as WeCom lists them, each with the console login they sign in as."""

    permission = write_permission = Permission.MANAGE
    template_name = "team/access.html"
    table_class = AccessTable
    filterset_class = AccessFilter
    key = "team.access"
    title = gettext_lazy("Members and roles")
    purpose = gettext_lazy(
        "Staff sign in by scanning with WeCom. Let them in with a role; who leaves WeCom is suspended by itself."
    )
    has_views = False

    def queryset(self) -> QuerySet[Staff]:
        return staff_list(tenant_id=self.request.tenant.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant_slug": self.request.tenant.slug}

    def context(self) -> dict[str, Any]:
        tenant = self.request.tenant
        rows = self.queryset()
        path = reverse("team_public:login_company", kwargs={"slug": tenant.slug})
        return {
            "staff_count": rows.filter(is_active=True).count(),
            "address": f"{settings.PUBLIC_URL}{path}",
            "host": settings.PUBLIC_URL.partition("://")[2],
            "is_connected": app_current(tenant_id=tenant.pk) is not None,
        }


class _AccessView(ConsoleView):
    """A POST about one staff member's way in."""

    permission = write_permission = Permission.MANAGE
    http_method_names = ["post"]

    def back(self) -> HttpResponse:
        return go(self.request, self.url("team:access"))


class LetInView(_AccessView):
    """Make a staff member a member with a role: one step."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = RoleForm(request.POST)
        if not form.is_valid():
            raise Http404
        role = form.cleaned_data["role"]
        staff = staff_let_in(tenant=self.request.tenant, staff_id=pk, role=role, actor=self.request.actor)
        undo = self.url("team:unlink", pk=pk)
        toast(request, _("%(name)s may sign in by scanning now.") % {"name": staff}, undo)
        return self.back()


class UnlinkView(_AccessView):
    """Take the link between a staff member and a login away; the login stays a member."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        staff = staff_link_member(
            tenant=self.request.tenant, staff_id=pk, member_id=None, actor=self.request.actor
        )
        toast(request, _("%(name)s can no longer sign in by scanning.") % {"name": staff})
        return self.back()
