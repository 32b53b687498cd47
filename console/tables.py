"""Tables of the console: django-tables2 with the kit's look."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from html import unescape
from typing import Any

import django_tables2 as tables
from django.db.models import QuerySet
from django.template import Context
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_tables2.data import TableQuerysetData

from console.exports import moment_cell

_MARKUP = re.compile(r"<[^>]*>")
NOTHING = "–"  # what a page shows where nothing is known


class PickColumn(tables.Column):
    """Check boxes for the bulk bar; their values are row ids, posted as `pick`."""

    attrs_cell = "q-pick"

    def __init__(self, **extra: Any) -> None:
        super().__init__(
            accessor="pk", orderable=False, exclude_from_export=True, empty_values=(),
            attrs={"td": {"class": "q-pick"}, "th": {"class": "q-pick"}}, **extra,
        )  # fmt: skip

    @property
    def header(self) -> SafeString:
        return format_html(
            '<input class="form-check-input" type="checkbox" aria-label="{}">',
            gettext("Pick all rows of this page"),
        )

    def render(self, value: Any, record: Any) -> SafeString:
        label = gettext("Pick %(name)s") % {"name": record}
        return format_html(
            '<input class="form-check-input" type="checkbox" name="pick" value="{}" form="q-bulk-form"'
            ' aria-label="{}">',
            value, label,
        )  # fmt: skip


class CellColumn(tables.TemplateColumn):
    """A cell by its template, within the page's own context.

    The column of django-tables2 makes a new context for every cell, and each of those asks every context processor.
    """

    def render(self, record: Any, table: Any, value: Any, bound_column: Any, **kwargs: Any) -> str:
        own = self.get_context_data(
            record=record, table=table, value=value, bound_column=bound_column, **kwargs
        )
        template = get_template(self.template_name).template  # type: ignore[attr-defined]
        context = getattr(table, "context", None) or Context()
        with context.push(**own):
            return str(template.render(context))


class NumberColumn(tables.Column):
    """Right-aligned figures. The value is rendered by `render_<name>` or as the kit writes figures."""

    def __init__(self, *args: Any, **extra: Any) -> None:
        extra.setdefault("attrs", {"td": {"class": "q-num"}, "th": {"class": "q-num"}})
        super().__init__(*args, **extra)


def tied(rows: QuerySet) -> QuerySet:
    """Ordered rows with the primary key as last order, in the direction of the last one: of equal rows each stands on
    one page, and on the same one whenever it is asked.

    Left as they are: rows in no order, slices, and rows that are no rows of a table (values, unions).
    """
    query = rows.query
    order = query.order_by or (query.get_meta().ordering if query.default_ordering else ())
    is_other = query.is_sliced or query.combinator or query.distinct_fields or query.values_select
    if not order or is_other or query.group_by not in (None, True) or "?" in order:
        return rows
    names = [str(one).lstrip("-+") for one in order]
    if {"pk", query.get_meta().pk.name} & set(names):
        return rows
    last = order[-1]
    is_down = last.startswith("-") if isinstance(last, str) else bool(getattr(last, "descending", False))
    return rows.order_by(*order, "-pk" if is_down else "pk")


class TiedRows(TableQuerysetData):
    """Rows whose order leaves no two of them alike, however the table is sorted."""

    def __init__(self, data: QuerySet) -> None:
        super().__init__(data)
        self._given = data
        self.data = tied(data)

    @property
    def ordering(self) -> Any:
        """The columns that the rows came ordered by, which the head of the table shows."""
        rows = TableQuerysetData(self._given)
        rows.set_table(self.table)
        return rows.ordering

    def order_by(self, aliases: Any) -> None:
        super().order_by(aliases)
        self.data = tied(self.data)


class NarrowFirst(TiedRows):
    """Rows of a page by their ids: the database puts ids in order, and reads what a row shows for those of the page.

    For lists of very many rows that are wide, in an order without an index.
    """

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, slice):
            return super().__getitem__(key)
        return self.data.filter(pk__in=list(self.data.values_list("pk", flat=True)[key]))


class ConsoleTable(tables.Table):
    """Base of every table. `Meta.row_header` names the column that is the row's head; `Meta.rows_by` how the rows of a
    page are read."""

    class Meta:
        template_name = "console/_table.html"
        attrs = {"class": "table q-table is-cards"}
        row_header = ""
        rows_by: type[TiedRows] = TiedRows
        order_by_field = "sort"
        empty_text = _("No rows match these filters.")
        default = NOTHING

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        if isinstance(data, QuerySet):
            data = getattr(self.Meta, "rows_by", TiedRows)(data)
        super().__init__(data, *args, **kwargs)
        own: dict[str, Any] = dict(self.attrs)  # type: ignore[has-type]
        if "pick" not in self.base_columns and "is-nopick" not in own.get("class", ""):
            self.attrs = {**own, "class": f"{own.get('class', '')} is-nopick"}

    @property
    def row_header(self) -> str:
        """The column rendered as <th scope="row">: Meta.row_header, else the first that is not a pick."""
        named = getattr(self.Meta, "row_header", "")
        return named or next((name for name in self.columns.names() if name != "pick"), "")

    def as_values(self, exclude_columns: Iterable[str] = ()) -> Iterator[list[Any]]:
        """Rows of a file, the header first. `value_<name>` says what a cell holds; without one it is what the page
        shows, without markup: a moment with its whole date, a figure as a number, nothing where the page has a dash.
        """
        hidden = set(exclude_columns)
        columns = [
            one
            for one in self.columns.iterall()
            if not (one.column.exclude_from_export or one.name in hidden)
        ]
        yield [str(one.header) for one in columns]
        for row in self.rows:
            yield [self._filed(row, one) for one in columns]

    def _filed(self, row: Any, column: Any) -> Any:
        if not hasattr(self, f"value_{column.name}"):
            raw = column.accessor.resolve(row.record, quiet=True)
            if isinstance(raw, datetime):
                return moment_cell(raw)
            if isinstance(column.column, NumberColumn) and isinstance(raw, int | float):
                return raw
        cell = row.get_cell_value(column.name)
        if isinstance(cell, SafeString):
            cell = unescape(" ".join(_MARKUP.sub(" ", cell).split()))
        if cell is None or cell == NOTHING:
            return ""
        return cell if isinstance(cell, int | float) else str(cell)
