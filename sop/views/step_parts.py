"""In the drawer of a step: picking from the library, and tracked links. Nothing is saved before the step is."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.pages import ConsoleView, FormPage, TemplatePage, render
from content.enums import LinkKind, MaterialType
from content.policies.attachments import attachments_read
from content.policies.tracked import TrackedRefused, links_read
from content.selectors.library import material_words
from content.selectors.picking import materials_to_choose
from sop.forms import LinkForm, StepForm
from sop.models import Step
from sop.policies.push import TONES
from sop.selectors.step_material import material_found, material_shown
from sop.views.editor import found_version
from sop.views.step_rows import link_rows, part_rows
from tenants.enums import Permission

CHANGED = "q:step-changed"
# What picking puts into a step, and what taking it back restores.
KEPT = ("text", "content_type", "attachments", "links", "material_id")


class StepPickView(TemplatePage):
    """GET: the library in the drawer, by type and words: what may be taken, and why the rest may not."""

    template_name = "sop/step_pick.html"
    http_method_names = ["get", "head", "options"]

    def context(self, **kwargs: Any) -> dict[str, Any]:
        version = found_version(self.request, kwargs["pk"])
        asked = self.request.GET
        kind = asked.get("pick_kind", "")
        words = asked.get("pick_words", "").strip()[:64]
        found = materials_to_choose(
            tenant=self.request.tenant, kind=kind if kind in MaterialType.values else "", words=words
        )
        return {
            "version": version,
            "kind": kind,
            "words": words,
            "kinds": MaterialType.choices,
            "choices": [(one, TONES.get(one.material.kind, "value")) for one in found],
            "is_list": getattr(self.request, "htmx", False) and self.request.htmx.target == "step-picks",
        }

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        context = self.context(**kwargs)
        partial = "sop/_step_picks.html" if context["is_list"] else self.template_name
        return render(request, partial, context, partial=partial)


class StepTakeView(ConsoleView):
    """POST: the drawer's words become those of a material (`take`), stand alone again (`off`), or are as they were
    before the last pick (`back`)."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        version = found_version(request, pk)
        verbs = {"take": self._take, "off": self._off, "back": self._back}
        if verb not in verbs:
            raise Http404
        values, was = verbs[verb](StepForm(request.POST))
        typed = Step(tenant_id=version.tenant_id, version=version, **values)
        context = {
            "version": version,
            "form": StepForm(initial=values),
            "rows": part_rows(values["attachments"], version.tenant_id),
            "tracked": link_rows(values["links"]),
            "picked": material_shown(tenant=self.request.tenant, step=typed),
            "was": json.dumps(was, ensure_ascii=False) if was else "",
            "can_edit": True,
        }
        answer = render(request, "sop/_step_taken.html", context, partial="sop/_step_taken.html")
        answer.headers["HX-Trigger-After-Settle"] = json.dumps({CHANGED: True})
        return answer

    def _now(self, form: StepForm) -> dict[str, Any]:
        """What the drawer holds, also where it is not valid yet."""
        form.is_valid()
        given = form.cleaned_data
        return {
            "text": form.data.get("text", ""),
            "content_type": given.get("content_type") or "",
            "attachments": given.get("attachments") or [],
            "links": given.get("links") or [],
            "material_id": given.get("material_id"),
        }

    def _take(self, form: StepForm) -> tuple[dict[str, Any], dict[str, Any]]:
        material = material_found(tenant=self.request.tenant, asked=self.request.POST.get("material", ""))
        if material is None:
            raise Http404
        words = material_words(material, self.request.POST.get("wording", ""))
        taken = {
            "text": words.text,
            "content_type": material.kind,
            "attachments": [one.to_dict() for one in words.attachments],
            "links": words.links,
            "material_id": material.pk,
        }
        return taken, self._now(form)

    def _off(self, form: StepForm) -> tuple[dict[str, Any], dict[str, Any]]:
        now = self._now(form)
        return {**now, "material_id": None}, now

    def _back(self, form: StepForm) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            was = json.loads(self.request.POST.get("was", ""))
            found = {name: was[name] for name in KEPT}
            found["attachments"] = [one.to_dict() for one in attachments_read(found["attachments"])]
            found["links"] = links_read(found["links"])
        except (KeyError, TypeError, ValueError) as error:
            raise Http404 from error
        return found, {}


class StepLinkView(FormPage):
    """In the drawer: the fields of one tracked link; posted, it becomes a line of the list. Saves nothing."""

    template_name = "sop/step_link.html"
    form_class = LinkForm
    write_permission = Permission.OPERATE

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        found_version(self.request, kwargs["pk"])
        return {"prefix": "tracked"}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"kind": LinkKind.LINK}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"version": found_version(self.request, kwargs["pk"])}

    def done(self, form: LinkForm, **kwargs: Any) -> HttpResponse:
        try:
            made = form.link()
            known = [json.loads(one)["key"] for one in self.request.POST.getlist("links")]
        except TrackedRefused as error:
            form.add_error(None, str(error.message))
            return self.show(form, 422, **kwargs)
        except (ValueError, TypeError, KeyError) as error:
            raise Http404 from error
        if made["key"].casefold() in {one.casefold() for one in known}:
            form.add_error("key", _("There is a link of this name already."))
            return self.show(form, 422, **kwargs)
        context = {"row": link_rows([made])[0], "can_edit": True}
        answer = render(
            self.request, "sop/_step_link_added.html", context, partial="sop/_step_link_added.html"
        )
        answer.headers["HX-Trigger-After-Settle"] = json.dumps({CHANGED: True})
        return answer
