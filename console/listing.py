"""Lists: filters in the URL, order, pages, saved views, bulk actions, CSV export."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_tables2 import RequestConfig

from console.enums import EXPORT_ROWS_MAX, PAGE_SIZES
from console.exports import csv_response, xlsx_response
from console.filters import FilterBar, filter_bar
from console.pages import ConsoleView, render
from console.selectors import view_list
from tenants import audit, clock
from tenants.enums import Permission

FORMATS: dict[str, Callable[..., HttpResponseBase]] = {"csv": csv_response, "xlsx": xlsx_response}


@dataclass(frozen=True)
class BulkAction:
    """One button of the bulk bar: posts `pick` (ids) or every=1 with the present filters to `url`."""

    label: Any
    url: str
    is_danger: bool = False
    confirm: Any = ""


class ListPage(ConsoleView, ABC):
    """A list. Set `table_class`, `key` (names saved views and the export), `title`; give `queryset()`.

    Optional: `filterset_class` (its field `q` becomes the search box), `bulk()`, `context()`, `purpose`,
    `template_name`, and the partial that htmx swaps. `?export=csv` or `xlsx` gives the filtered rows, needs EXPORT and
    is written to the audit trail. Search parameters stay in the URL; `?sort=`, `?page=`, `?size=` too.
    """

    template_name: ClassVar[str] = "console/list.html"
    partial_name: ClassVar[str] = "console/_list.html"
    table_class: ClassVar[Any]
    filterset_class: ClassVar[Any] = None
    key: ClassVar[str]
    title: ClassVar[Any] = ""
    purpose: ClassVar[Any] = ""
    page_size: ClassVar[int] = PAGE_SIZES[0]
    has_views: ClassVar[bool] = True

    @abstractmethod
    def queryset(self) -> QuerySet:
        """The rows of the tenant in hand before any filter."""

    def bulk(self) -> list[BulkAction]:
        return []

    def context(self) -> dict[str, Any]:
        return {}

    def table_kwargs(self) -> dict[str, Any]:
        return {}

    def filtered(self) -> tuple[QuerySet, FilterBar | None]:
        """Rows after the filters of the URL, and the bar that shows them. Unknown values match nothing."""
        rows = self.queryset()
        if self.filterset_class is None:
            return rows, None
        made = self.filterset_class(self.request.GET, queryset=rows, request=self.request)
        found = made.qs if made.is_valid() else rows.none()
        return found, filter_bar(made.form, self.request.GET)

    def _size(self) -> int:
        asked = self.request.GET.get("size", "")
        return int(asked) if asked.isdecimal() and int(asked) in PAGE_SIZES else self.page_size

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        rows, bar = self.filtered()
        table = self.table_class(rows, **self.table_kwargs())
        if request.GET.get("export") in FORMATS:
            return self.export(table)
        RequestConfig(request, paginate={"per_page": self._size()}).configure(table)
        size = self._size()
        context = {
            "title": self.title, "purpose": self.purpose, "table": table, "bar": bar, "bulk": self.bulk(),
            "can_export": self.can(Permission.EXPORT), "views": self._views(), "list_key": self.key,
            "present_view": request.GET.get("view", ""), "page_sizes": PAGE_SIZES, "page_size": size,
        }  # fmt: skip
        return self.show(context | self.context())

    def show(self, context: dict[str, Any]) -> HttpResponse:
        return render(self.request, self.template_name, context, partial=self.partial_name)

    def _views(self) -> list[Any]:
        if not self.has_views:
            return []
        return list(view_list(tenant=self.request.tenant, user=self.request.user, page=self.key))

    def export(self, table: Any) -> HttpResponseBase:
        if not self.can(Permission.EXPORT):
            return self.forbidden(Permission.EXPORT)
        if sort := self.request.GET.get("sort"):
            table.order_by = sort
        rows = list(self._plain_rows(table))
        with transaction.atomic():
            audit.record(
                tenant=self.request.tenant, actor=self.request.actor, verb="console.list.exported",
                changes={"list": [None, self.key], "rows": [None, len(rows) - 1]},
            )  # fmt: skip
        day = clock.local_date(clock.now(), self.request.tenant.timezone)
        form = self.request.GET["export"]
        return FORMATS[form](rows, f"{self.key.replace('.', '-')}-{day:%Y%m%d}.{form}")

    @staticmethod
    def _plain_rows(table: Any) -> Iterator[list[Any]]:
        """Header and values; a column's `value_<name>` decides what the file says."""
        for number, row in enumerate(table.as_values()):
            if number > EXPORT_ROWS_MAX:
                return
            yield list(row)
