"""The catalogue of SKUs, and every order with its kind (R38)."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from console.listing import ListPage
from console.pages import ConsoleView, FormPage, drawer_done, toast
from contacts.enums import ANCHOR_DAYS
from contacts.filters import OrderFilter, SkuFilter
from contacts.forms import AnchorForm, SkuForm
from contacts.models import Order, Sku
from contacts.selectors.prices import AnchorNow, anchor_history, anchor_of, prices_paid
from contacts.selectors.skus import codes_without_sku, order_list, sku_get, sku_list
from contacts.services.prices import anchor_ask, anchor_asked, anchor_end, anchor_set
from contacts.services.skus import sku_save, sku_set_archived
from contacts.tables.skus import OrderTable, SkuTable
from tenants import preferences
from tenants.enums import Permission

ANCHORS_SHOWN = 5


class SkuListPage(ListPage):
    """What is sold, and what it brought."""

    template_name = "contacts/skus.html"
    table_class = SkuTable
    filterset_class = SkuFilter
    key = "contacts.skus"
    title = _("SKUs")
    purpose = _(
        "What you sell. Orders name it by its code; its kind tells what an order means on a customer's way."
    )

    def queryset(self) -> QuerySet[Sku]:
        return sku_list(tenant_id=self.request.tenant.pk, archived=self._archived)

    @property
    def _archived(self) -> bool:
        return bool(self.request.GET.get("ended"))

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant, "can_change": self.can(Permission.OPERATE)}

    def context(self) -> dict[str, Any]:
        return {
            "archived": self._archived,
            "has_skus": sku_list(tenant_id=self.request.tenant.pk).exists(),
            "nameless": codes_without_sku(tenant_id=self.request.tenant.pk),
        }


class SkuNewPage(FormPage):
    """A drawer: a new SKU."""

    template_name = "contacts/sku.html"
    form_class = SkuForm
    permission = write_permission = Permission.OPERATE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        told = self.request.GET
        return {"code": told.get("code", "")[:128], "name": told.get("name", "")[:200]}

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"is_new": True}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"here": self.request.path}

    def done(self, form: SkuForm, **kwargs: Any) -> HttpResponse:
        sku = sku_save(tenant=self.request.tenant, actor=self.request.actor, **form.told)
        toast(self.request, _("%(name)s is in the catalogue") % {"name": sku.name})
        return drawer_done(self.request)


class SkuEditPage(SkuNewPage):
    """A drawer: change a SKU, or put it away."""

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        sku = sku_get(tenant_id=self.request.tenant.pk, sku_id=kwargs["pk"])
        price = None if sku.price_fen is None else f"{sku.price_fen / 100:.2f}"
        return {"name": sku.name, "price_yuan": price, "kind": sku.kind}

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"is_new": False}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().context(), "sku": sku_get(tenant_id=self.request.tenant.pk, sku_id=kwargs["pk"])}

    def done(self, form: SkuForm, **kwargs: Any) -> HttpResponse:
        sku = sku_get(tenant_id=self.request.tenant.pk, sku_id=kwargs["pk"])
        sku_save(
            tenant=self.request.tenant, code=sku.code, sku_id=sku.pk, actor=self.request.actor, **form.told
        )
        toast(self.request, _("The SKU is changed; its orders show it at once"))
        return drawer_done(self.request)


class SkuArchiveView(ConsoleView):
    """Put a SKU away, or take it back; the toast offers the way back."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        sku = sku_get(tenant_id=self.request.tenant.pk, sku_id=pk)
        sku = sku_set_archived(
            tenant=self.request.tenant, sku_id=sku.pk, is_archived=verb == "archive", actor=self.request.actor
        )
        back = "restore" if sku.archived_at else "archive"
        said = _("%(name)s is put away") if sku.archived_at else _("%(name)s is in use again")
        undo = self.url("contacts:sku_archive", pk=pk, verb=back)
        toast(request, said % {"name": sku.name}, undo)
        return drawer_done(request)


class AnchorPage(FormPage):
    """A drawer: the price a SKU may be compared with, by what people really paid (R91); an operator asks (R128)."""

    template_name = "contacts/sku_anchor.html"
    form_class = AnchorForm
    permission = write_permission = Permission.OPERATE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        now = self._now(kwargs["pk"])
        return {"price_yuan": f"{now.anchor.price_fen / 100:.2f}"} if now else {}

    def _now(self, pk: int) -> AnchorNow | None:
        tenant_id = self.request.tenant.pk
        return anchor_of(tenant_id=tenant_id, code=sku_get(tenant_id=tenant_id, sku_id=pk).code)

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, pk = self.request.tenant.pk, kwargs["pk"]
        sku = sku_get(tenant_id=tenant_id, sku_id=pk)
        return {
            "sku": sku,
            "now": anchor_of(tenant_id=tenant_id, code=sku.code),
            "paid": prices_paid(tenant_id=tenant_id, code=sku.code),
            "history": list(anchor_history(tenant_id=tenant_id, sku_id=pk)[:ANCHORS_SHOWN]),
            "asked": anchor_asked(tenant_id=tenant_id, sku_id=pk),
            "days": preferences.value(tenant_id, ANCHOR_DAYS),
            "can_approve": self.can(Permission.APPROVE),
        }

    def done(self, form: AnchorForm, **kwargs: Any) -> HttpResponse:
        sku = sku_get(tenant_id=self.request.tenant.pk, sku_id=kwargs["pk"])
        leads = self.can(Permission.APPROVE)
        act = anchor_set if leads else anchor_ask
        act(tenant=self.request.tenant, sku_id=sku.pk, actor=self.request.actor, **form.told)
        said = _("%(name)s may be compared with this price") if leads else _("Asked: a team lead decides.")
        toast(self.request, said % {"name": sku.name} if leads else said)
        return drawer_done(self.request)


class AnchorEndView(ConsoleView):
    """POST: compare a SKU with no price any more."""

    http_method_names = ["post"]
    permission = write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        sku = sku_get(tenant_id=self.request.tenant.pk, sku_id=pk)
        anchor_end(tenant=self.request.tenant, sku_id=sku.pk, actor=self.request.actor)
        toast(request, _("%(name)s is compared with no price any more") % {"name": sku.name})
        return drawer_done(self.request)


class OrderListPage(ListPage):
    """Every order, with its SKU and kind."""

    template_name = "contacts/orders.html"
    table_class = OrderTable
    filterset_class = OrderFilter
    key = "contacts.orders"
    title = _("Orders")
    purpose = _(
        "Orders and refunds as shops and files told them. An order's kind is what its shop says, a repurchase from the "
        "second of a SKU on, or else its SKU's kind. Its scene is what its source says; else flash while the person "
        "sits in a flash group, newcomer for a first order within days of joining, node where it counts for a "
        "campaign, daily otherwise. The step is the last that reached the person within 48 hours before."
    )

    def queryset(self) -> QuerySet[Order]:
        return order_list(tenant_id=self.request.tenant.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant}
