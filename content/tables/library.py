"""The table of the content library."""

from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.tables import ConsoleTable, NumberColumn, PickColumn
from console.templatetags.q import chip, day, figure, moment
from content.enums import EditionState
from content.models import Material
from content.policies.attachments import KIND_LABELS
from content.policies.usage import Figures, Usage
from content.selectors.library import is_in_force
from content.selectors.usage import usage_of
from tenants import clock

TONES = {
    EditionState.DRAFT: "line",
    EditionState.WAITING: "warn",
    EditionState.APPROVED: "ok",
    EditionState.REFUSED: "bad",
}


class MaterialTable(ConsoleTable):
    """Materials: what, which type, where it stands, what came of it."""

    pick = PickColumn()
    title = tables.Column(verbose_name=_("Material"))
    kind = tables.Column(verbose_name=_("Type"))
    state = tables.Column(verbose_name=_("State"))
    owner = tables.Column(verbose_name=pgettext_lazy("material", "Owner"))
    sent = NumberColumn(verbose_name=_("Sent"), empty_values=(), orderable=False)
    reached = NumberColumn(verbose_name=_("Reached"), empty_values=(), orderable=False)
    clicked = NumberColumn(verbose_name=_("Clicked"), empty_values=(), orderable=False)
    replied = NumberColumn(verbose_name=_("Replied, 24 h"), empty_values=(), orderable=False)
    left = NumberColumn(verbose_name=_("Left, 24 h"), empty_values=(), orderable=False)
    changed_at = tables.Column(verbose_name=pgettext_lazy("when", "Changed"))

    class Meta(ConsoleTable.Meta):
        model = Material
        fields = ("title", "kind", "state", "owner", "changed_at")
        sequence = (
            "pick", "title", "kind", "state", "owner", "sent", "reached", "clicked", "replied", "left", "changed_at",
        )  # fmt: skip
        row_header = "title"

    def __init__(self, *args: Any, tenant: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant = tenant

    @cached_property
    def _usage(self) -> dict[int, Usage]:
        rows = self.paginated_rows if hasattr(self, "page") else self.rows
        return usage_of(tenant=self._tenant, material_ids=[row.record.pk for row in rows])

    @cached_property
    def _today(self) -> Any:
        return clock.local_date(clock.now(), self._tenant.timezone)

    def _figures(self, record: Material) -> Figures | None:
        found = self._usage.get(record.pk)
        return found.total if found else None

    def _url(self, record: Material) -> str:
        return reverse("content:material", kwargs={"tenant_slug": self._tenant.slug, "pk": record.pk})

    def value_title(self, record: Material) -> str:
        return record.title

    def render_title(self, record: Material) -> SafeString:
        along = gettext(", ").join(dict.fromkeys(str(KIND_LABELS[one["kind"]]) for one in record.attachments))
        words = Truncator(record.text).chars(60)
        tags = format_html_join("", ' <span class="q-tag is-line">{}</span>', ((tag,) for tag in record.tags))
        return format_html(
            '<a href="{}"><b>{}</b></a>{}<span class="d-block q-3rd q-xs">{}</span>',
            self._url(record), record.title, tags, " · ".join(one for one in (along, words) if one),
        )  # fmt: skip

    def render_state(self, record: Material) -> SafeString:
        return format_html(
            "{}{}", chip(TONES[EditionState(record.state)], self._state(record)), self._days(record)
        )

    def value_state(self, record: Material) -> str:
        return self._state(record)

    def _state(self, record: Material) -> str:
        if record.archived_at is not None:
            return gettext("Archived")
        label = str(record.get_state_display())
        if record.edition and record.state != EditionState.APPROVED:
            return gettext("%(state)s, edition %(n)s in use") % {"state": label, "n": record.edition}
        return label

    def _days(self, record: Material) -> SafeString | str:
        if not record.edition or is_in_force(record, self._today) or record.archived_at is not None:
            return ""
        if record.valid_until is not None and record.valid_until < self._today:
            said = gettext("ended %(day)s") % {"day": day(record.valid_until)}
        else:
            said = gettext("from %(day)s on") % {"day": day(record.valid_from)}
        return format_html('<span class="d-block q-xs q-warn">{}</span>', said)

    def render_owner(self, record: Material) -> str:
        return str(record.owner) if record.owner else "–"

    def render_changed_at(self, record: Material) -> SafeString:
        return format_html(
            '<span class="text-nowrap">{}</span><span class="d-block q-3rd q-xs">{}</span>',
            moment(record.changed_at),
            record.changed_by,
        )

    def _figure(self, record: Material, name: str) -> Any:
        found = self._figures(record)
        value = getattr(found, name) if found else None
        if not value:
            return figure(value)
        return format_html('<a class="q-link" href="{}#results">{}</a>', self._url(record), figure(value))

    def _value(self, record: Material, name: str) -> Any:
        found = self._figures(record)
        return getattr(found, name) if found else None

    def render_sent(self, record: Material) -> Any:
        return self._figure(record, "sent")

    def value_sent(self, record: Material) -> Any:
        return self._value(record, "sent")

    def render_reached(self, record: Material) -> Any:
        return self._figure(record, "reached")

    def value_reached(self, record: Material) -> Any:
        return self._value(record, "reached")

    def render_clicked(self, record: Material) -> Any:
        return self._figure(record, "clicked")

    def value_clicked(self, record: Material) -> Any:
        return self._value(record, "clicked")

    def render_replied(self, record: Material) -> Any:
        return self._figure(record, "replied")

    def value_replied(self, record: Material) -> Any:
        return self._value(record, "replied")

    def render_left(self, record: Material) -> Any:
        return self._figure(record, "left")

    def value_left(self, record: Material) -> Any:
        return self._value(record, "left")
