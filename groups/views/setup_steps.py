"""The set-up checklist on the group's page: who does what by when, and the ticks."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from groups.enums import FIRST_DAYS, SetupKind, State
from groups.forms.life import SetupStepForm
from groups.models import Group
from groups.selectors.setup_steps import checklists
from groups.services.setup_steps import setup_step_assign, setup_step_tick
from groups.views.detail import group_or_404
from team.selectors import staff_contactable
from tenants import clock, preferences
from tenants.enums import Permission


def shows_setup(group: Group) -> bool:
    """Whether the tab stands: until the group runs, and in its first days after that, when seats are still filled."""
    if group.state in (State.PLANNING, State.WARMING):
        return True
    first = timedelta(days=preferences.value(group.tenant_id, FIRST_DAYS))
    return (
        group.state == State.ACTIVE
        and group.goes_live_at is not None
        and clock.now() - group.goes_live_at <= first
    )


def setup_context(request: Any, group: Group) -> dict[str, Any]:
    """What `groups/_setup.html` shows."""
    return {"setup": checklists(tenant=request.tenant, groups=[group]).get(group.pk)}


class SetupStepPage(FormPage):
    """A drawer: owner and day of one step."""

    permission = write_permission = Permission.OPERATE
    template_name = "groups/setup_step.html"
    form_class = SetupStepForm

    def _step(self, **kwargs: Any) -> Any:
        group = group_or_404(self.request, kwargs["pk"])
        found = checklists(tenant=self.request.tenant, groups=[group]).get(group.pk)
        for step in found.steps if found else []:
            if step.kind == kwargs["kind"]:
                return group, step
        raise Http404

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        _group, step = self._step(**kwargs)
        return {"owner": step.owner.pk if step.owner else "", "due_on": step.due_on}

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        staff = staff_contactable(tenant_id=self.request.tenant.pk)
        return {"staff": [(one.pk, str(one)) for one in staff]}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        group, step = self._step(**kwargs)
        return {"group": group, "step": step}

    def done(self, form: SetupStepForm, **kwargs: Any) -> HttpResponse:
        group_or_404(self.request, kwargs["pk"])
        setup_step_assign(
            tenant=self.request.tenant, group_id=kwargs["pk"], kind=kwargs["kind"],
            owner_id=form.cleaned_data["owner"], due_on=form.cleaned_data["due_on"], actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Kept"))
        return drawer_done(self.request)


class SetupTick(ConsoleView):
    """Say by hand that a step is done, or take it back."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, kind: str, verb: str) -> HttpResponse:
        group_or_404(request, pk)
        setup_step_tick(
            tenant=self.request.tenant,
            group_id=pk,
            kind=kind,
            is_done=verb == "tick",
            actor=self.request.actor,
        )
        said = _("Ticked: %(step)s") if verb == "tick" else _("No longer ticked: %(step)s")
        undo = self.url("groups:setup_tick", pk=pk, kind=kind, verb="untick") if verb == "tick" else ""
        toast(request, said % {"step": SetupKind(kind).label}, undo)
        back = "detail" if request.POST.get("next") == "group" else "readiness"
        return go(request, self.url(f"groups:{back}", pk=pk) + ("?tab=setup" if back == "detail" else ""))
