"""The inbox: what came in, what is stuck, and the decisions on it."""

import json
from typing import Any

from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.keys import keys_of
from console.listing import BulkAction, ListPage
from console.pages import TemplatePage, go, render, toast
from wecom import decisions, names, selectors
from wecom.enums import InboundSource, InboundState
from wecom.forms import ReasonForm
from wecom.inbox import bulk, envelope, ingest
from wecom.models import InboundEvent, OutboundSend
from wecom.tables import InboundFilter, InboundTable, SendFilter, SendTable
from wecom.views.setup import Managed

SHEET = "css/wecom.css"
BODY_CHARS = 20_000
KINDS_SHOWN = 6


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

    def bulk(self) -> list[BulkAction]:
        return [
            BulkAction(gettext_lazy("Process again"), self.url("wecom:inbox_bulk", verb="replay")),
            BulkAction(gettext_lazy("Close…"), self.url("wecom:inbox_bulk", verb="discard"), is_danger=True),
        ]

    def context(self) -> dict[str, Any]:
        tenant_id, token = self.request.tenant.pk, self.request.GET.get("batch", "")
        return {
            "stuck": selectors.send_list_stuck(tenant_id=tenant_id).count(),
            "kinds": _dead_kinds(tenant_id) if self.request.GET.get("state") == "dead" else [],
            "token": token,
            "progress": bulk.progress(tenant_id=tenant_id, token=token) if token else None,
            "sheet": SHEET,
        }


def _dead_kinds(tenant_id: int) -> list[dict[str, Any]]:
    """Events to decide, by kind: the most numerous first."""
    rows = InboundEvent.objects.filter(tenant_id=tenant_id, state=InboundState.DEAD)
    counted = rows.values_list("event", "change_type").annotate(n=Count("pk")).order_by("-n", "event")
    return [
        {"name": names.event_name(event, change), "value": f"{event}|{change}", "n": n}
        for event, change, n in counted[:KINDS_SHOWN]
    ]


class InboxBulk(Managed):
    """One decision about the picked events. Processing again is done at once; closing asks why first."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, verb: str) -> HttpResponse:
        if verb == "undo":
            return self._take_back()
        ids = self._picked()
        if not ids:
            toast(request, _("No event was picked."))
            return go(request, self.url("wecom:inbox"))
        if verb == "replay":
            return self._replay(ids)
        if verb != "discard":
            raise Http404
        is_answer = "decided" in request.POST
        form = ReasonForm(request.POST if is_answer else None)
        if not is_answer or not form.is_valid():
            every = bool(request.POST.get("every"))
            context = {
                "form": form,
                "ids": [] if every else ids,
                "every": every,
                "count": len(ids),
                "sheet": SHEET,
            }
            return render(request, "wecom/inbox_bulk.html", context, status=422 if is_answer else 200)
        return self._discard(ids, form.cleaned_data["reason"])

    def _picked(self) -> list[int]:
        rows = selectors.inbound_list(tenant_id=self.request.tenant.pk)
        if self.request.POST.get("every"):
            query = QueryDict(self.request.POST.get("query", ""))
            made = InboundFilter(query, queryset=rows, request=self.request)
            if not made.is_valid():
                return []
            return list(made.qs.order_by("pk").values_list("pk", flat=True)[: bulk.MOST])
        asked = keys_of(self.request.POST.getlist("pick"))
        return list(rows.filter(pk__in=asked).values_list("pk", flat=True))

    def _replay(self, ids: list[int]) -> HttpResponse:
        batch = bulk.replay_many(tenant=self.request.tenant, ids=ids, actor=self.request.actor)
        if not batch.ids:
            toast(self.request, _("None of these can be processed again: they wait already, or are done."))
            return go(self.request, self.url("wecom:inbox"))
        count = len(batch.ids)
        said = ngettext("%(n)s event is processed again.", "%(n)s events are processed again.", count)
        toast(self.request, said % {"n": count})
        return go(self.request, f"{self.url('wecom:inbox')}?batch={batch.token}")

    def _discard(self, ids: list[int], reason: str) -> HttpResponse:
        batch = bulk.discard_many(
            tenant=self.request.tenant, ids=ids, reason=reason, actor=self.request.actor
        )
        count = len(batch.ids)
        said = ngettext(
            "%(n)s event is closed without being processed.",
            "%(n)s events are closed without being processed.",
            count,
        )
        undo = f"{self.url('wecom:inbox_bulk', verb='undo')}?batch={batch.token}" if count else ""
        toast(self.request, said % {"n": count}, undo_url=undo)
        return go(self.request, f"{self.url('wecom:inbox')}?state=dead")

    def _take_back(self) -> HttpResponse:
        token = self.request.GET.get("batch", "")
        count = bulk.take_back(tenant=self.request.tenant, token=token, actor=self.request.actor)
        said = ngettext("%(n)s event stands again as before.", "%(n)s events stand again as before.", count)
        toast(self.request, said % {"n": count})
        return go(self.request, self.url("wecom:inbox"))


class InboxProgress(Managed):
    """How far a batch is; asks again by itself until it is over."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        found = bulk.progress(tenant_id=self.request.tenant.pk, token=token)
        if found is None:
            raise Http404
        template = "wecom/_inbox_progress.html"
        return render(request, template, {"progress": found, "token": token}, partial=template)


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
            "name": names.event_name(row.event, row.change_type),
            "about": names.about(row.mailbox),
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
