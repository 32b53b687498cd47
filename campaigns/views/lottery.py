"""The lottery of a campaign: set up while it is a draft, watched while it runs, with every draw."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from campaigns.enums import CampaignState
from campaigns.filters import DrawFilter
from campaigns.forms.lottery import LotteryForm
from campaigns.models import Draw
from campaigns.policies.lottery import WHOLE
from campaigns.policies.pictures import code_uri
from campaigns.selectors.frame import prize_list
from campaigns.selectors.lottery import (
    LotteryFigures,
    chances_of,
    draw_list,
    figures_of_lottery,
    lottery_of,
    lottery_token,
    odds_of,
    percent_words,
)
from campaigns.selectors.pages import page_url
from campaigns.services.lottery import lottery_remove, lottery_set
from campaigns.tables import DrawTable
from campaigns.views.parts import campaign_of, head
from console.listing import ListPage
from console.pages import ConsoleView, FormPage, go, toast
from console.templatetags.q import figure
from tenants import clock
from tenants.enums import Permission

LATEST = 8


class LotteryPage(FormPage):
    """Of a draft the form; of a started one what is drawn and what is left."""

    template_name = "campaigns/lottery.html"
    form_class = LotteryForm
    write_permission = Permission.OPERATE
    title = gettext_lazy("Lottery")

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        return {"prizes": prize_list(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk)}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        lottery = lottery_of(campaign=campaign_of(self.request, kwargs["pk"]))
        if lottery is None:
            return {}
        odds = {f"odds_{one.prize_id}": percent_words(one.share)[:-1] for one in chances_of(lottery=lottery)}
        return {
            "kind": lottery.kind, "free_draws": lottery.free_draws, "draws_most": lottery.draws_most, **odds,
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        lottery = lottery_of(campaign=campaign)
        context = {**head(self.request, campaign, "lottery"), "lottery": lottery}
        if lottery is None or campaign.state == CampaignState.DRAFT:
            prizes = prize_list(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk)
            return {**context, "has_prizes": bool(prizes)}
        figures, odds = figures_of_lottery(lottery=lottery), odds_of(lottery=lottery)
        url = page_url(lottery_token(campaign=campaign, lottery=lottery))
        return {
            **context, "figures": figures, "stats": self._stats(figures, campaign.pk), "page_url": url,
            "page_code": code_uri(url),
            "lines": [
                (one, figures.by_prize.get(one.prize.pk, 0), round(figures.draws * one.share / WHOLE, 1))
                for one in odds
            ],
            "nothing": percent_words(WHOLE - sum(one.share for one in odds)),
            "is_over": campaign.state not in (CampaignState.DRAFT, CampaignState.RUNNING),
            "latest": draw_list(lottery=lottery)[:LATEST],
            "log_url": page_url(lottery_token(campaign=campaign, lottery=lottery), "log"),
        }  # fmt: skip

    def _stats(self, figures: LotteryFigures, pk: int) -> list[dict[str, Any]]:
        at, draws = clock.now(), self.url("campaigns:draws", pk=pk)
        told = [
            (_("People who drew"), figures.people, "", _("Each person once, by whatever record of theirs.")),
            (_("Draws"), figures.draws, f"/ {figure(figures.granted)}", _("Draws made, of those people were granted.")),
            (pgettext("draw", "Won"), figures.won, "", _("Draws that gave a prize.")),
            (pgettext("draw", "All given out"), figures.gone, "",
             _("Draws that fell on a prize of which nothing was left.")),
        ]  # fmt: skip
        return [
            {
                "label": label, "value": figure(value), "unit": unit, "url": draws, "source": _("Draws"),
                "people": _("All draws"), "against": "",
                "metric": {"label": label, "definition": definition, "source": _("Draws"), "freshness": at},
            }
            for label, value, unit, definition in told
        ]  # fmt: skip

    def done(self, form: LotteryForm, **kwargs: Any) -> HttpResponse:
        lottery_set(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], wish=form.wish(), actor=self.request.actor
        )
        toast(self.request, _("Saved. The hash of its seed is fixed and in the audit trail."))
        return go(self.request, self.url("campaigns:lottery", pk=kwargs["pk"]))


class LotteryRemoveView(ConsoleView):
    """POST: take the lottery out of a draft."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = campaign_of(self.request, pk)
        lottery_remove(tenant=self.request.tenant, campaign_id=campaign.pk, actor=self.request.actor)
        return go(request, self.url("campaigns:step", pk=pk, step="play"))


class DrawsPage(ListPage):
    """Every draw of a campaign's lottery."""

    template_name = "campaigns/draws.html"
    table_class = DrawTable
    filterset_class = DrawFilter
    key = "campaigns.draws"
    title = gettext_lazy("Draws")

    def queryset(self) -> QuerySet[Draw]:
        lottery = lottery_of(campaign=campaign_of(self.request, self.kwargs["pk"]))
        return draw_list(lottery=lottery) if lottery else Draw.objects.none()

    def context(self) -> dict[str, Any]:
        return head(self.request, campaign_of(self.request, self.kwargs["pk"]), "lottery")
