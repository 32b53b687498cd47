"""Figures of delivery and of new users on a group's page, answers written down by staff, and ready plans (R17, R18)."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from contacts.selectors import customer_names
from groups.enums import Kind, State
from groups.forms.promises import SurveyForm
from groups.models import Group
from groups.policies.openings import PLANS
from groups.selectors import members_current
from groups.selectors.results import goal_of, results_of
from groups.services.openings import opening_apply
from groups.services.surveys import answer_record
from groups.views.detail import group_or_404
from tenants.enums import Permission
from tenants.roles import allows

SURVEYED = (Kind.DELIVERY, Kind.NEW_USER)


def results_context(request: Any, group: Group) -> dict[str, Any]:
    """What the tab shows: process and result, each with its denominator and its people."""
    found = results_of(group=group)
    goal = goal_of(tenant_id=group.tenant_id, group_id=group.pk) if group.kind == Kind.NEW_USER else None
    return {
        "parts": [
            (_("Process"), [one for one in found if one.is_process]),
            (_("Result"), [one for one in found if not one.is_process]),
        ],
        "results": found, "goal": goal, "is_new_user": group.kind == Kind.NEW_USER,
        "plans": list(PLANS.values()) if group.kind == Kind.NEW_USER and group.state == State.PLANNING else [],
        "can_operate": allows(request.role, Permission.OPERATE), "can_work": allows(request.role, Permission.WORK),
    }  # fmt: skip


class SurveyPage(FormPage):
    """A drawer: what one customer of the group answered."""

    template_name = "groups/survey.html"
    form_class = SurveyForm
    permission = write_permission = Permission.WORK

    def _group(self, pk: int) -> Group:
        group = group_or_404(self.request, pk)
        if group.kind not in SURVEYED:
            raise Http404
        return group

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, group = self.request.tenant.pk, self._group(kwargs["pk"])
        here = members_current(tenant_id=tenant_id, group_ids=[group.pk])[group.pk]
        names = customer_names(tenant_id=tenant_id, customer_ids=here)
        return {"people": [(who, names.get(who) or _("No name known")) for who in here]}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"group": self._group(kwargs["pk"]), "here": self.request.path}

    def done(self, form: SurveyForm, **kwargs: Any) -> HttpResponse:
        told = form.cleaned_data
        answer_record(
            tenant=self.request.tenant, group_id=kwargs["pk"], customer_id=told["customer"],
            survey=told["survey"], value=told["value"], text=told["text"], actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("The answer is written down; it stands on the customer's timeline too"))
        return drawer_done(self.request)


def opening_filled(view: ConsoleView, pk: int, opening: str) -> HttpResponse:
    """Fill a ready plan in, say what of a person's words stayed, and go on with reading it through."""
    request = view.request
    kept = opening_apply(tenant=request.tenant, group_id=pk, opening=opening, actor=request.actor)
    more = ngettext("; %(n)s text of yours is kept", "; %(n)s texts of yours are kept", kept) % {"n": kept}
    toast(request, _("The plan is filled in: read it through, then go live") + (more if kept else ""))
    return go(request, view.url("groups:readiness", pk=pk))


class OpeningPage(ConsoleView):
    """One press: the readiness answers, the first week and the goal of a ready plan."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, opening: str) -> HttpResponse:
        return opening_filled(self, group_or_404(request, pk).pk, opening)
