"""What joining gives: set up while the campaign is a draft, watched while it runs, with everybody who joined."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from campaigns.enums import CampaignState
from campaigns.enums.joining import JoinReason
from campaigns.filters import JoinerFilter
from campaigns.forms.joining import JoinForm
from campaigns.models import Joiner
from campaigns.policies.pictures import code_uri
from campaigns.selectors.frame import prize_list
from campaigns.selectors.joining import JoinFigures, figures_of_join, join_of, join_token, joiner_list
from campaigns.selectors.lottery import lottery_of
from campaigns.selectors.pages import page_url
from campaigns.services.joining import join_remove, join_set
from campaigns.tables.joining import JoinerTable
from campaigns.views.parts import campaign_of, head
from console.listing import ListPage
from console.pages import ConsoleView, FormPage, go, toast
from console.templatetags.q import figure
from tenants import clock
from tenants.enums import Permission

LATEST = 8


class JoinPage(FormPage):
    """Of a draft the form; of a started one who joined and what came of it."""

    template_name = "campaigns/join.html"
    form_class = JoinForm
    write_permission = Permission.OPERATE
    title = gettext_lazy("Join and get")

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        return {"prizes": prize_list(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk)}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        play = join_of(campaign=campaign_of(self.request, kwargs["pk"]))
        if play is None:
            return {}
        return {
            "kind": play.kind, "prize": play.prize_id, "draws": play.draws or None, "task": play.task,
            "task_words": play.task_words, "task_url": play.task_url, "task_days": play.task_days,
            "stay_days": play.stay_days,
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        play = join_of(campaign=campaign)
        context = {**head(self.request, campaign, "join"), "play": play}
        if play is None or campaign.state == CampaignState.DRAFT:
            prizes = prize_list(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk)
            return {
                **context,
                "has_prizes": bool(prizes),
                "has_lottery": lottery_of(campaign=campaign) is not None,
            }
        figures, url = figures_of_join(play=play), page_url(join_token(campaign=campaign, play=play))
        return {
            **context, "figures": figures, "stats": self._stats(figures, campaign.pk), "page_url": url,
            "page_code": code_uri(url), "latest": joiner_list(play=play)[:LATEST],
            "reasons": [
                (why, why.label, figures.by_reason[why]) for why in JoinReason if why in figures.by_reason
            ],
        }  # fmt: skip

    def _stats(self, figures: JoinFigures, pk: int) -> list[dict[str, Any]]:
        at, joiners = clock.now(), self.url("campaigns:joiners", pk=pk)
        told = [
            (pgettext("join", "Joined"), figures.joined, "",
             _("Customers who joined one of the groups while the campaign ran, colleagues apart.")),
            (pgettext("join", "Got it"), figures.got, "?state=got",
             _("Those whose prize or draws were given and stand.")),
            (pgettext("join", "Not done yet"), figures.waiting, "?state=waiting",
             _("Their task waits, or prizes are paused.")),
            (pgettext("join", "Nothing or taken back"), figures.missed + figures.back, "?state=missed&state=back",
             _("Each with its reason in the list.")),
        ]  # fmt: skip
        source = _("Who joined")
        return [
            {
                "label": label, "value": figure(value), "unit": "", "url": joiners + query, "source": source,
                "people": _("Show them"), "against": "",
                "metric": {"label": label, "definition": definition, "source": source, "freshness": at},
            }
            for label, value, query, definition in told
        ]  # fmt: skip

    def done(self, form: JoinForm, **kwargs: Any) -> HttpResponse:
        join_set(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], wish=form.wish(), actor=self.request.actor
        )
        toast(self.request, _("Saved. It counts whoever joins from the start on."))
        return go(self.request, self.url("campaigns:join", pk=kwargs["pk"]))


class JoinRemoveView(ConsoleView):
    """POST: take the join play out of a draft."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = campaign_of(self.request, pk)
        join_remove(tenant=self.request.tenant, campaign_id=campaign.pk, actor=self.request.actor)
        return go(request, self.url("campaigns:step", pk=pk, step="play"))


class JoinersPage(ListPage):
    """Everybody who joined, and why somebody gets nothing."""

    template_name = "campaigns/joiners.html"
    table_class = JoinerTable
    filterset_class = JoinerFilter
    key = "campaigns.joiners"
    title = gettext_lazy("Who joined")

    def queryset(self) -> QuerySet[Joiner]:
        play = join_of(campaign=campaign_of(self.request, self.kwargs["pk"]))
        return joiner_list(play=play) if play else Joiner.objects.none()

    def context(self) -> dict[str, Any]:
        return head(self.request, campaign_of(self.request, self.kwargs["pk"]), "join")
