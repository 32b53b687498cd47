"""Product facts and personas: what is true, what shows it, whom it matters to, what came of it."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.pages import ConsoleView, FormPage, TemplatePage, drawer_done, toast
from contacts.enums import ProfileField
from contacts.selectors import customer_names
from contacts.selectors.own_fields import own_specs
from content.forms.facts import RULES, FactForm, PersonaForm
from content.selectors.facts import (
    fact_get,
    fact_list,
    fact_results,
    may_be_told,
    persona_get,
    persona_list,
)
from content.services.facts import fact_archive, fact_save, persona_archive, persona_save
from tenants.enums import Permission

SHOWN = 300
FIGURES = ("told", "replied", "ordered")


def _fields(tenant_id: int) -> list[tuple[str, Any]]:
    """(key, name) of the profile fields by which people are known, the company's own too."""
    own = own_specs(tenant_id=tenant_id, archived=False).values()
    return [*ProfileField.choices, *((one.key, one.label) for one in own)]


class FactsPage(TemplatePage):
    """Facts with their evidence and results, personas beside them. `?ended=1` shows what was put away."""

    template_name = "content/facts.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant, archived = self.request.tenant, bool(self.request.GET.get("ended"))
        facts = list(fact_list(tenant_id=tenant.pk, archived=archived)[:SHOWN])
        personas = list(persona_list(tenant_id=tenant.pk, archived=archived)[:SHOWN])
        names = {row.pk: row.name for row in persona_list(tenant_id=tenant.pk)}
        results = fact_results(tenant_id=tenant.pk, fact_ids=[row.pk for row in facts])
        fields = dict(_fields(tenant.pk))
        return {
            "title": _("Product facts"), "here": "facts", "archived": archived,
            "purpose": _("What is true of your product and can be shown, and whom it matters to."),
            "facts": [
                {
                    "row": row, "told": may_be_told(tenant=tenant, fact=row),
                    "personas": [names[pk] for pk in row.personas if pk in names],
                    "cells": [(name, _count(getattr(results[row.pk], name))) for name in FIGURES],
                }
                for row in facts
            ],
            "personas": [
                {
                    "row": row,
                    "rules": [
                        (fields.get(one["field"], one["field"]), _(", ").join(one["values"]))
                        for one in row.rules
                    ],
                }
                for row in personas
            ],
            "can_write": self.can(Permission.OPERATE),
        }  # fmt: skip


def _count(people: frozenset[int] | None) -> int | None:
    return None if people is None else len(people)


class FactPeoplePage(TemplatePage):
    """A drawer: the people behind one figure of a fact."""

    template_name = "content/fact_people.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant, figure = self.request.tenant, self.request.GET.get("figure", "told")
        row = fact_get(tenant_id=tenant.pk, fact_id=kwargs["pk"])
        if figure not in FIGURES:
            raise Http404
        people = getattr(fact_results(tenant_id=tenant.pk, fact_ids=[row.pk])[row.pk], figure) or frozenset()
        names = customer_names(tenant_id=tenant.pk, customer_ids=people)
        return {"row": row, "figure": figure, "people": sorted(names.items())[:SHOWN], "total": len(people)}


class FactNewPage(FormPage):
    """A drawer: a new fact."""

    template_name = "content/fact_form.html"
    form_class = FactForm
    permission = write_permission = Permission.OPERATE

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"personas": [(row.pk, row.name) for row in persona_list(tenant_id=self.request.tenant.pk)]}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"here": self.request.path, "row": None}

    def done(self, form: FactForm, **kwargs: Any) -> HttpResponse:
        row = fact_save(
            tenant=self.request.tenant,
            actor=self.request.actor,
            fact_id=kwargs.get("pk"),
            **form.cleaned_data,
        )
        toast(self.request, _("Saved: %(name)s") % {"name": row})
        return drawer_done(self.request)


class FactPage(FactNewPage):
    """A drawer: change a fact."""

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = fact_get(tenant_id=self.request.tenant.pk, fact_id=kwargs["pk"])
        names = ("text", "evidence", "evidence_url", "valid_until", "personas", "sku_code", "rank")
        return {name: getattr(row, name) for name in names}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "here": self.request.path, "row": fact_get(tenant_id=self.request.tenant.pk, fact_id=kwargs["pk"])
        }  # fmt: skip


class PutAwayView(ConsoleView, ABC):
    """POST: put a row away, or take it back. A subclass names the route of the way back and calls its service."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]
    route: ClassVar[str]

    @abstractmethod
    def put(self, *, pk: int, is_archived: bool) -> Any:
        """Call the one service; the row as it is now, with its `archived_at`."""

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        if verb not in ("archive", "restore"):
            raise Http404
        row = self.put(pk=pk, is_archived=verb == "archive")
        back = self.url(self.route, pk=pk, verb="restore" if verb == "archive" else "archive")
        said = _("Archived: %(name)s") if row.archived_at else _("In use again: %(name)s")
        toast(request, said % {"name": row}, back)
        return drawer_done(request)


class FactActView(PutAwayView):
    """POST: put a fact away, or take it back."""

    route = "content:fact_act"

    def put(self, *, pk: int, is_archived: bool) -> Any:
        request = self.request
        return fact_archive(tenant=request.tenant, fact_id=pk, is_archived=is_archived, actor=request.actor)


class PersonaNewPage(FormPage):
    """A drawer: a new persona."""

    template_name = "content/persona_form.html"
    form_class = PersonaForm
    permission = write_permission = Permission.OPERATE

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"fields": _fields(self.request.tenant.pk)}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"here": self.request.path, "row": None}

    def done(self, form: PersonaForm, **kwargs: Any) -> HttpResponse:
        given = form.cleaned_data
        row = persona_save(
            tenant=self.request.tenant, actor=self.request.actor, persona_id=kwargs.get("pk"), name=given["name"],
            need=given["need"], rank=given["rank"], rules=form.rules,
        )  # fmt: skip
        toast(self.request, _("Saved: %(name)s") % {"name": row})
        return drawer_done(self.request)


class PersonaPage(PersonaNewPage):
    """A drawer: change a persona."""

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = persona_get(tenant_id=self.request.tenant.pk, persona_id=kwargs["pk"])
        told: dict[str, Any] = {"name": row.name, "need": row.need, "rank": row.rank}
        for number, rule in zip(RULES, row.rules, strict=False):
            told |= {f"field_{number}": rule["field"], f"values_{number}": "，".join(rule["values"])}
        return told

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = persona_get(tenant_id=self.request.tenant.pk, persona_id=kwargs["pk"])
        return {"here": self.request.path, "row": row}


class PersonaActView(PutAwayView):
    """POST: put a persona away, or take it back."""

    route = "content:persona_act"

    def put(self, *, pk: int, is_archived: bool) -> Any:
        request = self.request
        return persona_archive(
            tenant=request.tenant, persona_id=pk, is_archived=is_archived, actor=request.actor
        )
