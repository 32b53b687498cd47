"""The map of groups and how far their members overlap (R14)."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from console.listing import ListPage
from console.pages import TemplatePage
from console.templatetags.q import figure, icon
from contacts.selectors import customer_list
from groups.enums import SHORT_DAYS, Kind, PaymentBasis, Risk, Scenario, Side, State
from groups.policies.matrix import COLUMNS, LONG, OTHERS, ROWS, SHORT, Spot, matrix_of
from groups.selectors import groups_by_id
from groups.selectors.matrix import PLACES_MOST, matrix_spots, overlaps, people_in_both
from groups.selectors.sizes import activity_by_size
from groups.tables.matrix import OverlapTable
from tenants import preferences

CELL_SHOWN = 8
_ROW_NAMES = {
    "series": gettext_lazy("Series"), "scenario": gettext_lazy("Scenario"), "kind": gettext_lazy("Type"),
}  # fmt: skip
_COLUMN_NAMES = {
    "term": gettext_lazy("Short or long term"), "audience": gettext_lazy("Audience"),
    "side": gettext_lazy("New or old customers"), "payment": gettext_lazy("Payment"),
}  # fmt: skip

_LINE = '<li><span class="q-spot{}"></span><a href="{}{}/" title="{}">{}</a> <span class="q-3rd q-num">{}</span>{}</li>'


def _tone(spot: Spot) -> str:
    """The colour of a group's dot; warming, declining and closing ones are grey."""
    if spot.risk >= Risk.BAD:
        return " is-bad"
    return " is-warn" if spot.risk == Risk.WARN else " is-ok" if spot.state == State.ACTIVE else ""


def topic_words(of: str, key: str) -> str:
    """A topic as people read it."""
    names: dict[str, Any] = {"scenario": dict(Scenario.choices), "kind": dict(Kind.choices)}.get(of, {})
    return str(names.get(key, key)) if key else _("Without one")


def _column_words(across: str, key: str) -> str:
    if across == "term":
        return {
            SHORT: pgettext("term of a group", "Short-term"),
            LONG: pgettext("term of a group", "Long-term"),
        }[key]
    if key == "":
        return _("Not said")
    if across == "payment":
        return str(dict(PaymentBasis.choices).get(key, key))
    return _("Other audiences") if key == OTHERS else str(dict(Side.choices).get(key, key))


class MatrixPage(TemplatePage):
    """All live groups on one map; `?by=` the rows, `?across=` the columns."""

    template_name = "groups/matrix.html"

    def _chosen(self, name: str, known: tuple[str, ...]) -> str:
        asked = self.request.GET.get(name, "")
        return asked if asked in known else known[0]

    def context(self, **kwargs: Any) -> dict[str, Any]:
        by, across = self._chosen("by", ROWS), self._chosen("across", COLUMNS)
        spots = matrix_spots(tenant_id=self.request.tenant.pk)
        made = matrix_of(spots, by=by, across=across)
        columns = [_column_words(across, key) for key in made.columns]
        return {
            "by": by,
            "across": across,
            "row_choices": [(key, _ROW_NAMES[key]) for key in ROWS],
            "column_choices": [(key, _COLUMN_NAMES[key]) for key in COLUMNS],
            "columns": columns,
            "rows": [
                {
                    "row": row,
                    "name": topic_words(by, row.key),
                    "cells": [
                        (
                            column,
                            cell,
                            self._lines(cell.spots[:CELL_SHOWN]),
                            self._lines(cell.spots[CELL_SHOWN:]),
                        )
                        for column, cell in zip(columns, row.cells, strict=True)
                    ],
                }
                for row in made.rows
            ],
            "total": len(spots),
            "short_days": preferences.value(self.request.tenant.pk, SHORT_DAYS),
        }

    @cached_property
    def _home(self) -> str:
        """The address of a group's page up to its id."""
        return self.url("groups:detail", pk=0).removesuffix("0/")

    def _lines(self, spots: Sequence[Spot]) -> SafeString:
        """Groups as lines of a cell. There may be a thousand on the map: no template a line."""
        states = dict(State.choices)
        frozen = format_html(" {}", icon("hand-stop"))
        return format_html_join(
            "", _LINE,
            (
                (_tone(one), self._home, one.pk, states.get(one.state, ""), one.name,
                 figure(one.customers if one.knows_members else None),
                 frozen if one.is_frozen else "")
                for one in spots
            ),
        )  # fmt: skip


class OverlapPart(TemplatePage):
    """The overlaps, loaded beside the map: they are counted over all members."""

    template_name = "groups/_overlap.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        by = self.request.GET.get("by", "")
        by = by if by in ROWS else ROWS[0]
        found = overlaps(tenant_id=tenant_id, of=["group", by])
        pairs = found["group"]
        ids = {int(one) for pair in pairs for one in (pair.first, pair.second)}
        known = groups_by_id(tenant_id=tenant_id, group_ids=ids)
        return {
            "by": by,
            "by_words": _ROW_NAMES[by],
            "topics": [
                (pair, topic_words(by, pair.first), topic_words(by, pair.second)) for pair in found[by]
            ],
            "pairs": [
                (pair, known[int(pair.first)], known[int(pair.second)])
                for pair in pairs
                if int(pair.first) in known and int(pair.second) in known
            ],
            "places_most": PLACES_MOST,
        }


class SizesPart(TemplatePage):
    """Groups of each size side by side, loaded beside the map."""

    template_name = "groups/_sizes.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        rows = activity_by_size(tenant_id=self.request.tenant.pk)
        return {"rows": rows, "is_known": any(row.seats for row in rows)}


class OverlapPeople(ListPage):
    """The people whom a figure of overlap counts, each once."""

    table_class = OverlapTable
    key = "groups.overlap"
    title = gettext_lazy("People in both")
    has_views = False

    def queryset(self) -> QuerySet:
        tenant_id, asked = self.request.tenant.pk, self.request.GET
        try:
            first, second = people_in_both(
                tenant_id=tenant_id,
                of=asked.get("of", ""),
                first=asked.get("a", ""),
                second=asked.get("b", ""),
            )
        except (KeyError, ValueError) as error:
            raise Http404 from error
        return customer_list(tenant_id=tenant_id).filter(pk__in=first).filter(pk__in=second)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant}
