"""Tables of show-orders."""

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from campaigns.enums.showing import ShowState
from campaigns.models import ShownOrder
from console.tables import NOTHING, ConsoleTable
from console.templatetags.q import chip, moment

SHOW_TONES = {
    ShowState.WAITING: "due", ShowState.GRANTED: "confirmed", ShowState.GONE: "skipped", ShowState.REFUSED: "blocked",
}  # fmt: skip


def why_words(record: ShownOrder) -> str:
    """Why it was not granted: the reason that there is, and what was written to it."""
    return ": ".join(filter(None, [str(record.get_fault_display()) if record.fault else "", record.reason]))


class ShownOrderTable(ConsoleTable):
    """What was shown: when, by whom, which order, the words, permission and state."""

    at = tables.Column(verbose_name=_("When"))
    person = tables.Column(verbose_name=_("Person"), accessor="customer__name", default=NOTHING)
    order = tables.Column(verbose_name=_("Order number"), accessor="order__order_no", default=NOTHING)
    text = tables.Column(verbose_name=_("What they wrote"), orderable=False)
    permitted_at = tables.Column(verbose_name=_("May be shown to others"), default=NOTHING)
    state = tables.Column(verbose_name=_("State"))
    acts = tables.Column(
        verbose_name=_("Actions"), accessor="pk", orderable=False, exclude_from_export=True, empty_values=()
    )

    class Meta(ConsoleTable.Meta):
        model = ShownOrder
        fields = ("at", "person", "order", "text", "permitted_at", "state", "acts")
        row_header = "person"
        empty_text = _("Nobody has shown an order yet.")

    def __init__(self, *args: Any, tenant_slug: str = "", can_operate: bool = False, **kwargs: Any) -> None:
        self._slug, self._can_operate = tenant_slug, can_operate
        super().__init__(*args, **kwargs)

    def render_at(self, value: Any) -> str:
        return moment(value)

    def render_permitted_at(self, value: Any) -> str:
        return moment(value)

    def render_state(self, record: ShownOrder) -> SafeString:
        words = record.get_state_display()
        return chip(
            SHOW_TONES[ShowState(record.state)], " · ".join(filter(None, [str(words), why_words(record)]))
        )

    def value_state(self, record: ShownOrder) -> str:
        return " · ".join(filter(None, [str(record.get_state_display()), why_words(record)]))

    def render_acts(self, record: ShownOrder) -> SafeString | str:
        if not self._can_operate or record.state != ShowState.WAITING:
            return ""
        url = reverse(
            "campaigns:shown_decide",
            kwargs={"tenant_slug": self._slug, "pk": record.play.campaign_id, "shown_pk": record.pk},
        )
        return format_html(
            '<button class="btn btn-sm" type="button" hx-get="{}" hx-target="#q-drawer">{}</button>',
            url, pgettext("show", "Look at it"),
        )  # fmt: skip
