"""The content library: list, one material with its editions and results, its form."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.listing import BulkAction, ListPage
from console.pages import ConsoleView, FormPage, TemplatePage, go, render, toast
from content.enums import EditionState
from content.filters.library import MaterialFilter
from content.forms.library import KindForm, MaterialForm, SureForm, TagsForm
from content.models import Material, MaterialEdition
from content.policies.usage import Usage
from content.selectors.library import (
    edition_list,
    edition_open,
    is_in_force,
    material_get,
    material_list,
    tags_of,
    waiting_list,
    wordings,
)
from content.selectors.links import material_links
from content.selectors.proofs import standing_of
from content.selectors.sensitive import hits_in, told, words_of
from content.selectors.usage import usage_of
from content.services.library import (
    BULK_MOST,
    edition_texts,
    material_save,
    materials_archive,
    materials_set_kind,
    materials_tag,
)
from content.tables.library import TONES, MaterialTable
from content.views.parts import message, rows_of
from team.selectors import staff_list
from tenants import clock
from tenants.enums import Permission

BULK_SHOWN = 30


class MaterialListPage(ListPage):
    """Everything the team may say, the latest changed first."""

    template_name = "content/library.html"
    table_class = MaterialTable
    filterset_class = MaterialFilter
    key = "content.library"
    title = gettext_lazy("Library")
    purpose = gettext_lazy(
        "What your groups are told: written once, approved, used in steps, and judged by what came of it."
    )

    def queryset(self) -> QuerySet[Material]:
        return material_list(tenant_id=self.request.tenant.pk)

    def bulk(self) -> list[BulkAction]:
        if not self.can(Permission.OPERATE):
            return []
        return [
            BulkAction(_("Set type"), self.url("content:materials_bulk", verb="kind")),
            BulkAction(_("Add tags"), self.url("content:materials_bulk", verb="tag")),
            BulkAction(_("Archive"), self.url("content:materials_bulk", verb="archive"), is_danger=True),
        ]

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant}

    def context(self) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        return {
            "total": self.queryset().count(),
            "waiting": waiting_list(tenant_id=tenant_id).count(),
            "here": "waiting" if self.request.GET.get("state") == EditionState.WAITING else "library",
            "tags": tags_of(tenant_id=tenant_id),
            "tag": self.request.GET.get("tag", ""),
        }


class MaterialPage(TemplatePage):
    """One material: how it looks, where it stands, what came of it."""

    template_name = "content/material.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant = self.request.tenant
        row = material_get(tenant_id=tenant.pk, material_id=kwargs["pk"])
        opened = edition_open(material=row)
        shown: Any = (
            opened if opened and (self.request.GET.get("edition") == "open" or not row.edition) else row
        )
        usage = usage_of(tenant=tenant, material_ids=[row.pk]).get(row.pk)
        today = clock.local_date(clock.now(), tenant.timezone)
        return {
            "row": row, "opened": opened, "shown": shown, "is_open": shown is not row, "states": EditionState,
            "tone": TONES[EditionState(row.state)], "open_tone": TONES[EditionState(opened.state)] if opened else "",
            "editions": edition_list(material=row), "wordings": self._wordings(row, shown, usage),
            "sheet": "css/wecom.css", "usage": usage, "is_used": usage is not None,
            "result_rows": _result_rows(usage, wordings(row)),
            "parts": rows_of(self.request.tenant.pk, shown.attachments), "in_force": is_in_force(row, today),
            "today": today, "links": material_links(tenant_id=tenant.pk, material=row),
            "hits": told(hits_in(edition_texts(shown), words_of(tenant))), "proof": self._proof(row),
            "can_write": self.can(Permission.OPERATE), "can_approve": self.can(Permission.APPROVE),
        }  # fmt: skip

    def _proof(self, row: Material) -> Any:
        if not row.needs_proof:
            return None
        found = standing_of(tenant=self.request.tenant, proof_ids=[row.proof_id or 0])
        return {"row": row.proof, "problems": found[row.proof_id].problems if row.proof_id in found else None}

    def _wordings(self, row: Material, shown: Any, usage: Usage | None) -> list[dict[str, Any]]:
        return [
            {
                "key": key, "name": name, "text": text,
                "parts": message(self, text, shown.attachments if number == 0 else []),
                "figures": usage.by_wording.get(key) if usage else None,
            }
            for number, (key, name, text) in enumerate(wordings(shown))
        ]  # fmt: skip


def _result_rows(usage: Usage | None, known: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """A row for each wording that was sent, and one for all where there are several."""
    if usage is None:
        return []
    names = {key: _("Wording %(name)s") % {"name": name} for key, name, _text in known}
    names[""] = _("Words changed by hand")
    labels = figure_labels()
    rows = [(key, names.get(key, key), figures) for key, figures in usage.by_wording.items()]
    if len(rows) != 1:
        rows.append(("all", _("All"), usage.total))
    return [
        {
            "name": name,
            "cells": [
                {"label": label, "value": getattr(figures, field), "url": usage.urls.get((key, field), "")}
                for field, label in labels.items()
            ],
        }
        for key, name, figures in rows
    ]


def figure_labels() -> dict[str, Any]:
    """{figure: its name}, in the order of the table."""
    return {
        "sent": _("Sent"), "reached": _("Reached"), "clicked": _("Clicked"), "replied": _("Replied, 24 h"),
        "left": _("Left, 24 h"),
    }  # fmt: skip


class MaterialNewPage(FormPage):
    """A new material."""

    template_name = "content/material_form.html"
    form_class = MaterialForm
    permission = write_permission = Permission.OPERATE

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        rows = staff_list(tenant_id=self.request.tenant.pk, active_only=True)
        staff = [(one.pk, str(one)) for one in rows]
        return {"staff": staff, "has_attachments": bool(self._attachments(**kwargs))}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"revision": 0}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"back_url": self.url("content:library"), "row": None}

    def _attachments(self, **kwargs: Any) -> list[dict[str, Any]]:
        return []

    def done(self, form: MaterialForm, **kwargs: Any) -> HttpResponse:
        row = material_save(
            tenant=self.request.tenant,
            said=form.said(self._attachments(**kwargs)),
            about=form.about(),
            actor=self.request.actor,
            material_id=kwargs.get("pk"),
            revision=form.cleaned_data["revision"],
        )
        toast(self.request, _("Saved as a draft: %(name)s") % {"name": row})
        return go(self.request, self.url("content:material", pk=row.pk) + "?edition=open")


class MaterialEditPage(MaterialNewPage):
    """The open edition of a material; beside an approved one a new edition, which changes nothing until approved."""

    def _row(self, pk: int) -> Material:
        return material_get(tenant_id=self.request.tenant.pk, material_id=pk)

    def _edition(self, row: Material) -> MaterialEdition | Material:
        return edition_open(material=row) or row

    def _attachments(self, **kwargs: Any) -> list[dict[str, Any]]:
        return list(self._edition(self._row(kwargs["pk"])).attachments)

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = self._row(kwargs["pk"])
        edition = self._edition(row)
        link = edition.links[0] if edition.links else {}
        return {
            "title": edition.title, "kind": edition.kind, "text": edition.text,
            **{f"variant_{one['key']}": one["text"] for one in edition.variants},
            "link_title": link.get("title", ""), "link_kind": link.get("kind", ""), "link_url": link.get("url", ""),
            "tags": "，".join(row.tags), "owner": row.owner_id, "valid_from": row.valid_from,
            "valid_until": row.valid_until, "revision": getattr(edition, "revision", 0),
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = self._row(kwargs["pk"])
        edition = self._edition(row)
        return {
            "row": row, "sheet": "css/wecom.css", "is_beside": bool(row.edition),
            "back_url": self.url("content:material", pk=row.pk),
            "parts": rows_of(self.request.tenant.pk, edition.attachments),
            "hits": told(hits_in(edition_texts(edition), words_of(self.request.tenant))),
        }  # fmt: skip


class MaterialsBulkPage(ConsoleView):
    """One decision about the picked materials. An unknown verb is a 404."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]
    FORMS = {"kind": KindForm, "tag": TagsForm, "archive": SureForm}

    def post(self, request: HttpRequest, verb: str) -> HttpResponse:
        if verb not in self.FORMS:
            raise Http404
        rows = self._picked()
        if not rows:
            toast(request, _("Nothing was picked. Pick materials in the list first."))
            return go(request, self.url("content:library"))
        is_answer = "decided" in request.POST
        form = self.FORMS[verb](request.POST if is_answer else None)
        if not is_answer or not form.is_valid():
            context = {
                "form": form, "verb": verb, "count": len(rows), "shown": rows[:BULK_SHOWN],
                "more": max(0, len(rows) - BULK_SHOWN), "picked": ",".join(str(row.pk) for row in rows),
            }  # fmt: skip
            return render(request, "content/materials_bulk.html", context, status=422 if is_answer else 200)
        changed = self._do(verb, form, [row.pk for row in rows])
        toast(
            request, ngettext("%(n)s material changed", "%(n)s materials changed", changed) % {"n": changed}
        )
        return go(request, self.url("content:library"))

    def _do(self, verb: str, form: Any, ids: list[int]) -> int:
        common: dict[str, Any] = {
            "tenant": self.request.tenant, "material_ids": ids, "actor": self.request.actor
        }  # fmt: skip
        if verb == "kind":
            return materials_set_kind(**common, kind=form.cleaned_data["kind"])
        if verb == "tag":
            return materials_tag(**common, tags=form.told)
        return materials_archive(**common)

    def _picked(self) -> list[Material]:
        """The rows of the post: `every` with the list's filters, `picked` (ids with commas), or each `pick`."""
        rows, data = material_list(tenant_id=self.request.tenant.pk), self.request.POST
        if data.get("every"):
            made = MaterialFilter(QueryDict(data.get("query", "")), queryset=rows, request=self.request)
            return list(made.qs[:BULK_MOST]) if made.is_valid() else []
        raw = [*data.getlist("pick"), *data.get("picked", "").split(",")]
        ids = [int(one) for one in raw if one.isdecimal() and len(one) < 19]
        return list(rows.filter(pk__in=ids)[:BULK_MOST])
