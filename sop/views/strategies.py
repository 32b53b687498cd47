"""What followed the touches of each strategy of a run, and the people behind each figure (R51)."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.listing import ListPage
from console.pages import ConsoleView, render
from contacts.selectors import customer_list
from groups.tables.matrix import OverlapTable
from sop.enums import Strategy
from sop.selectors.results import INTERACTED_WITHIN_H, ORDERED_WITHIN_H, people_behind, results_by
from sop.views.runs import found_run


class StrategiesView(ConsoleView):
    """GET by htmx: the results of a run by strategy."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = found_run(request, pk)
        context = {
            "run": run,
            "strategies": results_by(tenant=self.request.tenant, run=run, by="strategy"),
            "act_h": INTERACTED_WITHIN_H,
            "order_h": ORDERED_WITHIN_H,
        }
        return render(request, "sop/_strategies.html", context, partial="sop/_strategies.html")


class StrategyPeoplePage(ListPage):
    """The people whom a figure of one strategy counts, each once."""

    table_class = OverlapTable
    key = "sop.strategy_people"
    has_views = False

    @property
    def title(self) -> Any:  # type: ignore[override]
        figures = {
            "people": _("People reached"), "interacted": _("Key interaction"), "ordered": _("Orders"),
        }  # fmt: skip
        figure = figures.get(self.request.GET.get("figure", ""), "")
        strategy = dict(Strategy.choices).get(self.request.GET.get("strategy", ""), "")
        return f"{figure} · {strategy}" if strategy else figure

    def queryset(self) -> QuerySet:
        tenant = self.request.tenant
        run = found_run(self.request, self.kwargs["pk"])
        strategy, figure = (self.request.GET.get(name, "") for name in ("strategy", "figure"))
        try:
            ids = people_behind(tenant=tenant, run=run, strategy=strategy, figure=figure)
        except KeyError as error:
            raise Http404 from error
        return customer_list(tenant_id=tenant.pk).filter(pk__in=ids)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant}
