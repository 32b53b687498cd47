"""Behaviours from a file: upload, see every fault, then write."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from console.exports import csv_response
from console.pages import ConsoleView, FormPage, TemplatePage, go
from contacts.enums import BehaviourKind, ImportKind
from contacts.forms import ChatImportForm, ImportForm
from contacts.models import ImportBatch
from contacts.policies import chatlogs, files
from contacts.selectors.imports import import_get, imports_recent
from contacts.services.chatlogs import chat_import_check
from contacts.services.imports import import_check, import_start
from tenants.enums import Permission

RECENT = 10


def _recent(page: ConsoleView, kind: ImportKind) -> list[ImportBatch]:
    return imports_recent(tenant_id=page.request.tenant.pk, kind=kind, limit=RECENT)


class ImportPage(FormPage):
    """Choose a file; it is checked, nothing is written yet."""

    template_name = "contacts/import.html"
    form_class = ImportForm
    permission = Permission.OPERATE
    write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"recent": _recent(self, ImportKind.BEHAVIOURS), "kinds": BehaviourKind.choices}

    def done(self, form: ImportForm, **kwargs: Any) -> HttpResponse:
        sent = form.cleaned_data["file"]
        batch = import_check(
            tenant=self.request.tenant,
            name=sent.name,
            raw=sent.read(),
            source=form.cleaned_data["source"],
            actor=self.request.actor,
        )
        return go(self.request, self.url("contacts:import_batch", pk=batch.pk))


class ImportTemplateView(ConsoleView):
    """The file to start from."""

    permission = Permission.OPERATE

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return csv_response(files.template_lines(), "qunce-behaviours.csv")


class ChatImportPage(FormPage):
    """Choose a chat log; it is checked, nothing is written yet."""

    template_name = "contacts/import_chat.html"
    form_class = ChatImportForm
    permission = Permission.OPERATE
    write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"recent": _recent(self, ImportKind.MESSAGES)}

    def done(self, form: ChatImportForm, **kwargs: Any) -> HttpResponse:
        sent = form.cleaned_data["file"]
        batch = chat_import_check(
            tenant=self.request.tenant,
            name=sent.name,
            raw=sent.read(),
            ground=form.cleaned_data["ground"],
            actor=self.request.actor,
        )
        return go(self.request, self.url("contacts:import_batch", pk=batch.pk))


class ChatTemplateView(ConsoleView):
    """The chat log to start from."""

    permission = Permission.OPERATE

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return csv_response(chatlogs.template_lines(), "qunce-chat.csv")


class ImportBatchPage(TemplatePage):
    """What a file holds: good rows, faults line by line; then how far the writing is."""

    template_name = "contacts/import_batch.html"
    partial_name = "contacts/_import_batch.html"
    permission = Permission.OPERATE
    write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        batch = import_get(tenant_id=self.request.tenant.pk, batch_id=kwargs["pk"])
        columns = chatlogs.COLUMNS if batch.kind == ImportKind.MESSAGES else files.COLUMNS
        faults = [
            {**one, "column": files.column_words(one["column"], columns=columns)} for one in batch.errors
        ]
        good = batch.total - batch.error_count - batch.withheld_count
        return {"batch": batch, "faults": faults, "good": good}

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = import_get(tenant_id=self.request.tenant.pk, batch_id=pk)
        import_start(tenant=self.request.tenant, batch_id=batch.pk, actor=self.request.actor)
        return go(request, self.url("contacts:import_batch", pk=pk))
