"""What is done with one material: ask, approve, send back, archive, copy, track."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from content.forms.library import RefuseForm
from content.selectors.library import edition_open, material_get
from content.services.library import (
    material_archive,
    material_ask,
    material_decide,
    material_duplicate,
)
from content.services.links import material_track
from tenants.enums import Permission


class MaterialActView(ConsoleView):
    """POST: ask, archive, restore, duplicate, track. Approving has its own view: it needs another permission."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        act = {
            "ask": self._ask, "archive": self._archive, "restore": self._restore, "duplicate": self._copy,
            "track": self._track,
        }.get(verb)  # fmt: skip
        if act is None:
            raise Http404
        return go(request, act({"tenant": request.tenant, "material_id": pk, "actor": request.actor}))  # type: ignore[attr-defined]

    def _back(self, pk: int) -> str:
        return self.url("content:material", pk=pk)

    def _ask(self, told: dict[str, Any]) -> str:
        material_ask(**told)
        toast(self.request, _("It waits for the approval of a team lead."))
        return self._back(told["material_id"])

    def _archive(self, told: dict[str, Any]) -> str:
        row = material_archive(**told, is_archived=True)
        toast(
            self.request, _("Archived: %(name)s") % {"name": row},
            self.url("content:material_act", pk=row.pk, verb="restore"),
        )  # fmt: skip
        return self.url("content:library")

    def _restore(self, told: dict[str, Any]) -> str:
        row = material_archive(**told, is_archived=False)
        toast(self.request, _("In use again: %(name)s") % {"name": row})
        return self._back(row.pk)

    def _copy(self, told: dict[str, Any]) -> str:
        source = material_get(tenant_id=self.request.tenant.pk, material_id=told["material_id"])
        row = material_duplicate(**told, title=_("%(name)s (copy)") % {"name": source.title[:56]})
        toast(self.request, _("Copied. This is the copy."))
        return self.url("content:material_edit", pk=row.pk)

    def _track(self, told: dict[str, Any]) -> str:
        material_track(**told)
        toast(self.request, _("The tracked link is ready: copy it."))
        return self._back(told["material_id"]) + "#links"


class MaterialApproveView(ConsoleView):
    """POST: the edition that was read is approved."""

    permission = write_permission = Permission.APPROVE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        raw = request.POST.get("revision", "")
        row = material_decide(
            tenant=self.request.tenant, material_id=pk, is_approved=True, actor=self.request.actor,
            revision=int(raw) if raw.isdecimal() and len(raw) < 9 else -1,
        )  # fmt: skip
        toast(request, _("Approved: %(name)s can be used in steps from now on.") % {"name": row})
        return go(request, self.url("content:material", pk=pk))


class MaterialRefusePage(FormPage):
    """A drawer: send it back, and say what has to change."""

    template_name = "content/refuse.html"
    form_class = RefuseForm
    permission = write_permission = Permission.APPROVE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = material_get(tenant_id=self.request.tenant.pk, material_id=kwargs["pk"])
        edition = edition_open(material=row)
        return {"revision": edition.revision if edition else 0}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"row": material_get(tenant_id=self.request.tenant.pk, material_id=kwargs["pk"])}

    def done(self, form: RefuseForm, **kwargs: Any) -> HttpResponse:
        material_decide(
            tenant=self.request.tenant, material_id=kwargs["pk"], is_approved=False, actor=self.request.actor,
            revision=form.cleaned_data["revision"], reason=form.cleaned_data["reason"],
        )  # fmt: skip
        toast(self.request, _("Sent back with your reason."))
        return drawer_done(self.request)
