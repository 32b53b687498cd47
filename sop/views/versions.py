"""Versions beside each other, back to an older one, and a running run on to another one (R56)."""

from functools import cached_property
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from console.pages import FormPage, TemplatePage, go, toast
from sop.enums import VersionState
from sop.forms import MoveForm, ReasonForm
from sop.models import Run, Version
from sop.selectors.calendar import run_get
from sop.selectors.differences import difference_shown
from sop.selectors.templates import version_list
from sop.services.restore import version_restore
from sop.services.versions import move_preview, run_move
from sop.views.editor import found_version
from tenants.enums import Permission


class DiffPage(TemplatePage):
    """What a version changed against another of its template: `?against=` its id, by default the one before."""

    template_name = "sop/diff.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        version = found_version(self.request, kwargs["pk"])
        others = [
            one
            for one in version_list(tenant=self.request.tenant, template_id=version.template_id)
            if one.pk != version.pk
        ]
        asked = self.request.GET.get("against", "") or str(version.parent_id or "")
        before = next((one for one in others if str(one.pk) == asked), None)
        shown = difference_shown(before=before, after=version) if before is not None else None
        return {"version": version, "before": before, "others": others, "difference": shown}


class RestorePage(FormPage):
    """A drawer: back to this version, as a draft or published at once, with a reason."""

    template_name = "sop/restore_drawer.html"
    form_class = ReasonForm
    write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        version = found_version(self.request, kwargs["pk"])
        newest = next(
            (
                one
                for one in version_list(tenant=self.request.tenant, template_id=version.template_id)
                if one.state == VersionState.PUBLISHED
            ),
            version,
        )
        shown = difference_shown(before=newest, after=version) if newest.pk != version.pk else None
        return {"version": version, "newest": newest, "difference": shown}

    def done(self, form: ReasonForm, **kwargs: Any) -> HttpResponse:
        is_published = "publish" in self.request.POST
        made = version_restore(
            tenant=self.request.tenant,
            version_id=found_version(self.request, kwargs["pk"]).pk,
            reason=form.cleaned_data["reason"],
            publish=is_published,
            actor=self.request.actor,
        )
        said = (
            _("Published as v%(number)s. Runs can use it now.")
            if is_published
            else _("Draft v%(number)s is ready.")
        )
        toast(self.request, said % {"number": made.number})
        return go(self.request, self.url("sop:version", pk=made.pk))


class RunMovePage(FormPage):
    """A drawer: a running run goes on by another version; what it does to each touch is shown before."""

    template_name = "sop/move_drawer.html"
    form_class = MoveForm
    write_permission = Permission.OPERATE

    @cached_property
    def run(self) -> Run:
        try:
            return run_get(tenant=self.request.tenant, run_id=self.kwargs["pk"])
        except Run.DoesNotExist as error:
            raise Http404 from error

    @cached_property
    def choices(self) -> list[Version]:
        """The other published versions of the run's template."""
        every = version_list(tenant=self.request.tenant, template_id=self.run.version.template_id)
        return [one for one in every if one.state == VersionState.PUBLISHED and one.pk != self.run.version_id]

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"versions": [(one.pk, f"v{one.number}") for one in self.choices]}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        chosen = self.chosen()
        return {"version": chosen.pk if chosen else None, "reason": chosen.change_reason if chosen else ""}

    def chosen(self) -> Version | None:
        found = self.choices
        asked = self.request.POST.get("version") or self.request.GET.get("version", "")
        return next((one for one in found if str(one.pk) == asked), found[0] if found else None)

    def context(self, **kwargs: Any) -> dict[str, Any]:
        version = self.chosen()
        return {
            "run": self.run,
            "version": version,
            "versions": self.choices,
            "version_url": self.url("sop:version", pk=self.run.version_id),
            "preview": move_preview(run=self.run, version=version) if version is not None else None,
        }

    def done(self, form: MoveForm, **kwargs: Any) -> HttpResponse:
        run = self.run
        version = next((one for one in self.choices if one.pk == form.cleaned_data["version"]), None)
        if version is None:
            raise Http404
        run_move(run=run, version=version, actor=self.request.actor, reason=form.cleaned_data["reason"])
        toast(self.request, _("The run goes on by v%(n)s. What has happened stays.") % {"n": version.number})
        return go(self.request, self.url("sop:run", pk=run.pk))
