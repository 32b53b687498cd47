"""The grid of retention: a row a join week, a cell for each day after the join."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.models import CohortCells
from analytics.policies import share
from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import day, figure, percent

_SHADES = ((0.8, "is-h5"), (0.6, "is-h4"), (0.4, "is-h2"), (0.2, "is-h1"))  # from this share on


def _cell_column(label: Any) -> NumberColumn:
    return NumberColumn(verbose_name=label, empty_values=(), orderable=False)


class CohortTable(ConsoleTable):
    """`by`: "on" the very day, or "since" it. A cell that is not due yet is empty; a file holds counts of people."""

    week = tables.Column(verbose_name=gettext_lazy("Joined in the week"))
    people = NumberColumn(verbose_name=gettext_lazy("People"))
    seat_1 = _cell_column(gettext_lazy("In group, day 1"))
    seat_7 = _cell_column(gettext_lazy("In group, day 7"))
    seat_30 = _cell_column(gettext_lazy("In group, day 30"))
    act_1 = _cell_column(gettext_lazy("Active, day 1"))
    act_7 = _cell_column(gettext_lazy("Active, day 7"))
    act_30 = _cell_column(gettext_lazy("Active, day 30"))

    class Meta(ConsoleTable.Meta):
        row_header = "week"
        attrs = {"class": "table q-table is-tight"}  # a grid stays a grid on a phone, and scrolls
        empty_text = gettext_lazy("Nobody joined in any week that is told.")

    def __init__(
        self, *args: Any, by: str, url: Callable[[CohortCells, str], str] | None, **kwargs: Any
    ) -> None:
        self.by, self.url = by, url
        super().__init__(*args, **kwargs)

    def render_week(self, record: CohortCells) -> str:
        return f"{day(record.week)} – {day(record.week + timedelta(days=6))}"

    def value_week(self, record: CohortCells) -> str:
        return record.week.isoformat()

    def render_people(self, record: CohortCells) -> SafeString | str:
        return self._link(record, "people", figure(record.people))

    def value_people(self, record: CohortCells) -> int:
        return record.people

    def _link(self, record: CohortCells, cell: str, shown: str) -> SafeString | str:
        if self.url is None or not getattr(record, cell):
            return shown
        return format_html('<a class="q-link" href="{}">{}</a>', self.url(record, cell), shown)

    def _cell(self, record: CohortCells, what: str, days: int) -> SafeString | str:
        cell = f"{what}_{self.by}_{days}"
        count = getattr(record, cell)
        part = share(count, record.people)
        if part is None:
            return format_html('<span class="q-3rd" title="{}"></span>', _("not due yet"))
        shade = next((name for least, name in _SHADES if part >= least), "")
        shown = self._link(record, cell, percent(part))
        return format_html(
            '<span class="q-cohort {}">{}<small>{}</small></span>', shade, shown, figure(count)
        )

    def _count(self, record: CohortCells, what: str, days: int) -> int | str:
        count = getattr(record, f"{what}_{self.by}_{days}")
        return "" if count is None else int(count)


def _of_cell(what: str, days: int) -> None:
    """How one cell is shown, and what a file holds of it."""

    def render(self: CohortTable, record: CohortCells) -> SafeString | str:
        return self._cell(record, what, days)

    def value(self: CohortTable, record: CohortCells) -> int | str:
        return self._count(record, what, days)

    setattr(CohortTable, f"render_{what}_{days}", render)
    setattr(CohortTable, f"value_{what}_{days}", value)


for _what in ("seat", "act"):
    for _days in (1, 7, 30):
        _of_cell(_what, _days)
