"""The list of campaigns, and beginning one."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from campaigns.enums import Step
from campaigns.filters import CampaignFilter
from campaigns.forms import IdeaForm
from campaigns.models import Campaign
from campaigns.selectors.frame import campaign_list
from campaigns.services.frame import campaign_create
from campaigns.tables import CampaignTable
from console.listing import ListPage
from console.pages import FormPage, go
from team.selectors.goals import goal_now
from tenants.enums import Permission


class CampaignsPage(ListPage):
    """Every campaign."""

    template_name = "campaigns/list.html"
    table_class = CampaignTable
    filterset_class = CampaignFilter
    key = "campaigns.list"
    title = _("Campaigns")
    purpose = _("What you give away, to whom, within which budget, and what came of it.")

    def queryset(self) -> QuerySet[Campaign]:
        return campaign_list(tenant_id=self.request.tenant.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant_slug": self.request.tenant.slug}

    def context(self) -> dict[str, Any]:
        return {"has_any": campaign_list(tenant_id=self.request.tenant.pk).exists()}


class CampaignNewPage(FormPage):
    """The first step: what it is and what it is to reach."""

    template_name = "campaigns/step.html"
    form_class = IdeaForm
    permission = write_permission = Permission.OPERATE
    title = _("New campaign")

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"goal": goal_now(tenant=self.request.tenant)}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"campaign": None, "step": Step.IDEA, "steps": [(one, None) for one in Step]}

    def done(self, form: IdeaForm, **kwargs: Any) -> HttpResponse:
        row = campaign_create(tenant=self.request.tenant, idea=form.idea(), actor=self.request.actor)
        return go(self.request, self.url("campaigns:step", pk=row.pk, step=Step.PLACE))
