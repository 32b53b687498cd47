"""What is done with a campaign: start, pause, end, copy, throw away, another budget."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from campaigns.enums import Step
from campaigns.forms import BudgetForm, WhyForm
from campaigns.policies.money import yuan_of
from campaigns.services.frame import campaign_clone, campaign_discard
from campaigns.services.life import (
    budget_ask,
    budget_change,
    campaign_ask_start,
    campaign_end,
    campaign_pause,
    campaign_start,
)
from campaigns.views.parts import campaign_of
from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from tenants.enums import Permission


class CampaignActView(ConsoleView):
    """POST: start (of who may approve), pause, resume, clone, discard."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        campaign = campaign_of(self.request, pk)
        who: dict[str, Any] = {
            "tenant": self.request.tenant, "campaign_id": campaign.pk, "actor": self.request.actor,
        }  # fmt: skip
        there = self.url("campaigns:detail", pk=pk)
        if verb == "start":
            campaign_start(**who)
            toast(request, _("It runs. Budget, prizes, rules and dates are fixed now."))
        elif verb in ("pause", "resume"):
            campaign_pause(**who, is_paused=verb == "pause")
            toast(request, _("No prizes for now.") if verb == "pause" else _("Prizes can be given again."))
        elif verb == "clone":
            made = campaign_clone(**who)
            toast(request, _("A copy, as a draft. Set its dates."))
            there = self.url("campaigns:step", pk=made.pk, step=Step.PLACE)
        elif verb == "discard":
            campaign_discard(**who)
            toast(request, _("%(name)s is thrown away.") % {"name": campaign.name})
            there = self.url("campaigns:list")
        else:
            raise Http404
        return go(request, there)


class AskStartPage(FormPage):
    """A drawer: ask a leader to start it."""

    template_name = "campaigns/why.html"
    form_class = WhyForm
    permission = write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "campaign": campaign_of(self.request, kwargs["pk"]), "here": self.request.path,
            "heading": _("Ask a leader to start it"), "verb": _("Ask for approval"),
            "text": _("Whoever may approve finds it under Today, with the budget. It starts when it is granted."),
        }  # fmt: skip

    def done(self, form: WhyForm, **kwargs: Any) -> HttpResponse:
        campaign_ask_start(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Asked. You are told what is decided."))
        return drawer_done(self.request)


class EndPage(FormPage):
    """A drawer: end it before its time."""

    template_name = "campaigns/why.html"
    form_class = WhyForm
    permission = write_permission = Permission.APPROVE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "campaign": campaign_of(self.request, kwargs["pk"]), "here": self.request.path,
            "heading": _("End it before its time"), "verb": _("End it"), "is_danger": True,
            "text": _("No prize is given any more; those that people were promised are still handed over. Customers "
                      "were told a later end: say it in the groups, too. This cannot be undone."),
        }  # fmt: skip

    def done(self, form: WhyForm, **kwargs: Any) -> HttpResponse:
        campaign_end(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("It has ended. Hand over what is promised, then review it."))
        return drawer_done(self.request)


class BudgetPage(FormPage):
    """A drawer: another budget, by a leader at once, by others asked for."""

    template_name = "campaigns/why.html"
    form_class = BudgetForm
    permission = write_permission = Permission.OPERATE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"budget_yuan": yuan_of(campaign_of(self.request, kwargs["pk"]).budget_fen)}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        may = self.can(Permission.APPROVE)
        return {
            "campaign": campaign_of(self.request, kwargs["pk"]), "here": self.request.path,
            "heading": _("Another budget"), "verb": _("Change the budget") if may else _("Ask for approval"),
            "text": _("It never falls below what is set aside or given out."),
        }  # fmt: skip

    def done(self, form: BudgetForm, **kwargs: Any) -> HttpResponse:
        may = self.can(Permission.APPROVE)
        act = budget_change if may else budget_ask
        act(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], budget_fen=form.budget_fen,
            reason=form.cleaned_data["reason"], actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("The budget is changed.") if may else _("Asked. You are told what is decided."))
        return drawer_done(self.request)
