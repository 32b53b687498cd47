"""The gallery, a version's page, publishing and the next draft."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.pages import ConsoleView, FormPage, TemplatePage, go, toast
from sop.errors import ChecksFailed
from sop.forms import BlankForm, ReasonForm
from sop.selectors.calendar import run_list
from sop.selectors.exits import exit_rows
from sop.selectors.templates import (
    version_list,
)
from sop.services.templates import (
    template_create,
    template_set_kind,
    version_draft,
    version_publish,
)
from sop.views.editor import found_version, plan_context
from tenants.enums import Permission


class BlankPage(FormPage):
    """An own template from nothing."""

    form_class = BlankForm
    write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "title": _("New template"),
            "purpose": _("An empty camp with its four phases. Copying a built-in one is faster."),
            "submit_label": _("Create"),
        }

    def done(self, form: BlankForm, **kwargs: Any) -> HttpResponse:
        version = template_create(tenant=self.request.tenant, actor=self.request.actor, **form.cleaned_data)
        return go(self.request, self.url("sop:version", pk=version.pk))


class VersionPage(TemplatePage):
    """One version: checks, load, timeline."""

    template_name = "sop/version.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        version = found_version(self.request, kwargs["pk"])
        runs = [
            one
            for one in run_list(tenant=self.request.tenant)
            if one.version.template_id == version.template_id
        ]
        return {
            **plan_context(version, may_edit=self.can(Permission.OPERATE)),
            "versions": list(version_list(tenant=self.request.tenant, template_id=version.template_id)),
            "runs": runs,
            "tab": self.request.GET.get("tab", "plan"),
            "opened": opened if (opened := self.request.GET.get("step", "")).isdecimal() else "",
            "exits": exit_rows(version),
        }


class KindView(ConsoleView):
    """POST: the type of group whose rules a template keeps."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = found_version(request, pk)
        template_set_kind(
            tenant=self.request.tenant,
            template_id=version.template_id,
            group_kind=request.POST.get("group_kind", ""),
            actor=self.request.actor,
        )
        return go(request, self.url("sop:version", pk=pk))


class PublishView(ConsoleView):
    """POST: a draft becomes immutable."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        found_version(request, pk)
        try:
            version = version_publish(
                tenant=self.request.tenant, version_id=pk, actor=self.request.actor,
                serves=request.POST.get("serves", ""),
            )  # fmt: skip
        except ChecksFailed as error:
            toast(request, f"{error.message} ({error.code})")
            return go(request, self.url("sop:version", pk=pk))
        toast(request, _("Published as v%(number)s. Runs can use it now.") % {"number": version.number})
        return go(request, self.url("sop:version", pk=pk))


class DraftPage(FormPage):
    """A drawer: the next draft, with its reason."""

    template_name = "sop/draft_drawer.html"
    form_class = ReasonForm
    write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"version": found_version(self.request, kwargs["pk"])}

    def done(self, form: ReasonForm, **kwargs: Any) -> HttpResponse:
        found_version(self.request, kwargs["pk"])
        draft = version_draft(
            tenant=self.request.tenant,
            version_id=kwargs["pk"],
            reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )
        return go(self.request, self.url("sop:version", pk=draft.pk))
