"""Tables of distribution: who takes part, and every order that somebody brought with what it gives or why not."""

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.enums.distribution import SaleReason, SaleState, SellerState
from campaigns.models import Sale, Seller
from campaigns.services.distribution import DECISIONS
from console.tables import NOTHING, ConsoleTable, NumberColumn
from console.templatetags.q import chip, moment, money

SELLER_MARKS = {
    SellerState.ASKED: "warn", SellerState.ACTIVE: "ok", SellerState.REFUSED: "line", SellerState.STOPPED: "line",
}  # fmt: skip
SALE_MARKS = {
    SaleState.WAITING: "on", SaleState.EARNED: "ok", SaleState.BACK: "line", SaleState.REJECTED: "line",
}  # fmt: skip


def sale_why(sale: Sale) -> str:
    """Why an order brings nothing, or no more, with the code; "" where nothing is to be said."""
    return f"{SaleReason(sale.reason).label} ({sale.reason})" if sale.reason else ""


class SellerTable(ConsoleTable):
    """Who takes part or asks to: code, state, orders, what they came to."""

    customer = tables.Column(verbose_name=_("Person"), accessor="customer__name", empty_values=())
    code = tables.Column(verbose_name=pgettext_lazy("distributor", "Code"))
    state = tables.Column(verbose_name=_("State"))
    asked_at = tables.Column(verbose_name=pgettext_lazy("distributor", "Since"))
    sales = NumberColumn(verbose_name=_("Orders"))
    net_fen = tables.Column(
        verbose_name=_("Net paid"), attrs={"th": {"class": "q-num"}, "td": {"class": "q-num"}}
    )
    turned_down = NumberColumn(verbose_name=_("Without commission"))
    note = tables.Column(verbose_name=_("Why"), default=NOTHING)
    do = tables.Column(verbose_name=_("Actions"), empty_values=(), orderable=False, exclude_from_export=True)

    class Meta(ConsoleTable.Meta):
        model = Seller
        fields = ("customer", "code", "state", "asked_at", "sales", "net_fen", "turned_down", "note", "do")
        row_header = "customer"
        empty_text = _("Nobody takes part yet.")

    def __init__(self, *args: Any, tenant_slug: str, can_operate: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slug, self._can_operate = tenant_slug, can_operate

    def render_customer(self, record: Seller) -> SafeString:
        url = reverse("contacts:detail", kwargs={"tenant_slug": self._slug, "pk": record.customer_id})
        return format_html('<a href="{}">{}</a>', url, record.customer)

    def value_customer(self, record: Seller) -> str:
        return str(record.customer)

    def render_state(self, record: Seller) -> SafeString:
        return chip(SELLER_MARKS[SellerState(record.state)], record.get_state_display())

    def value_state(self, record: Seller) -> str:
        return str(record.get_state_display())

    def render_asked_at(self, value: Any) -> str:
        return moment(value)

    def render_net_fen(self, value: int) -> str:
        return money(value)

    def value_net_fen(self, value: int) -> str:
        return f"{value / 100:.2f}"

    def render_note(self, record: Seller) -> SafeString:
        return format_html('{}<span class="d-block q-3rd q-xs">{}</span>', record.note, record.decided_by)

    def value_note(self, record: Seller) -> str:
        return f"{record.decided_by}: {record.note}" if record.note else ""

    def render_do(self, record: Seller) -> Any:
        if not self._can_operate or not DECISIONS[record.state]:
            return NOTHING
        kwargs = {"tenant_slug": self._slug, "pk": record.distribution.campaign_id, "seller_pk": record.pk}
        return format_html(
            '<button class="btn btn-sm q-quiet" type="button" hx-get="{}" hx-target="#q-drawer">{}</button>',
            reverse("campaigns:seller_decide", kwargs=kwargs), gettext("Decide"),
        )  # fmt: skip


class SaleTable(ConsoleTable):
    """Every order that somebody brought, and what it gives or why not."""

    ordered_at = tables.Column(verbose_name=_("Ordered at"))
    order = tables.Column(verbose_name=_("Order number"), accessor="order__order_no")
    customer = tables.Column(
        verbose_name=pgettext_lazy("sale", "Buyer"), accessor="customer__name", empty_values=()
    )
    seller = tables.Column(verbose_name=_("Distributor"), accessor="seller__customer__name", empty_values=())
    source = tables.Column(verbose_name=_("Known by"))
    net_fen = tables.Column(
        verbose_name=_("Net paid"), attrs={"th": {"class": "q-num"}, "td": {"class": "q-num"}}
    )
    state = tables.Column(verbose_name=_("State"))
    reason = tables.Column(verbose_name=_("Why"), default=NOTHING)

    class Meta(ConsoleTable.Meta):
        model = Sale
        fields = ("ordered_at", "order", "customer", "seller", "source", "net_fen", "state", "reason")
        row_header = "order"
        empty_text = _("No order has come by a distributor yet.")

    def render_ordered_at(self, value: Any) -> str:
        return moment(value)

    def render_customer(self, record: Sale) -> str:
        return str(record.customer)

    def render_seller(self, record: Sale) -> str:
        return str(record.seller.customer) if record.seller else record.order.told_seller

    def value_seller(self, record: Sale) -> str:
        return self.render_seller(record)

    def render_source(self, record: Sale) -> str:
        return str(record.get_source_display())

    def render_net_fen(self, value: int) -> str:
        return money(value)

    def value_net_fen(self, value: int) -> str:
        return f"{value / 100:.2f}"

    def render_state(self, record: Sale) -> SafeString:
        state = chip(SALE_MARKS[SaleState(record.state)], record.get_state_display())
        if record.state != SaleState.WAITING:
            return state
        until = gettext("until %(at)s") % {"at": moment(record.due_at)}
        return format_html('{}<span class="d-block q-3rd q-xs">{}</span>', state, until)

    def value_state(self, record: Sale) -> str:
        return str(record.get_state_display())

    def render_reason(self, record: Sale) -> str:
        return sale_why(record)
