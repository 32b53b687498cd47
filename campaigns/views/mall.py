"""The points mall of a campaign: prices of a draft, redemptions of a started one; and who has how many points."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.enums import CampaignState
from campaigns.filters import AwardFilter, PointsFilter
from campaigns.forms.mall import MallForm
from campaigns.models import Account, Award
from campaigns.policies.pictures import code_uri
from campaigns.selectors.frame import prize_list
from campaigns.selectors.mall import MallFigures, figures_of_mall, goods_of, mall_token, redemptions_of
from campaigns.selectors.pages import page_url
from campaigns.selectors.points import accounts_of_points
from campaigns.services.mall import mall_set
from campaigns.services.paying import payment_service
from campaigns.tables import award_chip
from campaigns.tables.checkins import PointsTable, RedemptionTable
from campaigns.views.parts import campaign_of, head
from console.listing import ListPage
from console.pages import ConsoleView, FormPage, go, toast
from console.templatetags.q import figure
from tenants import clock
from tenants.enums import Permission

LATEST = 8


class MallPage(FormPage):
    """Of a draft the prices; of a started one what was had, what is left and what waits to be handed over."""

    template_name = "campaigns/mall.html"
    form_class = MallForm
    write_permission = Permission.OPERATE
    title = gettext_lazy("Points mall")

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        return {"prizes": prize_list(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk)}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        goods = [one.row for one in goods_of(tenant_id=self.request.tenant.pk, campaign_id=kwargs["pk"])]
        points = {f"points_{one.prize_id}": one.points for one in goods}
        return {**points, **{f"limit_{one.prize_id}": one.per_person for one in goods}}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, campaign = self.request.tenant.pk, campaign_of(self.request, kwargs["pk"])
        goods = goods_of(tenant_id=tenant_id, campaign_id=campaign.pk)
        context = {**head(self.request, campaign, "mall"), "goods": goods}
        if not goods or campaign.state == CampaignState.DRAFT:
            prizes = prize_list(tenant_id=tenant_id, campaign_id=campaign.pk)
            return {**context, "has_prizes": bool(prizes)}
        figures, url = (
            figures_of_mall(tenant_id=tenant_id, campaign_id=campaign.pk),
            page_url(mall_token(campaign)),
        )
        latest = redemptions_of(tenant_id=tenant_id, campaign_id=campaign.pk)[:LATEST]
        return {
            **context, "figures": figures, "stats": self._stats(figures, campaign.pk), "page_url": url,
            "page_code": code_uri(url), "latest": [(one, award_chip(one)) for one in latest],
            "lines": [(one, figures.by_prize.get(one.row.prize_id, 0)) for one in goods],
        }  # fmt: skip

    def _stats(self, figures: MallFigures, pk: int) -> list[dict[str, Any]]:
        at, there = clock.now(), self.url("campaigns:redemptions", pk=pk)
        told = [
            (_("Redemptions"), figures.redeemed, there, _("Pieces had for points, without those called off.")),
            (_("To be handed over"), figures.waiting, f"{there}?state=held",
             _("Had, and not in the person's hands yet.")),
            (_("People"), figures.people, there, _("Each person once.")),
            (_("Points spent"), figures.points, there, _("Less those given back.")),
        ]  # fmt: skip
        return [
            {
                "label": label, "value": figure(value), "unit": "", "url": url, "source": _("Points mall"),
                "people": _("All redemptions"), "against": "",
                "metric": {"label": label, "definition": definition, "source": _("Points mall"), "freshness": at},
            }
            for label, value, url, definition in told
        ]  # fmt: skip

    def done(self, form: MallForm, **kwargs: Any) -> HttpResponse:
        mall_set(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], goods=form.goods(), actor=self.request.actor
        )
        toast(self.request, _("Saved. It can be changed until the campaign starts."))
        return go(self.request, self.url("campaigns:mall", pk=kwargs["pk"]))


class MallRemoveView(ConsoleView):
    """POST: take the mall out of a draft."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = campaign_of(self.request, pk)
        mall_set(tenant=self.request.tenant, campaign_id=campaign.pk, goods={}, actor=self.request.actor)
        return go(request, self.url("campaigns:step", pk=pk, step="play"))


class RedemptionsPage(ListPage):
    """Everything that was had for points, to hand over or to call off."""

    template_name = "campaigns/awards.html"
    table_class = RedemptionTable
    filterset_class = AwardFilter
    key = "campaigns.redemptions"
    title = gettext_lazy("Redemptions")

    def queryset(self) -> QuerySet[Award]:
        campaign = campaign_of(self.request, self.kwargs["pk"])
        return redemptions_of(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {
            "tenant_slug": self.request.tenant.slug, "can_operate": self.can(Permission.OPERATE),
            "can_work": self.can(Permission.WORK), "by_hand": not payment_service().is_automatic,
        }  # fmt: skip

    def context(self) -> dict[str, Any]:
        return head(self.request, campaign_of(self.request, self.kwargs["pk"]), "mall")


class PointsPage(ListPage):
    """Who has how many points, over all campaigns."""

    template_name = "campaigns/points.html"
    table_class = PointsTable
    filterset_class = PointsFilter
    key = "campaigns.points"
    title = gettext_lazy("Points of people")

    def queryset(self) -> QuerySet[Account]:
        return accounts_of_points(tenant_id=self.request.tenant.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant_slug": self.request.tenant.slug}
