"""Tables of content."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import figure, moment
from content.models import Script


class ScriptTable(ConsoleTable):
    """Scripts: question and answer, type, how often sent, when last, by whom written."""

    title = tables.Column(verbose_name=_("Question"))
    kind = tables.Column(verbose_name=_("Type"))
    uses = NumberColumn(verbose_name=_("Sent"))
    hits = NumberColumn(verbose_name=_("Answered, 30 days"), empty_values=(), orderable=False)
    used_at = tables.Column(verbose_name=_("Last sent"))
    changed_at = tables.Column(verbose_name=pgettext_lazy("when", "Changed"))
    do = tables.Column(verbose_name=_("Actions"), empty_values=(), orderable=False, exclude_from_export=True)

    class Meta(ConsoleTable.Meta):
        model = Script
        fields = ("title", "kind", "uses", "used_at", "changed_at")
        sequence = ("title", "kind", "uses", "hits", "used_at", "changed_at", "do")
        row_header = "title"
        order_by = ("-uses", "title")

    def __init__(
        self,
        *args: Any,
        tenant_slug: str,
        can_write: bool,
        hits: Callable[[list[int]], dict[int, int]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._hits_of = hits
        self._slug, self._can_write = tenant_slug, can_write

    @cached_property
    def _hits(self) -> dict[int, int]:
        rows = self.paginated_rows if hasattr(self, "page") else self.rows
        return self._hits_of([row.record.pk for row in rows])

    def value_hits(self, record: Script) -> int:
        return self._hits.get(record.pk, 0)

    def render_hits(self, record: Script) -> str:
        return figure(self._hits.get(record.pk, 0))

    def value_title(self, record: Script) -> str:
        return record.title

    def render_title(self, record: Script) -> SafeString:
        short = Truncator(record.text).chars(80)
        return format_html('<b>{}</b><span class="d-block q-3rd q-xs">{}</span>', record.title, short)

    def render_uses(self, record: Script) -> str:
        return figure(record.uses)

    def value_uses(self, record: Script) -> int:
        return record.uses

    def render_used_at(self, record: Script) -> str:
        return moment(record.used_at) if record.used_at else "–"

    def render_changed_at(self, record: Script) -> SafeString:
        return format_html(
            '<span class="text-nowrap">{}</span><span class="d-block q-3rd q-xs">{}</span>',
            moment(record.changed_at),
            record.changed_by,
        )

    def render_do(self, record: Script) -> Any:
        if not self._can_write:
            return "–"
        where = {"tenant_slug": self._slug, "pk": record.pk}
        verb = "restore" if record.archived_at else "archive"
        return format_html(
            '<span class="q-row"><button class="btn btn-sm" type="button" hx-get="{}" hx-target="#q-drawer">{}</button>'
            '<button class="btn btn-sm q-quiet" type="button" hx-post="{}">{}</button></span>',
            reverse("content:script", kwargs=where),
            gettext("Edit"),
            reverse("content:script_verb", kwargs={**where, "verb": verb}),
            gettext("Use again") if record.archived_at else gettext("Archive"),
        )
