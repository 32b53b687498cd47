"""The table of promises over all delivery groups."""

from typing import Any

import django_tables2 as tables
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.exports import moment_cell
from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import deadline, figure, moment
from groups.models import Group

NONE = format_html('<span class="q-none">{}</span>', "–")
_TONES = {"bad": ("is-bad", _("too wide")), "warn": ("is-warn", _("not closed")), "ok": ("is-ok", _("none"))}


class PromiseTable(ConsoleTable):
    """One row a group."""

    name = tables.Column(verbose_name=_("Group"), order_by=("name", "pk"))
    sub_kind = tables.Column(verbose_name=_("Delivers"), empty_values=())
    gap = tables.Column(
        verbose_name=_("Gap"), empty_values=(), accessor="gap_percent",
        attrs={"td": {"class": "q-num"}, "th": {"class": "q-num"}},
    )  # fmt: skip
    due = NumberColumn(verbose_name=_("Due by now"), accessor="due_count")
    kept = NumberColumn(verbose_name=_("Delivered"), accessor="kept_count")
    overdue = NumberColumn(verbose_name=pgettext_lazy("promise", "Overdue"), accessor="overdue_count")
    next_due = tables.Column(verbose_name=_("Next due"), empty_values=(), accessor="next_due_at")
    people = NumberColumn(verbose_name=_("Promised to"), accessor="promised_people")
    owner = tables.Column(verbose_name=_("Owner"), empty_values=(), order_by=("owner__name", "pk"))

    class Meta(ConsoleTable.Meta):
        model = Group
        fields = ("name", "sub_kind", "gap", "due", "kept", "overdue", "next_due", "people", "owner")
        attrs = {"class": "table q-table is-cards is-nopick"}
        row_header = "name"

    def __init__(self, *args: Any, tenant: Any, limit_percent: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant, self._limit = tenant, limit_percent

    def order_gap(self, rows: QuerySet[Group], is_descending: bool) -> tuple[QuerySet[Group], bool]:
        by = F("gap_percent")
        return rows.order_by(
            by.desc(nulls_last=True) if is_descending else by.asc(nulls_last=True), "pk"
        ), True

    def order_next_due(self, rows: QuerySet[Group], is_descending: bool) -> tuple[QuerySet[Group], bool]:
        by = F("next_due_at")
        return rows.order_by(
            by.desc(nulls_last=True) if is_descending else by.asc(nulls_last=True), "pk"
        ), True

    def value_name(self, record: Group) -> str:
        return str(record)

    def render_name(self, record: Group) -> SafeString:
        page = reverse("groups:detail", kwargs={"tenant_slug": self._tenant.slug, "pk": record.pk})
        return format_html(
            '<a class="q-link" href="{}?tab=promises">{}</a><small>{}</small>',
            page, str(record), record.get_state_display(),
        )  # fmt: skip

    def render_sub_kind(self, record: Group) -> str:
        return record.get_sub_kind_display() if record.sub_kind else "–"

    def value_sub_kind(self, record: Group) -> str:
        return record.get_sub_kind_display() if record.sub_kind else ""

    def value_gap(self, record: Any) -> str:
        return "" if record.gap_percent is None else f"{record.gap_percent}%"

    def render_gap(self, record: Any) -> SafeString:
        if record.gap_percent is None:
            return format_html("{}<small>{}</small>", NONE, gettext("nothing was due yet"))
        wide = record.gap_count * 100 > self._limit * record.due_count
        tone, words = _TONES["bad" if wide else "warn" if record.gap_count else "ok"]
        return format_html('{}% <span class="q-tag {}">{}</span>', record.gap_percent, tone, words)

    def render_overdue(self, record: Any) -> SafeString | str:
        if not record.overdue_count:
            return "0"
        return format_html('<b class="q-bad">{}</b>', figure(record.overdue_count))

    def value_next_due(self, record: Any) -> str:
        return moment_cell(record.next_due_at)

    def render_next_due(self, record: Any) -> SafeString:
        if record.next_due_at is None:
            return NONE
        return format_html("{}<small>{}</small>", moment(record.next_due_at), deadline(record.next_due_at))

    def value_owner(self, record: Group) -> str:
        return str(record.owner or record.owner_userid)

    def render_owner(self, record: Group) -> str:
        return self.value_owner(record) or "–"
