"""The frame of a draft: days, phases with their ways in and out, the end of the offer."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from console.pages import FormPage, go, toast
from sop.forms.frame import FrameForm
from sop.services.frames import version_set_frame
from sop.views.templates import found_version
from tenants.enums import Permission


class FramePage(FormPage):
    """A drawer: how long the camp is, its phases, and when the offer ends."""

    template_name = "sop/frame_drawer.html"
    form_class = FrameForm
    write_permission = Permission.OPERATE

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        version = found_version(self.request, kwargs["pk"])
        return {"phases": [one for one in version.phases if one["first"] <= version.days]}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        version = found_version(self.request, kwargs["pk"])
        names = ("days", "after_days", "offer_day", "offer_at")
        return {**{name: getattr(version, name) for name in names}, "seen": version.revision}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"version": found_version(self.request, kwargs["pk"])}

    def done(self, form: FrameForm, **kwargs: Any) -> HttpResponse:
        version = found_version(self.request, kwargs["pk"])
        saved = version_set_frame(
            tenant=self.request.tenant, version_id=version.pk, wish=form.to_wish(), actor=self.request.actor,
            seen=form.cleaned_data["seen"],
        )  # fmt: skip
        is_new = saved.revision != version.revision
        undo = self.url("sop:undo", pk=version.pk, number=saved.revision) if is_new else ""
        toast(self.request, _("Saved in the draft. Steps keep their days."), undo)
        return go(self.request, self.url("sop:version", pk=version.pk))
