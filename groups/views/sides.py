"""Whom a group is for: new or old customers (R15)."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from console.pages import FormPage, drawer_done, toast
from groups.forms.sides import SideForm
from groups.services.sides import group_set_side
from groups.views.detail import group_or_404
from tenants.enums import Permission


class GroupSidePage(FormPage):
    """A drawer: for new or for old customers, with a reason."""

    template_name = "groups/side.html"
    form_class = SideForm
    permission = write_permission = Permission.OPERATE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"side": group_or_404(self.request, kwargs["pk"]).own_side}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"group": group_or_404(self.request, kwargs["pk"])}

    def done(self, form: forms.Form, **kwargs: Any) -> HttpResponse:
        group = group_or_404(self.request, kwargs["pk"])
        group_set_side(
            tenant=self.request.tenant, group_id=group.pk, actor=self.request.actor, **form.cleaned_data
        )
        toast(self.request, _("Kept, with its reason"))
        return drawer_done(self.request)
