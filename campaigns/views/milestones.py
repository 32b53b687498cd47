"""The milestones of a campaign's groups: set up while it is a draft, watched while they fill."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.enums import CampaignState, PrizeKind
from campaigns.enums.milestones import WEAK_SHARE_YUAN, MilestoneKind
from campaigns.forms.milestones import MilestonesForm
from campaigns.models import Milestones
from campaigns.policies.milestones import is_weak
from campaigns.policies.pictures import code_uri
from campaigns.selectors.frame import prize_list
from campaigns.selectors.ledger import pieces_left
from campaigns.selectors.milestones import hit_list, milestones_of, prize_of, standings, token_of
from campaigns.selectors.pages import page_url
from campaigns.services.milestones import milestones_remove, milestones_set
from campaigns.views.parts import campaign_of, head
from console.pages import ConsoleView, FormPage, go, toast
from tenants import preferences
from tenants.enums import Permission

SHOWN = 30


class MilestonesPage(FormPage):
    """Of a draft the form; of a started one how far each group is, and what was reached."""

    template_name = "campaigns/milestones.html"
    form_class = MilestonesForm
    write_permission = Permission.OPERATE
    title = gettext_lazy("Milestones")

    def _packets(self, pk: int) -> list[Any]:
        prizes = prize_list(tenant_id=self.request.tenant.pk, campaign_id=pk)
        return [one for one in prizes if one.kind == PrizeKind.RED_PACKET]

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"prizes": self._packets(campaign_of(self.request, kwargs["pk"]).pk)}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = milestones_of(campaign=campaign_of(self.request, kwargs["pk"]))
        if row is None:
            return {}
        return {
            "small": row.small_id, "small_shares": row.small_shares, "large": row.large_id,
            "large_shares": row.large_shares,
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        row, yuan = (
            milestones_of(campaign=campaign),
            preferences.value(self.request.tenant.pk, WEAK_SHARE_YUAN),
        )
        packets = self._shares(row) if row else []
        weak = sorted(
            {one["prize"].name for one in packets if is_weak(unit_fen=one["prize"].unit_fen, weak_yuan=yuan)}
        )
        context = {
            **head(self.request, campaign, "milestones"), "milestones": row, "weak": weak, "weak_yuan": yuan,
            "packets": packets,
        }  # fmt: skip
        if row is None or campaign.state == CampaignState.DRAFT:
            return {**context, "is_set_up": False, "has_packets": bool(self._packets(campaign.pk))}
        url = page_url(token_of(campaign))
        return {
            **context, "is_set_up": True, "page_url": url, "page_code": code_uri(url),
            "standings": standings(campaign=campaign, most=SHOWN), "hits": hit_list(campaign=campaign)[:SHOWN],
            "short": [one for one in packets if one["left"] < one["shares"]],
        }  # fmt: skip

    def _shares(self, row: Milestones) -> list[dict[str, Any]]:
        """[{"kind", "prize", "shares", "left"}] of what there is to get."""
        found = [(kind, *prize_of(row, kind)) for kind in MilestoneKind]
        prizes = [prize for _kind, prize, _n in found if prize is not None]
        left = pieces_left(tenant_id=row.tenant_id, prizes=prizes) if prizes else {}
        return [
            {"kind": kind, "prize": prize, "shares": shares, "left": left[prize.pk]}
            for kind, prize, shares in found
            if prize is not None
        ]

    def done(self, form: MilestonesForm, **kwargs: Any) -> HttpResponse:
        milestones_set(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], wish=form.wish(), actor=self.request.actor
        )
        toast(self.request, _("Saved."))
        return go(self.request, self.url("campaigns:milestones", pk=kwargs["pk"]))


class MilestonesRemoveView(ConsoleView):
    """POST: take the milestones out of a draft."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = campaign_of(self.request, pk)
        milestones_remove(tenant=self.request.tenant, campaign_id=campaign.pk, actor=self.request.actor)
        return go(request, self.url("campaigns:step", pk=pk, step="play"))
