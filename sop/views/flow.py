"""What fires, stops and waits in a run; one decision for many; and who leaves a run of a version."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.keys import key_of
from console.pages import ConsoleView, FormPage, TemplatePage, go, render, toast
from contacts.selectors.stages import stage_names
from sop.enums import RunState
from sop.errors import ReasonMissing
from sop.forms import ExitForm
from sop.models import RunGroup, Step
from sop.policies import exits as policy
from sop.selectors.flow import chains_stalled, customers_named, run_flow
from sop.selectors.titles import step_choices
from sop.services.catchup import parked_decide
from sop.services.exits import version_set_exits
from sop.services.triggers import chain_release
from sop.views.runs import found_run
from sop.views.templates import found_version
from tenants.enums import Permission

PEOPLE = {
    "boosted": gettext_lazy("Boosted"),
    "stopped": gettext_lazy("Stopped by interaction"),
    "interacted": gettext_lazy("Interacted after a boost"),
}


class RunFlowPage(TemplatePage):
    """Triggers, chains, boosts, exits and late messages of one run."""

    template_name = "sop/run_flow.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        run = found_run(self.request, kwargs["pk"])
        flow = run_flow(tenant=self.request.tenant, run=run)
        chosen = self.request.GET.get("people", "")
        ids = flow.boosts.people.get(chosen)
        named = (
            customers_named(tenant_id=self.request.tenant.pk, customer_ids=ids) if ids is not None else None
        )
        return {
            "run": run,
            "flow": flow,
            "named": named,
            "named_label": PEOPLE.get(chosen, ""),
            "named_count": len(ids or ()),
            "can_decide": self.can(Permission.OPERATE) and run.state == RunState.RUNNING,
        }


class StallsView(ConsoleView):
    """GET by htmx: whether the chains of a run stall, and where to look."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = found_run(request, pk)
        context = {"run": run, "stalled": chains_stalled(tenant=self.request.tenant, run=run)}
        return render(request, "sop/_stalls.html", context, partial="sop/_stalls.html")


class LateDecideView(ConsoleView):
    """POST: send or leave out what missed its window, of one step or of all. `verb`: send or drop."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        found_run(request, pk)
        if verb not in ("send", "drop"):
            raise Http404
        try:
            decided = parked_decide(
                tenant=self.request.tenant,
                run_id=pk,
                send=verb == "send",
                step_id=key_of(request.POST.get("step")),
                reason=request.POST.get("reason", ""),
                actor=self.request.actor,
            )
        except ReasonMissing as error:
            toast(request, f"{error.message} ({error.code})")
            return go(request, self.url("sop:run_flow", pk=pk))
        said = [
            (decided.sent, ngettext("%(n)s goes out now", "%(n)s go out now", decided.sent)),
            (decided.left_out, ngettext("%(n)s left out", "%(n)s left out", decided.left_out)),
            (
                decided.too_late,
                ngettext(
                    "%(n)s dropped: its offer has ended", "%(n)s dropped: their offer has ended", decided.too_late
                ),
            ),
        ]  # fmt: skip
        words = [text % {"n": count} for count, text in said if count]
        toast(request, " · ".join(words) or _("Nothing waits any more."))
        return go(request, self.url("sop:run_flow", pk=pk))


class ChainReleaseView(ConsoleView):
    """POST: go on with a stalled chain in one group, with a reason."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int, step_pk: int, other_pk: int) -> HttpResponse:
        found_run(request, pk)
        try:
            went_on = chain_release(
                tenant=self.request.tenant,
                run_id=pk,
                step_id=step_pk,
                group_id=other_pk,
                reason=request.POST.get("reason", ""),
                actor=self.request.actor,
            )
        except (Step.DoesNotExist, RunGroup.DoesNotExist) as error:
            raise Http404 from error
        except ReasonMissing as error:
            toast(request, f"{error.message} ({error.code})")
            return go(request, self.url("sop:run_flow", pk=pk))
        toast(request, _("The chain goes on.") if went_on else _("It has gone on already."))
        return go(request, self.url("sop:run_flow", pk=pk))


class ExitsPage(FormPage):
    """A drawer: who leaves a run of this draft before its end."""

    template_name = "sop/exits_drawer.html"
    form_class = ExitForm
    write_permission = Permission.OPERATE

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        offered = step_choices(version=found_version(self.request, kwargs["pk"]), step=None)
        stages = list(stage_names(tenant_id=self.request.tenant.pk).items())
        return {**{name: offered[name] for name in ("group_tags", "tags")}, "stages": stages}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        version = found_version(self.request, kwargs["pk"])
        return ExitForm.initial_of(policy.read(version.exits))

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"version": found_version(self.request, kwargs["pk"])}

    def done(self, form: ExitForm, **kwargs: Any) -> HttpResponse:
        found_version(self.request, kwargs["pk"])
        version_set_exits(
            tenant=self.request.tenant,
            version_id=kwargs["pk"],
            exits=form.to_exits(),
            actor=self.request.actor,
        )
        toast(self.request, _("Saved. Runs of this version follow it."))
        return go(self.request, self.url("sop:version", pk=kwargs["pk"]))
