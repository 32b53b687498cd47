"""A version's page, its steps, publishing and the next draft."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from console.pages import ConsoleView, FormPage, TemplatePage, drawer_done, go, toast
from content.policies.wording import render as fill
from groups.enums import Kind
from sop.enums import VersionState
from sop.errors import ChecksFailed
from sop.forms import BlankForm, ReasonForm, StepForm
from sop.models import Step, Version
from sop.policies import plan
from sop.selectors import timeline as view
from sop.selectors.calendar import run_list
from sop.selectors.findings import version_findings
from sop.selectors.templates import (
    step_list,
    version_diff,
    version_get,
    version_list,
)
from sop.services.templates import (
    step_remove,
    step_save,
    template_create,
    template_set_kind,
    version_draft,
    version_publish,
)
from tenants.enums import Permission


def found_version(request: Any, pk: int) -> Version:
    try:
        return version_get(tenant=request.tenant, version_id=pk)
    except Version.DoesNotExist as error:
        raise Http404 from error


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
        steps = step_list(version=version)
        findings = version_findings(version, steps)
        blocks, flags = view.phase_strip(version, steps)
        runs = [
            one
            for one in run_list(tenant=self.request.tenant)
            if one.version.template_id == version.template_id
        ]
        return {
            "version": version,
            "is_draft": version.state == VersionState.DRAFT,
            "timeline": view.timeline(version=version),
            "findings": findings,
            "blocked": sum(one.stops for one in findings),
            "kinds": [("", _("any type")), *Kind.choices],
            "talks": plan.talk_counts([one.to_plan() for one in steps]),
            "value_share": plan.value_share_percent([one.to_plan() for one in steps]),
            "blocks": blocks,
            "flags": flags,
            "changes": version_diff(version=version),
            "versions": list(version_list(tenant=self.request.tenant, template_id=version.template_id)),
            "runs": runs,
            "tab": self.request.GET.get("tab", "plan"),
            "can_edit": self.can(Permission.OPERATE) and version.state == VersionState.DRAFT,
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
            version = version_publish(tenant=self.request.tenant, version_id=pk, actor=self.request.actor)
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


class StepPage(FormPage):
    """A drawer: one step, to look at or, in a draft, to edit. Without `step_pk` a new one."""

    template_name = "sop/step_drawer.html"
    form_class = StepForm
    write_permission = Permission.OPERATE

    def step(self, **kwargs: Any) -> Step | None:
        version = found_version(self.request, kwargs["pk"])
        if "step_pk" not in kwargs:
            return None
        found = next((one for one in step_list(version=version) if one.pk == kwargs["step_pk"]), None)
        if found is None:
            raise Http404
        return found

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        step = self.step(**kwargs)
        if step is not None:
            return {name: getattr(step, name) for name in StepForm.base_fields}
        slot = self.request.GET.get("slot", "1")
        times = {"0": "08:30", "1": "12:00", "2": "20:00"}
        day = self.request.GET.get("day", "1")
        return {
            "day": day if day.isdecimal() else 1,
            "at": times.get(slot, "12:00"),
            "content_type": "value",
            "channel": "group_forward",
            "evidence": "note",
        }

    def context(self, **kwargs: Any) -> dict[str, Any]:
        step = self.step(**kwargs)
        version = found_version(self.request, kwargs["pk"])
        tenant = self.request.tenant
        sample = {
            "group": _("Starter 03"), "customer": _("Ms Wang"), "teacher": _("Teacher Lin"), "day": "17",
            "brand": tenant.brand or tenant.name, "product": _("The year course"), "offer_ends": "20:00",
        }  # fmt: skip
        links = (
            {one["key"]: f"https://…/r/{number}" for number, one in enumerate(step.links, 1)} if step else {}
        )
        return {
            "step": step,
            "version": version,
            "can_edit": self.can(Permission.OPERATE) and version.state == VersionState.DRAFT,
            "parts": [{"kind": "text", "text": fill(step.text, sample, links)}] if step else [],
            "variables": ["群名", "客户称呼", "老师称呼", "品牌", "课程", "优惠截止", "第几天"]
            if (get_language() or "zh").startswith("zh")
            else ["group", "customer", "teacher", "brand", "product", "offer ends", "day"],
        }

    def done(self, form: StepForm, **kwargs: Any) -> HttpResponse:
        self.step(**kwargs)
        saved = step_save(
            tenant=self.request.tenant,
            version_id=kwargs["pk"],
            step_id=kwargs.get("step_pk"),
            data=form.to_data(),
            actor=self.request.actor,
        )
        toast(self.request, _("Saved: %(name)s") % {"name": saved.title})
        return drawer_done(self.request)


class StepRemoveView(ConsoleView):
    """POST: a step leaves the draft."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, step_pk: int) -> HttpResponse:
        found_version(request, pk)
        step_remove(tenant=self.request.tenant, version_id=pk, step_id=step_pk, actor=self.request.actor)
        toast(request, _("The step was taken out."))
        return drawer_done(request)
