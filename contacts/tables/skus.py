"""Tables of the catalogue and of orders."""

from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import figure, moment, money
from contacts.models import Order, PriceAnchor, Sku
from contacts.selectors.prices import anchors_of
from contacts.selectors.skus import Sold, order_facts, sold_of
from contacts.selectors.sources import source_label


class SkuTable(ConsoleTable):
    """SKUs: code, kind, price, what they brought."""

    name = tables.Column(verbose_name=_("Name"))
    code = tables.Column(verbose_name=_("Code"))
    kind = tables.Column(verbose_name=_("Kind of order"))
    price_fen = NumberColumn(verbose_name=_("Price"))
    anchor = NumberColumn(verbose_name=_("Compared with"), empty_values=(), orderable=False)
    orders = NumberColumn(verbose_name=_("Orders"), empty_values=(), orderable=False)
    people = NumberColumn(verbose_name=_("Buyers"), empty_values=(), orderable=False)
    refunded = NumberColumn(verbose_name=_("Refunded"), empty_values=(), orderable=False)
    fen = NumberColumn(verbose_name=_("Brought"), empty_values=(), orderable=False)
    edit = tables.Column(verbose_name="", empty_values=(), orderable=False, exclude_from_export=True)

    class Meta(ConsoleTable.Meta):
        model = Sku
        fields = (
            "name",
            "code",
            "kind",
            "price_fen",
            "anchor",
            "orders",
            "people",
            "refunded",
            "fen",
            "edit",
        )
        row_header = "name"

    def __init__(self, *args: Any, tenant: Any, can_change: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant, self._can_change = tenant, can_change

    @cached_property
    def _sold(self) -> dict[str, Sold]:
        rows = self.paginated_rows if hasattr(self, "page") else self.rows
        return sold_of(tenant_id=self._tenant.pk, codes={row.record.code for row in rows})

    def _of(self, record: Sku) -> Sold:
        return self._sold.get(record.code, Sold())

    def _url(self, name: str, **kwargs: Any) -> str:
        return reverse(name, kwargs={"tenant_slug": self._tenant.slug, **kwargs})

    def render_code(self, value: str) -> SafeString:
        return format_html('<span class="q-code">{}</span>', value)

    def value_code(self, value: str) -> str:
        return value

    def render_price_fen(self, value: int) -> str:
        return money(value)

    def value_price_fen(self, value: int) -> str:
        return f"{value / 100:.2f}"

    @cached_property
    def _anchors(self) -> dict[int, PriceAnchor]:
        rows = self.paginated_rows if hasattr(self, "page") else self.rows
        return anchors_of(tenant_id=self._tenant.pk, sku_ids={row.record.pk for row in rows})

    def value_anchor(self, record: Sku) -> str:
        set_to = self._anchors.get(record.pk)
        return f"{set_to.price_fen / 100:.2f}" if set_to else ""

    def render_anchor(self, record: Sku) -> SafeString | str:
        set_to = self._anchors.get(record.pk)
        shown = money(set_to.price_fen) if set_to else "–"
        if not self._can_change:
            return shown
        return format_html(
            '<button class="btn btn-sm q-quiet" type="button" hx-get="{}" hx-target="#q-drawer" '
            'aria-label="{}">{}</button>',
            self._url("contacts:sku_anchor", pk=record.pk),
            gettext("Price to compare with: %(name)s") % {"name": record.name},
            shown,
        )

    def value_orders(self, record: Sku) -> int:
        return self._of(record).orders

    def render_orders(self, record: Sku) -> SafeString:
        return self._orders(record, self._of(record).orders, "")

    def value_people(self, record: Sku) -> int:
        return self._of(record).people

    def render_people(self, record: Sku) -> SafeString:
        return self._orders(record, self._of(record).people, "&state=paid")

    def value_refunded(self, record: Sku) -> int:
        return self._of(record).refunded

    def render_refunded(self, record: Sku) -> SafeString:
        return self._orders(record, self._of(record).refunded, "&state=refunded")

    def _orders(self, record: Sku, number: int, more: str) -> SafeString:
        url = self._url("contacts:orders")
        return format_html(
            '<a class="q-link" href="{}?sku={}{}">{}</a>', url, record.code, more, figure(number)
        )

    def value_fen(self, record: Sku) -> str:
        return f"{self._of(record).fen / 100:.2f}"

    def render_fen(self, record: Sku) -> str:
        return money(self._of(record).fen)

    def render_edit(self, record: Sku) -> SafeString | str:
        if not self._can_change:
            return ""
        return format_html(
            '<button class="btn btn-sm q-quiet" type="button" hx-get="{}" hx-target="#q-drawer">{}</button>',
            self._url("contacts:sku", pk=record.pk),
            gettext("Change"),
        )


class OrderTable(ConsoleTable):
    """Orders: who, what, of which kind, how much."""

    order_no = tables.Column(verbose_name=_("Order number"))
    customer = tables.Column(verbose_name=_("Customer"), empty_values=(), orderable=False)
    sku = tables.Column(verbose_name=_("SKU"), empty_values=(), orderable=False)
    kind = tables.Column(verbose_name=_("Kind of order"), empty_values=(), orderable=False)
    scene = tables.Column(verbose_name=_("Scene"))
    led = tables.Column(verbose_name=_("Campaign and step"), empty_values=(), orderable=False)
    amount_fen = NumberColumn(verbose_name=_("Amount"))
    state = tables.Column(verbose_name=_("State"))
    source = tables.Column(verbose_name=_("Source"))
    ordered_at = tables.Column(verbose_name=_("Ordered at"))

    class Meta(ConsoleTable.Meta):
        model = Order
        fields = (
            "order_no",
            "customer",
            "sku",
            "kind",
            "scene",
            "led",
            "amount_fen",
            "state",
            "source",
            "ordered_at",
        )
        row_header = "order_no"

    def __init__(self, *args: Any, tenant: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant = tenant

    def value_customer(self, record: Order) -> str:
        return str(record.customer or "")

    def render_customer(self, record: Order) -> SafeString | str:
        if record.customer is None:
            return "–"
        url = reverse("contacts:detail", kwargs={"tenant_slug": self._tenant.slug, "pk": record.customer_id})
        return format_html('<a href="{}">{}</a>', url, record.customer.name or gettext("No name known"))

    def value_sku(self, record: Order) -> str:
        return order_facts(record).sku or record.title

    def render_sku(self, record: Order) -> str:
        return self.value_sku(record) or "–"

    def value_kind(self, record: Order) -> str:
        return str(order_facts(record).kind_label)

    def render_kind(self, record: Order) -> str:
        return self.value_kind(record) or "–"

    def value_led(self, record: Order) -> str:
        """The campaign it counts for, and the step that came last before it."""
        return " · ".join(str(one) for one in (record.campaign, record.step) if one is not None)

    def render_led(self, record: Order) -> SafeString | str:
        if record.campaign is None:
            return self.value_led(record) or "–"
        url = reverse("campaigns:detail", kwargs={"tenant_slug": self._tenant.slug, "pk": record.campaign_id})
        step = format_html('<span class="d-block q-3rd q-xs">{}</span>', record.step) if record.step else ""
        return format_html('<a href="{}">{}</a>{}', url, record.campaign, step)

    def render_amount_fen(self, value: int) -> str:
        return money(value)

    def value_amount_fen(self, value: int) -> str:
        return f"{value / 100:.2f}"

    def render_source(self, value: str) -> str:
        return source_label(value)

    def render_ordered_at(self, value: Any) -> Any:
        return moment(value)
