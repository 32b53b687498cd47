"""The staff list, and which console login each staff member is."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _

from console.listing import ListPage
from console.pages import FormPage, drawer_done, toast
from team.filters import StaffFilter
from team.forms import StaffLinkForm
from team.models import Staff
from team.selectors import department_names, loads, open_counts, staff_get, staff_kinds, staff_list
from team.services import staff_link_member
from team.tables import StaffTable
from tenants.enums import Permission
from tenants.selectors import member_list


class StaffListPage(ListPage):
    """Who works here, as WeCom knows them."""

    table_class = StaffTable
    filterset_class = StaffFilter
    template_name = "team/staff_list.html"
    key = "team.staff"
    title = _("Team")
    purpose = _(
        "Staff come from WeCom. Link a console login, so that its person finds their own work under Today."
    )

    def queryset(self) -> QuerySet[Staff]:
        return staff_list(tenant_id=self.request.tenant.pk)

    def table_kwargs(self) -> dict[str, Any]:
        tenant = self.request.tenant
        return {
            "tenant_slug": tenant.slug,
            "tenant_id": tenant.pk,
            "can_link": self.can(Permission.MANAGE),
            "can_hand_over": self.can(Permission.APPROVE),
            "departments": department_names(tenant_id=tenant.pk),
            "open_items": open_counts(tenant_id=tenant.pk),
            "loads": loads(),
            "kinds": staff_kinds(tenant_id=tenant.pk),
        }


class StaffLinkPage(FormPage):
    """A drawer: pick the login of one staff member."""

    template_name = "team/staff_link.html"
    form_class = StaffLinkForm
    permission = write_permission = Permission.MANAGE

    def staff(self, pk: int) -> Staff:
        try:
            return staff_get(tenant_id=self.request.tenant.pk, staff_id=pk)
        except Staff.DoesNotExist as error:
            raise Http404 from error

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"member": self.staff(kwargs["pk"]).membership_id}

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        members = member_list(tenant=self.request.tenant)
        return {"members": [(one.pk, f"{one.user} · {one.user.email}") for one in members]}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"staff": self.staff(kwargs["pk"])}

    def done(self, form: StaffLinkForm, **kwargs: Any) -> HttpResponse:
        staff = staff_link_member(
            tenant=self.request.tenant,
            staff_id=kwargs["pk"],
            member_id=form.cleaned_data["member"],
            actor=self.request.actor,
        )
        toast(self.request, _("Saved: %(name)s") % {"name": staff})
        return drawer_done(self.request)
