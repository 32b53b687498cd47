"""Lists: filters in the URL, order, pages, saved views, bulk actions, rows as a file."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, ClassVar

from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django_tables2 import RequestConfig

from console.enums import EXPORT_SLICE, PAGE_SIZES, WORKBOOK_ROWS_MAX
from console.exports import csv_response, xlsx_response
from console.filters import CHOICES_KEY, FilterBar, filter_bar, filter_choices
from console.pages import ConsoleView, render
from console.selectors import view_list
from tenants import audit, clock
from tenants.enums import Permission
from tenants.errors import DomainError
from tenants.scoping import tenant_scope

FORMATS: dict[str, Callable[..., HttpResponseBase]] = {"csv": csv_response, "xlsx": xlsx_response}


class WorkbookTooLong(DomainError):
    code = "EXPORT-01"
    message = _(
        "An Excel file holds 50,000 rows at most. Narrow the list by its filters, or export it as CSV."
    )


class CappedPaginator(Paginator):
    """Pages over the first `most` rows; `is_capped` says that there are more, which nobody counted."""

    def __init__(self, object_list: Any, *args: Any, most: int, **kwargs: Any) -> None:
        super().__init__(object_list, *args, **kwargs)
        self.most = most

    @cached_property
    def _found(self) -> int:
        rows: QuerySet = self.object_list.data.data  # type: ignore[attr-defined]
        return rows.order_by()[: self.most + 1].count()

    @cached_property
    def count(self) -> int:  # type: ignore[override]
        return min(self._found, self.most)

    @property
    def is_capped(self) -> bool:
        return self._found > self.most


@dataclass(frozen=True)
class BulkAction:
    """One button of the bulk bar: posts `pick` (ids) or every=1 with the present filters to `url`."""

    label: Any
    url: str
    is_danger: bool = False
    confirm: Any = ""


class AsFile(ConsoleView):
    """What a page shows, as CSV or Excel. Set `key`, which names the file and stands in the audit trail."""

    key: ClassVar[str]

    def file_key(self) -> str:
        """The name in the audit trail and of the file."""
        return self.key

    def send_lines(self, head: list[Any], lines: list[list[Any]]) -> HttpResponseBase:
        """A few thousand lines under their head, as `?export=` says; Http404 for a form that nobody knows."""
        if self.request.GET.get("export") not in FORMATS:
            raise Http404
        return self.send_file(chain([[str(one) for one in head]], lines), len(lines))

    def send_file(self, lines: Iterable[list[Any]], count: int) -> HttpResponseBase:
        """The lines, head first, of which `count` are rows; needs EXPORT and is audited. Raises WorkbookTooLong."""
        if not self.can(Permission.EXPORT):
            return self.forbidden(Permission.EXPORT)
        form, key = self.request.GET["export"], self.file_key()
        if form == "xlsx" and count > WORKBOOK_ROWS_MAX:
            raise WorkbookTooLong
        with transaction.atomic():
            audit.record(
                tenant=self.request.tenant, actor=self.request.actor, verb="console.list.exported",
                changes={"list": [None, key], "rows": [None, count]},
            )  # fmt: skip
        day = clock.local_date(clock.now(), self.request.tenant.timezone)
        return FORMATS[form](lines, f"{key.replace('.', '-')}-{day:%Y%m%d}.{form}")


class RowsAsFile(AsFile):
    """Rows of a table as CSV or Excel. Set `table_class` and `key`; give `table_kwargs()` if the table wants any."""

    table_class: ClassVar[Any]

    def table_kwargs(self) -> dict[str, Any]:
        return {}

    def export(self, table: Any) -> HttpResponseBase:
        """All rows of the table, as `?export=` says. Raises WorkbookTooLong."""
        if not self.can(Permission.EXPORT):
            return self.forbidden(Permission.EXPORT)
        if sort := self.request.GET.get("sort"):
            table.order_by = sort
        rows = table.data.data
        ids = list(rows.values_list("pk", flat=True))
        return self.send_file(
            self._lines(rows, ids, self.table_kwargs(), translation.get_language()), len(ids)
        )

    def _lines(
        self, rows: QuerySet, ids: list[Any], kwargs: dict[str, Any], language: str | None
    ) -> Iterator[list[Any]]:
        """Header and values; a column's `value_<name>` decides what the file says.

        The first bytes go out while the last rows are not read yet: after the request's own scope and language have
        ended. So each slice is read in a scope of its own, which is never open while the reader takes his time.
        """
        for start in range(0, max(len(ids), 1), EXPORT_SLICE):
            part = ids[start : start + EXPORT_SLICE]
            with (
                tenant_scope(self.request.tenant),
                translation.override(language),
                timezone.override(self.request.tenant.timezone),
            ):
                found = rows.order_by().in_bulk(part)
                table = self.table_class([found[pk] for pk in part if pk in found], **kwargs)
                lines = [list(line) for line in table.as_values()]
            yield from lines[1:] if start else lines


class ListPage(RowsAsFile, ABC):
    """A list. Set `table_class`, `key` (names saved views and the export), `title`; give `queryset()`.

    Optional: `filterset_class` (its field `q` becomes the search box), `bulk()`, `context()`, `purpose`,
    `template_name`, and the partial that htmx swaps. `?export=csv` or `xlsx` gives all filtered rows, needs EXPORT and
    is written to the audit trail. Search parameters stay in the URL; `?sort=`, `?page=`, `?size=` too.
    """

    template_name: ClassVar[str] = "console/list.html"
    partial_name: ClassVar[str] = "console/_list.html"
    filterset_class: ClassVar[Any] = None
    title: ClassVar[Any] = ""
    purpose: ClassVar[Any] = ""
    page_size: ClassVar[int] = PAGE_SIZES[0]
    has_views: ClassVar[bool] = True
    count_most: ClassVar[int | None] = None  # rows counted and paged at most, where a table grows for ever

    @abstractmethod
    def queryset(self) -> QuerySet:
        """The rows of the tenant in hand before any filter."""

    def bulk(self) -> list[BulkAction]:
        return []

    def context(self) -> dict[str, Any]:
        return {}

    def filtered(self) -> tuple[QuerySet, FilterBar | None]:
        """Rows after the filters of the URL, and the bar that shows them. Unknown values match nothing."""
        rows = self.queryset()
        if self.filterset_class is None:
            return rows, None
        made = self._filterset(rows)
        found = made.qs if made.is_valid() else rows.none()
        return found, filter_bar(made.form, self.request.GET)

    def _filterset(self, rows: QuerySet) -> Any:
        return self.filterset_class(self.request.GET, queryset=rows, request=self.request)

    def _size(self) -> int:
        asked = self.request.GET.get("size", "")
        return int(asked) if asked.isdecimal() and int(asked) in PAGE_SIZES else self.page_size

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if self.filterset_class is not None and CHOICES_KEY in request.GET:
            return filter_choices(request, self._filterset(self.queryset()).form)
        rows, bar = self.filtered()
        table = self.table_class(rows, **self.table_kwargs())
        if request.GET.get("export") in FORMATS:
            return self.export(table)
        size = self._size()
        paging: dict[str, Any] = {"per_page": size}
        if self.count_most is not None:
            paging["paginator_class"] = partial(CappedPaginator, most=self.count_most)
        RequestConfig(request, paginate=paging).configure(table)
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
