"""What the people of a run did, link by link, and who they are."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from console.listing import ListPage
from console.pages import ConsoleView, render
from contacts.selectors import customer_list
from groups.tables.matrix import OverlapTable
from sop.selectors.first_reply import first_reply
from sop.selectors.link_figures import figure_label, link_figures, link_people
from sop.views.runs import found_run


class LinkFiguresView(ConsoleView):
    """GET by htmx: the figures of a run's links."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = found_run(request, pk)
        tenant = self.request.tenant
        context = {
            "run": run,
            "figures": link_figures(tenant=tenant, run=run),
            "reply": first_reply(tenant=tenant, run=run),
        }
        return render(request, "sop/_link_figures.html", context, partial="sop/_link_figures.html")


class LinkPeoplePage(ListPage):
    """The people whom a figure counts, each once."""

    table_class = OverlapTable
    key = "sop.link_people"
    has_views = False

    @property
    def title(self) -> Any:  # type: ignore[override]
        return figure_label(self.request.GET.get("figure", ""))

    def queryset(self) -> QuerySet:
        tenant = self.request.tenant
        run = found_run(self.request, self.kwargs["pk"])
        try:
            ids = link_people(tenant=tenant, run=run, figure=self.request.GET.get("figure", ""))
        except KeyError as error:
            raise Http404 from error
        return customer_list(tenant_id=tenant.pk).filter(pk__in=ids)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant}
