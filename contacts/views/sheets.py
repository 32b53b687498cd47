"""Files of customers, orders and tags: upload, a preview of every line, then write, and take back."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from console.exports import csv_response
from console.listing import ListPage
from console.pages import ConsoleView, FormPage, TemplatePage, go
from contacts.enums import SheetKind, Verdict
from contacts.filters import SheetRowFilter
from contacts.forms.sheets import SheetForm
from contacts.models import Sheet, SheetRow
from contacts.policies.sheets import template_lines
from contacts.selectors.sheets import (
    FAULT_HEADER,
    columns_of,
    columns_unread,
    fault_column,
    order_sources,
    sheet_faults,
    sheet_get,
    sheet_rows,
    sheets_recent,
)
from contacts.services.sheets import UNDOABLE, sheet_start, sheet_undo, sheet_upload
from contacts.tables.sheets import SheetRowTable
from tenants.enums import Permission

RECENT = 20


def sheet_found(tenant_id: int, pk: int) -> Sheet:
    """The file of a URL, or 404: unknown and foreign look the same."""
    try:
        return sheet_get(tenant_id=tenant_id, sheet_id=pk)
    except Sheet.DoesNotExist as error:
        raise Http404 from error


class SheetsPage(FormPage):
    """Choose a file; its lines are judged, nothing is written yet."""

    template_name = "contacts/sheets.html"
    form_class = SheetForm
    permission = write_permission = Permission.OPERATE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        wanted = self.request.GET.get("kind", "")
        sources = order_sources(tenant_id=self.request.tenant.pk)
        return {
            "kind": wanted if wanted in SheetKind.values else SheetKind.CUSTOMERS,
            "source": sources[0] if len(sources) == 1 else "import",
        }

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "recent": sheets_recent(tenant_id=self.request.tenant.pk, limit=RECENT),
            "sources": order_sources(tenant_id=self.request.tenant.pk),
            "kinds": [(kind.value, kind.label, columns_of(kind)) for kind in SheetKind],
        }

    def done(self, form: SheetForm, **kwargs: Any) -> HttpResponse:
        told = form.cleaned_data
        sheet = sheet_upload(
            tenant=self.request.tenant,
            kind=told["kind"],
            name=told["file"].name,
            raw=told["file"].read(),
            source=told["source"] or "import",
            actor=self.request.actor,
        )
        return go(self.request, self.url("contacts:sheet", pk=sheet.pk))


class SheetTemplateView(ConsoleView):
    """The file to start from."""

    permission = Permission.OPERATE

    def get(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        if kind not in SheetKind.values:
            raise Http404
        return csv_response(template_lines(kind), f"qunce-{kind}.csv")


class SheetPage(ListPage):
    """Every line of a file with its verdict; the button that writes it; how far the work is."""

    template_name = "contacts/sheet.html"
    table_class = SheetRowTable
    filterset_class = SheetRowFilter
    key = "contacts.sheet"
    has_views = False
    permission = write_permission = Permission.OPERATE

    @property
    def _sheet(self) -> Sheet:
        return sheet_found(self.request.tenant.pk, self.kwargs["pk"])

    def queryset(self) -> QuerySet[SheetRow]:
        return sheet_rows(sheet=self._sheet)

    def table_kwargs(self) -> dict[str, Any]:
        may_see = self.can(Permission.SEE_PERSONAL)
        return {"sheet": self._sheet, "tenant_slug": self.request.tenant.slug, "may_see": may_see}

    def context(self) -> dict[str, Any]:
        return sheet_context(self._sheet)


def sheet_context(sheet: Sheet) -> dict[str, Any]:
    """What the head of a file's page says."""
    counts = {one.value: sheet.counts.get(one.value, 0) for one in Verdict}
    return {
        "upload": sheet,
        "counts": [(one.value, one.label, counts[one.value]) for one in Verdict],
        "good": counts[Verdict.NEW] + counts[Verdict.CHANGE],
        "faults": counts[Verdict.FAULT],
        "unread": columns_unread(sheet),
        "undoable": sheet.kind in UNDOABLE,
        "is_busy": sheet.checked_at is None
        or (sheet.started_at is not None and sheet.written_at is None)
        or (sheet.undo_at is not None and sheet.undone_at is None),
    }


class SheetStatusPage(TemplatePage):
    """How far a file is, asked again and again; when the work ends the page is loaded anew."""

    template_name = "contacts/_sheet_head.html"
    partial_name = "contacts/_sheet_head.html"
    permission = Permission.OPERATE

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        response = super().get(request, **kwargs)
        if not sheet_context(sheet_found(request.tenant.pk, kwargs["pk"]))["is_busy"]:  # type: ignore[attr-defined]
            response.headers["HX-Refresh"] = "true"
        return response

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return sheet_context(sheet_found(self.request.tenant.pk, kwargs["pk"]))


class SheetFaultsView(ConsoleView):
    """The lines that cannot be written, as they came, each with its reason: mend them and upload this file."""

    permission = Permission.OPERATE

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        sheet = sheet_found(self.request.tenant.pk, pk)
        head = [*(str(one) for one in FAULT_HEADER), *sheet.header]
        rows = [
            [row.line, fault_column(sheet, row.column), row.message, *row.cells]
            for row in sheet_faults(sheet=sheet)
        ]
        return csv_response([head, *rows], f"qunce-{sheet.kind}-faults-{sheet.pk}.csv")


class SheetActView(ConsoleView):
    """POST: write the good lines, or take them back."""

    http_method_names = ["post"]
    permission = write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        sheet_found(self.request.tenant.pk, pk)
        act = sheet_start if verb == "write" else sheet_undo
        act(tenant=self.request.tenant, sheet_id=pk, actor=self.request.actor)
        return go(request, self.url("contacts:sheet", pk=pk))
