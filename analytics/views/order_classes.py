"""Why customers bought: the orders to confirm with what speaks for each class (R72)."""

from typing import Any

import django_tables2 as tables
from django.db.models import Count, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from analytics.selectors.order_classes import Evidence, class_counts, evidence_of, orders_in_camp
from analytics.services.order_classes import order_classes_renew
from analytics.views import tabs
from console.listing import BulkAction, ListPage
from console.pages import ConsoleView, go, toast
from console.tables import ConsoleTable, NumberColumn, PickColumn
from console.templatetags.q import moment, money
from contacts.enums import OrderClass
from contacts.selectors.orders import orders_classed
from contacts.services.orders import orders_confirm_classes, orders_open_again
from tenants.enums import Permission
from wecom.archive.selectors import coverage

OPEN, CONFIRMED, ALL = "open", "confirmed", "all"
STATES = {
    OPEN: gettext_lazy("To confirm"),
    CONFIRMED: gettext_lazy("Confirmed"),
    ALL: pgettext_lazy("orders", "All"),
}
SUGGESTED, AGAIN = "suggested", "again"
AT_ONCE = 2_000


class OrderClassTable(ConsoleTable):
    """Orders with their suggested or confirmed class and its evidence."""

    pick = PickColumn()
    customer = tables.Column(verbose_name=gettext_lazy("Customer"), order_by="customer__name")
    order = tables.Column(verbose_name=gettext_lazy("Order"), empty_values=(), order_by="ordered_at")
    amount_fen = NumberColumn(verbose_name=gettext_lazy("Amount"))
    asked = tables.Column(verbose_name=gettext_lazy("First question"), empty_values=(), orderable=False)
    pushed = tables.Column(verbose_name=gettext_lazy("First sales message"), empty_values=(), orderable=False)
    order_class = tables.Column(verbose_name=gettext_lazy("Why bought"), orderable=False)

    class Meta(ConsoleTable.Meta):
        row_header = "customer"
        sequence = ("pick", "customer", "order", "amount_fen", "asked", "pushed", "order_class")

    def __init__(self, *args: Any, url: Any, tenant_id: int, can_work: bool, **kwargs: Any) -> None:
        self.url, self.tenant_id = url, tenant_id
        self._evidence: dict[int, Evidence] | None = None
        super().__init__(*args, exclude=() if can_work else ("pick",), **kwargs)

    def evidence(self, record: Any) -> Evidence:
        if self._evidence is None:
            shown = self.paginated_rows if hasattr(self, "page") else self.rows
            self._evidence = evidence_of(tenant_id=self.tenant_id, orders=[row.record for row in shown])
        return self._evidence.get(record.pk, Evidence())

    def render_customer(self, record: Any) -> SafeString:
        return format_html(
            '<a class="q-link" href="{}">{}</a>', self.url(record.customer_id), record.customer
        )

    def value_customer(self, record: Any) -> str:
        return str(record.customer)

    def render_order(self, record: Any) -> SafeString:
        return format_html(
            "{}<br><small>{}</small>", record.title or record.order_no, moment(record.ordered_at)
        )

    def value_order(self, record: Any) -> str:
        return f"{record.order_no} {record.title} {record.ordered_at.isoformat()}"

    def render_amount_fen(self, record: Any) -> Any:
        return money(record.amount_fen)

    def render_asked(self, record: Any) -> SafeString | str:
        one = self.evidence(record)
        if one.asked_at is None:
            return _("none before it") if one.in_camp else _("was in no camp then")
        return format_html(
            "{}<br><small>{}</small>", one.asked_text or _("(no words kept)"), moment(one.asked_at)
        )

    def render_pushed(self, record: Any) -> SafeString | str:
        one = self.evidence(record)
        if one.pushed_at is None:
            return _("none before it") if one.in_camp else "–"
        return format_html("{}<br><small>{}</small>", one.pushed_title, moment(one.pushed_at))

    def render_order_class(self, record: Any) -> SafeString:
        by = record.class_confirmed_by
        said = _("confirmed by %(who)s") % {"who": by} if by else _("suggested")
        if not by and record.order_class == OrderClass.UNKNOWN:
            said = _("nothing says why")
        tone = {OrderClass.ACTIVE: " is-ok", OrderClass.UNKNOWN: " is-warn"}.get(record.order_class, "")
        return format_html(
            '<span class="q-tag{}">{}</span><br><small>{}</small>',
            tone,
            record.get_order_class_display(),
            said,
        )

    def value_order_class(self, record: Any) -> str:
        by = record.class_confirmed_by
        return f"{record.get_order_class_display()} {by}".strip()


def orders_asked(tenant_id: int, asked: Any) -> QuerySet:
    """The orders of a list's parameters: `state` (to confirm without one), `camp`, `why`, `q`."""
    rows = orders_classed(tenant_id=tenant_id)
    state, camp, why, words = (asked.get(one, "") for one in ("state", "camp", "why", "q"))
    if state not in (CONFIRMED, ALL):
        rows = rows.filter(class_confirmed_by="")
    elif state == CONFIRMED:
        rows = rows.exclude(class_confirmed_by="")
    if camp.isdecimal() and len(camp) < 19:
        rows = rows.filter(pk__in=RawSQL(*orders_in_camp(tenant_id=tenant_id, window_id=int(camp))))
    if why in OrderClass.values:
        rows = rows.filter(order_class=why)
    if words:
        rows = rows.filter(Q(customer__name__icontains=words) | Q(order_no__icontains=words))
    return rows


