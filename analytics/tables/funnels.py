"""The list of funnels."""

from collections.abc import Callable
from typing import Any

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.enums import FUNNEL_STEPS
from analytics.models import Funnel
from analytics.policies import share
from analytics.selectors.funnels import ends_of
from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import figure, moment, percent


class FunnelTable(ConsoleTable):
    """Kept funnels with how many took the first step and how many the last."""

    name = tables.Column(verbose_name=gettext_lazy("Funnel"))
    steps = tables.Column(verbose_name=gettext_lazy("Steps"), orderable=False)
    window_hours = NumberColumn(verbose_name=gettext_lazy("Within"))
    first = NumberColumn(verbose_name=gettext_lazy("Took the first step"), empty_values=(), orderable=False)
    last = NumberColumn(verbose_name=gettext_lazy("Took the last step"), empty_values=(), orderable=False)
    owner_name = tables.Column(verbose_name=gettext_lazy("Made by"))
    until = tables.Column(verbose_name=gettext_lazy("As of"), empty_values=())

    class Meta(ConsoleTable.Meta):
        row_header = "name"

    def __init__(self, *args: Any, url: Callable[..., str], tenant_id: int, **kwargs: Any) -> None:
        self.url, self.tenant_id = url, tenant_id
        self._ends: dict[int, tuple[int, int]] | None = None
        super().__init__(*args, **kwargs)

    def ends(self, record: Funnel) -> tuple[int, int] | None:
        if self._ends is None:
            shown = self.paginated_rows if hasattr(self, "page") else self.rows
            self._ends = ends_of(tenant_id=self.tenant_id, funnels=[row.record for row in shown])
        return self._ends.get(record.pk)

    def render_name(self, record: Funnel) -> SafeString:
        return format_html('<a class="q-link" href="{}">{}</a>', self.url(pk=record.pk), record.name)

    def value_name(self, record: Funnel) -> str:
        return record.name

    def render_steps(self, value: list[str]) -> str:
        return " → ".join(str(FUNNEL_STEPS.get(one, one)) for one in value)

    def render_window_hours(self, value: int) -> str:
        return ngettext("%(n)s day", "%(n)s days", value // 24) % {"n": value // 24}

    def render_first(self, record: Funnel) -> str:
        ends = self.ends(record)
        return "–" if ends is None else figure(ends[0])

    def value_first(self, record: Funnel) -> int | str:
        ends = self.ends(record)
        return "" if ends is None else ends[0]

    def render_last(self, record: Funnel) -> str:
        ends = self.ends(record)
        return "–" if ends is None else f"{figure(ends[1])} · {percent(share(ends[1], ends[0]))}"

    def value_last(self, record: Funnel) -> int | str:
        ends = self.ends(record)
        return "" if ends is None else ends[1]

    def render_until(self, record: Funnel) -> str:
        return moment(record.until) if record.until else _("being counted …")
