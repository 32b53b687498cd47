"""The inbox: what came in, what is stuck, and the decisions on it."""

import json
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.listing import ListPage
from console.pages import TemplatePage, toast
from wecom import decisions, envelope, ingest, selectors
from wecom.enums import InboundSource, InboundState
from wecom.forms import ReasonForm
from wecom.models import InboundEvent, OutboundSend
from wecom.tables import InboundFilter, InboundTable, SendFilter, SendTable
from wecom.views.setup import Managed

SHEET = "css/wecom.css"
BODY_CHARS = 20_000


class Inbox(Managed, ListPage):
    """Everything that came in."""

    template_name = "wecom/inbox.html"
    table_class = InboundTable
    filterset_class = InboundFilter
    key = "wecom.inbox"
    title = gettext_lazy("Inbox")

    def queryset(self) -> QuerySet[InboundEvent]:
        return selectors.inbound_list(tenant_id=self.request.tenant.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant}

    def context(self) -> dict[str, Any]:
        return {"stuck": selectors.send_list_stuck(tenant_id=self.request.tenant.pk).count(), "sheet": SHEET}


class Sends(Managed, ListPage):
    """Sends that wait for a person."""

    template_name = "wecom/sends.html"
    table_class = SendTable
    filterset_class = SendFilter
    key = "wecom.sends"
    title = gettext_lazy("Inbox")
    has_views = False

    def queryset(self) -> QuerySet[OutboundSend]:
        return selectors.send_list_stuck(tenant_id=self.request.tenant.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant}

    def context(self) -> dict[str, Any]:
        return {"stuck": selectors.send_list_stuck(tenant_id=self.request.tenant.pk).count(), "sheet": SHEET}


def _found(queryset: QuerySet[Any], pk: int) -> Any:
    found = queryset.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _fields(row: InboundEvent) -> list[tuple[str, str]]:
    """The event as it is read: field and value. Empty for one that cannot be read."""
    if row.source == InboundSource.API:
        return [(item["id"], f"{item['kind']} · {_shown(item)}") for item in ingest.api_items(row)[:200]]
    try:
        inner = envelope.parse_inner(row.body)
    except envelope.Unreadable:
        return []
    return [(name, _shown(value)) for name, value in inner.fields.items()]


class InboxDetail(Managed, TemplatePage):
    """One event: as it came, as it is read, what went wrong, what can be done."""

    template_name = "wecom/inbox_detail.html"

    def row(self, pk: int) -> InboundEvent:
        return _found(selectors.inbound_list(tenant_id=self.request.tenant.pk), pk)

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row(kwargs["pk"])
        return {
            "row": row,
            "fields": _fields(row),
            "body": row.body[:BODY_CHARS],
            "handlers": len(ingest.handlers_of(row.event)),
            "can_replay": row.state != InboundState.PENDING,
            "can_discard": row.state not in (InboundState.DONE, InboundState.DISCARDED),
            "form": kwargs.get("form") or ReasonForm(),
            "sheet": SHEET,
        }

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.row(pk)
        if request.POST.get("verb") == "replay":
            decisions.inbound_replay(tenant=self.request.tenant, inbound_id=pk, actor=self.request.actor)
            toast(request, _("The event is processed again."))
            return HttpResponseRedirect(self.url("wecom:inbox_detail", pk=pk))
        form = ReasonForm(request.POST)
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        decisions.inbound_discard(
            tenant=self.request.tenant, inbound_id=pk, reason=reason, actor=self.request.actor
        )
        toast(request, _("The event is closed without being processed."))
        return HttpResponseRedirect(self.url("wecom:inbox"))
