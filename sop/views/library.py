"""The library of templates: own and built-in ones, a look before copying, files in and out."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from console.pages import ConsoleView, FormPage, TemplatePage, drawer_done, go, render, toast
from sop.enums import TemplateKind
from sop.errors import BuiltinUnknown
from sop.forms import CloneForm, LibraryForm, RenameForm, TemplateFileForm
from sop.policies.template_file import LARGEST_BYTES, FileRefused, decoded, read, write
from sop.selectors.builtin import Builtin, builtin_get
from sop.selectors.library import (
    archived_count,
    blueprint_of,
    blueprint_preview,
    builtin_cards,
    kind_tags,
    template_get,
    template_own,
)
from sop.services.library import template_archive, template_import, template_rename, template_restore
from sop.services.templates import template_clone
from sop.views.templates import found_version
from tenants.enums import Permission


def language() -> str:
    """The language in which built-in templates and files are read: the person's."""
    return get_language() or "zh"


class TemplatesPage(TemplatePage):
    """Own templates with their versions and runs, and the built-in ones to start from."""

    template_name = "sop/templates.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        asked = LibraryForm(self.request.GET)
        asked.is_valid()
        words, kind = asked.cleaned_data.get("q", ""), asked.cleaned_data.get("kind", "")
        tenant, archived = self.request.tenant, self.request.GET.get("show") == "archived"
        return {
            "form": asked,
            "words": words,
            "kind": kind,
            "is_archive": archived,
            "kinds": kind_tags(tenant=tenant, language=language(), archived=archived),
            "archived": archived_count(tenant=tenant),
            "templates": list(template_own(tenant=tenant, words=words, kind=kind, archived=archived)),
            "builtin": [] if archived else builtin_cards(language=language(), words=words, kind=kind),
            "has_own": template_own(tenant=tenant).exists(),
            "shows_staff_work": kind in (TemplateKind.PLANNING, TemplateKind.SETUP),
        }


class BuiltinPage(TemplatePage):
    """GET: a built-in template as it would be copied. POST: it becomes the company's own draft."""

    template_name = "sop/builtin.html"
    write_permission = Permission.OPERATE

    def found(self, code: str) -> Builtin:
        try:
            return builtin_get(code=code, language=language())
        except BuiltinUnknown as error:
            raise Http404 from error

    def context(self, **kwargs: Any) -> dict[str, Any]:
        source = self.found(kwargs["code"])
        return {
            "one": source,
            "preview": blueprint_preview(tenant=self.request.tenant, blueprint=source),
        }

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        source, form = self.found(code), CloneForm(request.POST)
        data = form.cleaned_data if form.is_valid() else {}
        days = data.get("days")
        version = template_clone(
            tenant=self.request.tenant,
            code=code,
            language=language(),
            actor=self.request.actor,
            days=days if days in source.lengths else None,
            name=data.get("name", ""),
        )
        toast(request, _("Copied. Look it over, then publish it."))
        return go(request, self.url("sop:version", pk=version.pk))


class RenamePage(FormPage):
    """A drawer: another name and purpose."""

    template_name = "sop/rename_drawer.html"
    form_class = RenameForm
    write_permission = Permission.OPERATE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        template = template_get(tenant=self.request.tenant, template_id=kwargs["pk"])
        return {"name": template.name, "purpose": template.purpose}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"one": template_get(tenant=self.request.tenant, template_id=kwargs["pk"])}

    def done(self, form: RenameForm, **kwargs: Any) -> HttpResponse:
        template = template_rename(
            tenant=self.request.tenant,
            template_id=kwargs["pk"],
            actor=self.request.actor,
            **form.cleaned_data,
        )
        toast(self.request, _("Renamed: %(name)s") % {"name": template.name})
        return drawer_done(self.request)


class ShelveView(ConsoleView):
    """POST: `verb` archive puts a template away, restore takes it out again."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        acts = {"archive": template_archive, "restore": template_restore}
        if verb not in acts:
            raise Http404
        template = acts[verb](tenant=self.request.tenant, template_id=pk, actor=self.request.actor)
        if verb == "archive":
            undo = self.url("sop:shelve", pk=pk, verb="restore")
            toast(request, _("Archived: %(name)s. Runs under way go on.") % {"name": template.name}, undo)
        else:
            toast(request, _("Back in the library: %(name)s") % {"name": template.name})
        return go(request, self.url("sop:templates"))


class FileView(ConsoleView):
    """GET: a version as a file."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = found_version(request, pk)
        response = HttpResponse(write(blueprint_of(version)), content_type="application/toml; charset=utf-8")
        name = slugify(version.template.builtin or version.template.code) or "template"
        response.headers["Content-Disposition"] = f'attachment; filename="sop-{name}-v{version.number}.toml"'
        return response


class ImportPage(FormPage):
    """A file becomes a template: first what it would make or what is wrong with it, then the word to do it."""

    template_name = "sop/import.html"
    form_class = TemplateFileForm
    write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"limit_kb": LARGEST_BYTES // 1024}

    def done(self, form: TemplateFileForm, **kwargs: Any) -> HttpResponse:
        upload = form.cleaned_data["file"]
        try:
            text = decoded(upload.read(LARGEST_BYTES + 1) if upload else form.cleaned_data["text"].encode())
            blueprint = read(text, language=language())
        except FileRefused as error:
            context = {"form": form, "faults": error.faults, **self.context()}
            return render(self.request, self.template_name, context, status=422)
        if not form.cleaned_data["sure"] or upload:
            preview = blueprint_preview(tenant=self.request.tenant, blueprint=blueprint)
            context = {"form": form, "preview": preview, "text": text, **self.context()}
            return render(self.request, self.template_name, context)
        version = template_import(
            tenant=self.request.tenant, text=text, language=language(), actor=self.request.actor
        )
        toast(self.request, _("Taken in as a draft. Look it over, then publish it."))
        return go(self.request, self.url("sop:version", pk=version.pk))
