"""The marketing calendar: nodes of the coming year, and one press to a campaign for one."""

from datetime import date
from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from campaigns.enums import Step
from campaigns.selectors.nodes import nodes_ahead
from campaigns.services.nodes import node_begin
from console.pages import ConsoleView, TemplatePage, go
from tenants.enums import Permission


class CalendarPage(TemplatePage):
    """A year of nodes, month by month, with campaigns and offers on them."""

    template_name = "campaigns/calendar.html"
    title = gettext_lazy("Marketing calendar")

    def context(self, **kwargs: Any) -> dict[str, Any]:
        lines = nodes_ahead(tenant=self.request.tenant)
        months = groupby(lines, key=lambda one: one.node.first.replace(day=1))
        return {"months": [(month, list(some)) for month, some in months]}


class NodeBeginView(ConsoleView):
    """POST: a draft for a node, with its dates."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            first = date.fromisoformat(request.POST.get("first", ""))
        except ValueError as error:
            raise Http404 from error
        row = node_begin(
            tenant=self.request.tenant,
            key=request.POST.get("key", "")[:40],
            first=first,
            actor=self.request.actor,
        )
        return go(request, self.url("campaigns:step", pk=row.pk, step=Step.IDEA))
