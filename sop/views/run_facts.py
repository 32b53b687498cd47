"""Which product facts a run's messages told, what followed, and who the people are (R66)."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.listing import ListPage
from console.pages import ConsoleView, render
from contacts.selectors import customer_list
from groups.tables.matrix import OverlapTable
from sop.selectors.step_facts import PEOPLE, facts_of_run
from sop.views.runs import found_run


def _labels() -> dict[str, str]:
    return {"told": _("Told"), "replied": _("Replied, 24 h"), "ordered": _("Ordered, 7 days")}


class RunFactsView(ConsoleView):
    """GET by htmx: the facts of a run."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = found_run(request, pk)
        rows = [
            (one, [(name, getattr(one.results, name)) for name in PEOPLE])
            for one in facts_of_run(tenant=self.request.tenant, run=run)
        ]
        context = {"run": run, "rows": rows, "labels": list(_labels().values())}
        return render(request, "sop/_run_facts.html", context, partial="sop/_run_facts.html")


class FactPeoplePage(ListPage):
    """The people whom a figure of one fact in one run counts, each once."""

    table_class = OverlapTable
    key = "sop.fact_people"
    has_views = False

    @property
    def title(self) -> Any:  # type: ignore[override]
        return _labels().get(self.request.GET.get("figure", ""), "")

    def queryset(self) -> QuerySet:
        tenant = self.request.tenant
        run = found_run(self.request, self.kwargs["pk"])
        asked, figure = self.request.GET.get("fact", ""), self.request.GET.get("figure", "")
        found = facts_of_run(tenant=tenant, run=run)
        fact = next((one for one in found if str(one.fact.pk) == asked), None)
        if fact is None or figure not in PEOPLE:
            raise Http404
        return customer_list(tenant_id=tenant.pk).filter(pk__in=getattr(fact.results, figure) or ())

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant}
