"""How a step did in earlier runs, and the people behind its figures."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from console.listing import ListPage
from console.pages import ConsoleView, render
from contacts.selectors import customer_list
from groups.tables.matrix import OverlapTable
from sop.selectors.materials import PEOPLE, figure_label
from sop.selectors.step_past import step_past, step_people
from sop.views.editor import found_version
from sop.views.runs import found_run
from sop.views.steps import found_step


class StepPastView(ConsoleView):
    """GET by htmx: a step in the latest runs of its template."""

    def get(self, request: HttpRequest, pk: int, step_pk: int) -> HttpResponse:
        version = found_version(request, pk)
        step = found_step(version, step_pk)
        assert step is not None
        context = {
            "step": step,
            "version": version,
            "rows": step_past(tenant=self.request.tenant, step=step),
            "labels": [figure_label(one) for one in PEOPLE],
        }
        return render(request, "sop/_step_past.html", context, partial="sop/_step_past.html")


class StepPeoplePage(ListPage):
    """The people whom a figure of one step in one run counts, each once."""

    table_class = OverlapTable
    key = "sop.step_people"
    has_views = False

    @property
    def title(self) -> Any:  # type: ignore[override]
        figure = self.request.GET.get("figure", "")
        return figure_label(figure) if figure in PEOPLE else ""

    def queryset(self) -> QuerySet:
        tenant = self.request.tenant
        run = found_run(self.request, self.kwargs["pk"])
        asked = self.request.GET
        try:
            ids = step_people(
                tenant=tenant, run=run, key=asked.get("step", ""), figure=asked.get("figure", "")
            )
        except KeyError as error:
            raise Http404 from error
        return customer_list(tenant_id=tenant.pk).filter(pk__in=ids)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant}
