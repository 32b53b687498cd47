"""The check-in of a campaign: set up while it is a draft, watched while it runs, with every day handed in."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from campaigns.enums import CampaignState
from campaigns.filters import CheckInFilter
from campaigns.forms import WhyForm
from campaigns.forms.checkins import CheckInForm
from campaigns.models import CheckIn, CheckInPlan
from campaigns.policies.pictures import code_uri
from campaigns.selectors.checkins import (
    CheckInFigures,
    checkin_get,
    checkin_list,
    checkin_token,
    figures_of_checkin,
    member_list,
    plan_of_campaign,
)
from campaigns.selectors.frame import prize_list
from campaigns.selectors.pages import page_url
from campaigns.services.checkins import checkin_reject, checkin_remove, checkin_set
from campaigns.tables.checkins import CheckInTable
from campaigns.views.parts import campaign_of, head
from console.listing import ListPage
from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from console.templatetags.q import figure
from tenants import clock
from tenants.enums import Permission

LATEST = 8
_FIELDS = (
    "tasks", "hint", "proof", "period", "goal_days", "day_points", "streak_days", "streak_points", "goal_points",
    "goal_draws", "cards_start", "card_days", "reach_days",
)  # fmt: skip


class CheckInPage(FormPage):
    """Of a draft the form; of a started one who came, how it goes, and what was handed in."""

    template_name = "campaigns/checkin.html"
    form_class = CheckInForm
    write_permission = Permission.OPERATE
    title = pgettext_lazy("play", "Check-in")

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        return {"prizes": prize_list(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk)}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        plan = plan_of_campaign(campaign=campaign_of(self.request, kwargs["pk"]))
        if plan is None:
            return {}
        return {**{name: getattr(plan, name) for name in _FIELDS}, "gift": plan.gift_id}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        plan = plan_of_campaign(campaign=campaign)
        context = {**head(self.request, campaign, "checkin"), "plan": plan}
        if plan is None or campaign.state == CampaignState.DRAFT:
            return context
        tenant = self.request.tenant
        figures, url = figures_of_checkin(plan=plan, tenant=tenant), page_url(checkin_token(campaign))
        rows = checkin_list(tenant_id=tenant.pk, campaign_id=campaign.pk)
        members = member_list(tenant_id=tenant.pk, campaign_id=campaign.pk)
        return {
            **context, "figures": figures, "stats": self._stats(figures, campaign.pk), "page_url": url,
            "page_code": code_uri(url), "latest": rows[:LATEST], "members": members[:LATEST],
            "streaks": [(_streak_words(low, high), count) for low, high, count in figures.streaks],
            "terms": _terms_words(plan),
        }  # fmt: skip

    def _stats(self, figures: CheckInFigures, pk: int) -> list[dict[str, Any]]:
        at, there = clock.now(), self.url("campaigns:checkins", pk=pk)
        share = f"{figures.today / figures.inside:.0%}" if figures.inside else ""
        told = [
            (_("Checked in today"), figures.today, f"/ {figure(figures.inside)}", share,
             _("People whose day counts today, of those in the groups now.")),
            (_("People who took part"), figures.people, "", "", _("At least one day that counts; each person once.")),
            (_("Reached a goal"), figures.goals, "", "", _("People who reached the goal of a period at least once.")),
            (_("Points given"), figures.points, "",
             ngettext("%(n)s day rejected", "%(n)s days rejected", figures.rejected) % {"n": figures.rejected}
             if figures.rejected else "",
             _("By check-ins, less what was taken back.")),
        ]  # fmt: skip
        return [
            {
                "label": label, "value": figure(value), "unit": unit, "url": there, "source": _("Check-ins"),
                "people": _("Every day"), "against": against,
                "metric": {"label": label, "definition": definition, "source": _("Check-ins"), "freshness": at},
            }
            for label, value, unit, against, definition in told
        ]  # fmt: skip

    def done(self, form: CheckInForm, **kwargs: Any) -> HttpResponse:
        checkin_set(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], wish=form.wish(), actor=self.request.actor
        )
        toast(self.request, _("Saved. It can be changed until the campaign starts."))
        return go(self.request, self.url("campaigns:checkin", pk=kwargs["pk"]))


def _streak_words(low: int, high: int | None) -> str:
    if low == 0:
        return _("broken")
    if high is None:
        return _("%(low)s days and more") % {"low": low}
    return _("%(low)s to %(high)s days") % {"low": low, "high": high}


def _terms_words(plan: CheckInPlan) -> list[tuple[str, str]]:
    """What was announced, as pairs of label and value."""
    none = pgettext("check-in", "none")
    points = pgettext("ledger", "%(n)s points")
    return [
        (_("What members hand in"), str(plan.get_proof_display())),
        (_("A goal runs"), str(plan.get_period_display())),
        (_("Days that reach the goal"), str(plan.goal_days)),
        (_("Each day"), points % {"n": plan.day_points}),
        (_("In a row"), _("every %(days)s days %(n)s points") % {"days": plan.streak_days, "n": plan.streak_points}
         if plan.streak_days else none),
        (_("At the goal"), " · ".join(
            filter(None, [
                points % {"n": plan.goal_points} if plan.goal_points else "",
                _("%(n)s draws") % {"n": plan.goal_draws} if plan.goal_draws else "",
                plan.gift.name if plan.gift else "",
            ])
        ) or none),
        (_("Make-up cards"), _("%(start)s at the start, one for %(days)s days in a row, %(reach)s days back")
         % {"start": plan.cards_start, "days": plan.card_days, "reach": plan.reach_days}
         if plan.card_days else _("%(start)s at the start, %(reach)s days back")
         % {"start": plan.cards_start, "reach": plan.reach_days}),
    ]  # fmt: skip


class CheckInRemoveView(ConsoleView):
    """POST: take the check-in out of a draft."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = campaign_of(self.request, pk)
        checkin_remove(tenant=self.request.tenant, campaign_id=campaign.pk, actor=self.request.actor)
        return go(request, self.url("campaigns:step", pk=pk, step="play"))


class CheckInsPage(ListPage):
    """Every day of every person, with what was handed in."""

    template_name = "campaigns/checkins.html"
    table_class = CheckInTable
    filterset_class = CheckInFilter
    key = "campaigns.checkins"
    title = gettext_lazy("Check-ins")

    def queryset(self) -> QuerySet[CheckIn]:
        campaign = campaign_of(self.request, self.kwargs["pk"])
        return checkin_list(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {
            "tenant_slug": self.request.tenant.slug, "campaign_pk": self.kwargs["pk"],
            "can_operate": self.can(Permission.OPERATE),
        }  # fmt: skip

    def context(self) -> dict[str, Any]:
        return head(self.request, campaign_of(self.request, self.kwargs["pk"]), "checkin")


class CheckInRejectPage(FormPage):
    """A drawer: this day does not count."""

    template_name = "campaigns/checkin_reject.html"
    form_class = WhyForm
    permission = write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = checkin_get(
            tenant_id=self.request.tenant.pk, campaign_id=kwargs["pk"], checkin_id=kwargs["checkin_pk"]
        )
        return {"row": row, "here": self.request.path}

    def done(self, form: WhyForm, **kwargs: Any) -> HttpResponse:
        settled = checkin_reject(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], checkin_id=kwargs["checkin_pk"],
            reason=form.cleaned_data["reason"], actor=self.request.actor,
        )  # fmt: skip
        words = _("Rejected: %(n)s points went back.") % {"n": settled.points}
        if settled.kept:
            words += " " + _("%(n)s were spent already and stay spent.") % {"n": settled.kept}
        toast(self.request, words)
        return drawer_done(self.request)
