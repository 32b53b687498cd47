"""Tables of flash sales and group-buys."""

from collections.abc import Collection
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.enums.deals import ReservationState
from campaigns.models import Reservation
from console.tables import NOTHING, ConsoleTable, NumberColumn
from console.templatetags.q import chip, moment, money

TONES = {
    ReservationState.HELD: "due", ReservationState.ORDERED: "confirmed", ReservationState.LAPSED: "line",
    ReservationState.CANCELLED: "line",
}  # fmt: skip


class ReservationTable(ConsoleTable):
    """What was reserved: by whom, how many at which price, how it stands, and the order it became."""

    made_at = tables.Column(verbose_name=_("When"))
    customer = tables.Column(verbose_name=_("Person"), accessor="customer__name", empty_values=())
    sku = tables.Column(verbose_name=_("SKU"), accessor="deal__sku__name")
    pieces = NumberColumn(verbose_name=_("Pieces"))
    price_fen = NumberColumn(verbose_name=_("Price of one"))
    state = tables.Column(verbose_name=_("State"))
    until = tables.Column(verbose_name=_("Order until"), default=NOTHING)
    order_no = tables.Column(verbose_name=_("Order number"), default=NOTHING)
    wish = tables.Column(verbose_name=pgettext_lazy("reservation", "Wish"), default=NOTHING, orderable=False)

    class Meta(ConsoleTable.Meta):
        model = Reservation
        fields = ("made_at", "customer", "sku", "pieces", "price_fen", "state", "until", "order_no", "wish")
        row_header = "customer"
        empty_text = _("Nobody has reserved anything.")

    def __init__(self, *args: Any, tenant_slug: str, settling: Collection[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slug, self._settling = tenant_slug, set(settling)

    def render_made_at(self, value: Any) -> str:
        return moment(value)

    def value_made_at(self, value: Any) -> Any:
        return value

    def render_customer(self, record: Reservation) -> SafeString:
        url = reverse("contacts:detail", kwargs={"tenant_slug": self._slug, "pk": record.customer_id})
        return format_html('<a href="{}">{}</a>', url, record.customer)

    def value_customer(self, record: Reservation) -> str:
        return str(record.customer)

    def render_price_fen(self, value: int) -> str:
        return money(value)

    def value_price_fen(self, value: int) -> Any:
        return value / 100

    def render_state(self, record: Reservation) -> SafeString:
        tone = "blocked" if record.pk in self._settling else TONES[ReservationState(record.state)]
        return chip(tone, self.value_state(record))

    def value_state(self, record: Reservation) -> str:
        if record.pk in self._settling:
            return gettext("Ordered too late: settle it")
        return gettext("Ordered too late, settled") if record.is_late else str(record.get_state_display())

    def render_until(self, record: Reservation) -> str:
        """Only while it counts."""
        return moment(record.until) if record.state == ReservationState.HELD else NOTHING

    def value_until(self, value: Any) -> Any:
        return value