class OrderClassesPage(ListPage):
    """`?state=open|confirmed|all&camp=3&why=active&q=`: orders with the evidence of their class; counts by camp."""

    template_name = "analytics/order_classes.html"
    table_class = OrderClassTable
    key = "analytics.order_classes"
    has_views = False

    @property
    def _asked(self) -> dict[str, str]:
        asked = self.request.GET
        state = asked.get("state", "")
        return {
            "state": state if state in STATES else OPEN,
            "camp": asked.get("camp", ""),
            "why": asked.get("why", ""),
            "q": asked.get("q", "").strip()[:64],
        }

    def queryset(self) -> Any:
        return orders_asked(self.request.tenant.pk, self._asked)

    def bulk(self) -> list[BulkAction]:
        if not self.can(Permission.WORK):
            return []
        url = self.url("analytics:order_class")
        acts = {
            SUGGESTED: _("As suggested"), OrderClass.ACTIVE: _("Asked first"), OrderClass.STIMULATED: _("Prompted"),
        }  # fmt: skip
        if self._asked["state"] != OPEN:
            acts[AGAIN] = _("Open again")
        return [BulkAction(label, f"{url}?as={key}") for key, label in acts.items()]

    def table_kwargs(self) -> dict[str, Any]:
        return {
            "url": lambda pk: self.url("contacts:detail", pk=pk),
            "tenant_id": self.request.tenant.pk,
            "can_work": self.can(Permission.WORK),
        }

    def context(self) -> dict[str, Any]:
        tenant_id, asked = self.request.tenant.pk, self._asked
        every = orders_asked(tenant_id, {**asked, "state": ALL})
        counted = every.order_by().aggregate(
            open=Count("pk", filter=Q(class_confirmed_by="")), all=Count("pk")
        )
        counted[CONFIRMED] = counted[ALL] - counted[OPEN]
        camps = class_counts(tenant_id=tenant_id)
        return {
            "tabs": tabs(self, "order_classes"),
            "asked": asked,
            "classes": OrderClass.choices,
            "states": [
                {
                    "label": label,
                    "count": counted[key],
                    "url": self._link(state=key),
                    "is_current": key == asked["state"],
                }
                for key, label in STATES.items()
            ],
            "camps": [
                {
                    "row": one,
                    "url": self._link(camp=one.window_id, state=ALL, why=""),
                    "open_url": self._link(camp=one.window_id, state=OPEN, why=""),
                    "cells": [
                        (OrderClass(why).label, n, self._link(camp=one.window_id, state=ALL, why=why))
                        for why, n in one.by_class
                    ],
                }
                for one in camps
            ],
            "camp_name": next((one.name for one in camps if str(one.window_id) == asked["camp"]), ""),
            "is_deaf": not coverage(tenant_id=tenant_id).sees_messages,
        }

    def _link(self, **change: Any) -> str:
        query = QueryDict(mutable=True)
        for key, value in {**self._asked, **change}.items():
            if value not in ("", None):
                query[key] = str(value)
        return f"{self.request.path}?{query.urlencode()}"


class OrderClassView(ConsoleView):
    """POST `?as=suggested|active|stimulated|again` with `pick`, or `every` and the list's `query`."""

    http_method_names = ["post"]
    write_permission = Permission.WORK

    def post(self, request: HttpRequest) -> HttpResponse:
        said = request.GET.get("as", "")
        who = {"tenant": self.request.tenant, "actor": self.request.actor}
        back = f"{self.url('analytics:order_classes')}?{request.POST.get('query', '')}".rstrip("?")
        rows = list(self._rows()[:AT_ONCE].values_list("pk", "order_class"))
        if said == AGAIN:
            people = orders_open_again(order_ids=[pk for pk, _class in rows], **who)
            order_classes_renew(tenant_id=self.request.tenant.pk, customer_ids=people)
            toast(request, _("The rule suggests again."))
            return go(request, back)
        if said == SUGGESTED:
            classes = {pk: one for pk, one in rows if one != OrderClass.UNKNOWN}
        elif said in (OrderClass.ACTIVE, OrderClass.STIMULATED):
            classes = {pk: said for pk, _class in rows}
        else:
            return go(request, back)
        count = orders_confirm_classes(classes=classes, **who)
        told = ngettext("%(n)s order confirmed.", "%(n)s orders confirmed.", count) % {"n": count}
        if left := len(rows) - len(classes):
            told += " " + ngettext(
                "%(n)s has no suggestion: say which it is.",
                "%(n)s have no suggestion: say which they are.",
                left,
            ) % {"n": left}
        toast(request, told)
        return go(request, back)

    def _rows(self) -> QuerySet:
        tenant_id = self.request.tenant.pk
        if self.request.POST.get("every"):
            asked = QueryDict(self.request.POST.get("query", ""))
            return orders_asked(tenant_id, {key: asked.get(key, "") for key in ("state", "camp", "why", "q")})
        told = [one for one in self.request.POST.getlist("pick") if one.isdecimal() and len(one) < 19]
        return orders_classed(tenant_id=tenant_id).filter(pk__in=[int(one) for one in told])
