"""The distribution of a campaign: terms and the leader's word while it is a draft, people and orders while it runs."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.enums import CampaignState, PrizeKind
from campaigns.enums.distribution import SaleReason
from campaigns.filters import SaleFilter, SellerFilter
from campaigns.forms.distribution import DistributionForm, SellerDecideForm, SwitchOnForm
from campaigns.models import Distribution, Sale, Seller
from campaigns.policies.pictures import code_uri
from campaigns.selectors.distribution import (
    SaleFigures,
    distribution_of,
    distribution_token,
    figures_of_distribution,
    sale_list,
    seller_list,
)
from campaigns.selectors.frame import group_ids_of, people_in, prize_list
from campaigns.selectors.pages import page_url
from campaigns.services.distribution import (
    DECISIONS,
    distribution_remove,
    distribution_set,
    distribution_switch_on,
    seller_decide,
    seller_name,
)
from campaigns.tables.distribution import SaleTable, SellerTable
from campaigns.views.parts import campaign_of, head
from console.listing import ListPage
from console.pages import ConsoleView, FormPage, TemplatePage, drawer_done, go, toast
from console.templatetags.q import figure, money
from contacts.selectors import customer_list
from tenants import clock
from tenants.enums import Permission
from tenants.roles import allows

TOP, FOUND = 10, 20


class DistributionPage(FormPage):
    """Of a draft the terms; of a started one what was sold, by whom, and what brought nothing and why."""

    template_name = "campaigns/distribution.html"
    form_class = DistributionForm
    write_permission = Permission.OPERATE
    title = gettext_lazy("Distribution")

    def _packets(self, pk: int) -> list[Any]:
        prizes = prize_list(tenant_id=self.request.tenant.pk, campaign_id=pk)
        return [one for one in prizes if one.kind == PrizeKind.RED_PACKET]

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"prizes": self._packets(campaign_of(self.request, kwargs["pk"]).pk)}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = distribution_of(campaign=campaign_of(self.request, kwargs["pk"]))
        if row is None:
            return {}
        return {
            "commission": row.commission_id, "min_order": _yuan(row.min_order_fen),
            "refund_days": row.refund_days, "touch_days": row.touch_days, "bonus": row.bonus_id,
            "bonus_orders": row.bonus_orders, "shop_url": row.shop_url, "takes_requests": row.takes_requests,
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        row = distribution_of(campaign=campaign)
        context = {**head(self.request, campaign, "distribution"), "distribution": row}
        if row is None or campaign.state == CampaignState.DRAFT:
            may = allows(self.request.role, Permission.APPROVE)
            return {
                **context,
                "is_set_up": False,
                "has_packets": bool(self._packets(campaign.pk)),
                "may_switch": may,
            }
        figures, url = (
            figures_of_distribution(distribution=row),
            page_url(distribution_token(campaign=campaign, row=row)),
        )
        return {
            **context, "is_set_up": True, "figures": figures, "stats": self._stats(figures, campaign.pk),
            "top": seller_list(campaign=campaign)[:TOP], "page_url": url, "page_code": code_uri(url),
            "reasons": [(why, why.label, figures.reasons[why]) for why in SaleReason if why in figures.reasons],
        }  # fmt: skip

    def _stats(self, figures: SaleFigures, pk: int) -> list[dict[str, Any]]:
        at, sales, sellers = (
            clock.now(),
            self.url("campaigns:sales", pk=pk),
            self.url("campaigns:sellers", pk=pk),
        )
        told = [
            (_("Distributors"), figure(figures.sellers), f"{sellers}?state=active", _("People who take part."),
             _("%(n)s ask to take part") % {"n": figure(figures.asking)} if figures.asking else ""),
            (_("Orders with a commission"), figure(figures.sales), f"{sales}?state=waiting&state=earned",
             _("Paid orders of the campaign that a distributor brought, without those that bring nothing."), ""),
            (_("Net paid"), money(figures.net_fen), f"{sales}?state=waiting&state=earned",
             _("What is left of these orders after refunds."), ""),
            (_("Refund window runs"), figure(figures.waiting), f"{sales}?state=waiting",
             _("The commission is set aside and paid when the window is over."),
             _("%(n)s paid out") % {"n": figure(figures.earned)}),
        ]  # fmt: skip
        return [
            {
                "label": label, "value": value, "unit": "", "url": url, "source": _("Orders"),
                "people": _("Show them"), "against": against,
                "metric": {"label": label, "definition": definition, "source": _("Orders"), "freshness": at},
            }
            for label, value, url, definition, against in told
        ]  # fmt: skip

    def done(self, form: DistributionForm, **kwargs: Any) -> HttpResponse:
        distribution_set(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], wish=form.wish(), actor=self.request.actor
        )
        toast(self.request, _("Saved. It is off until a leader switches it on."))
        return go(self.request, self.url("campaigns:distribution", pk=kwargs["pk"]))


def _yuan(fen: int) -> str:
    """As people write it: 100, or 99.50; "" for nothing."""
    whole, rest = divmod(fen, 100)
    return f"{whole}.{rest:02d}" if rest else str(whole or "")


class DistributionSwitchPage(FormPage):
    """A drawer: a leader answers for it."""

    template_name = "campaigns/why.html"
    form_class = SwitchOnForm
    permission = write_permission = Permission.APPROVE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        if distribution_of(campaign=campaign) is None:
            raise Distribution.DoesNotExist
        return {
            "campaign": campaign, "here": self.request.path, "heading": _("Switch distribution on"),
            "verb": _("Switch on"),
            "text": _("The regulation against pyramid selling (禁止传销条例) forbids more levels, entry fees and pay "
                      "for recruiting. Whoever switches it on answers for that."),
        }  # fmt: skip

    def done(self, form: SwitchOnForm, **kwargs: Any) -> HttpResponse:
        campaign = campaign_of(self.request, kwargs["pk"])
        distribution_switch_on(
            tenant=self.request.tenant, campaign_id=campaign.pk, note=form.cleaned_data["note"], is_lawful=True,
            actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Switched on."))
        return drawer_done(self.request)


class DistributionRemoveView(ConsoleView):
    """POST: take it out of a draft."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = campaign_of(self.request, pk)
        distribution_remove(tenant=self.request.tenant, campaign_id=campaign.pk, actor=self.request.actor)
        return go(request, self.url("campaigns:step", pk=pk, step="play"))


class SellersPage(ListPage):
    """Everybody who takes part, or asks to."""

    template_name = "campaigns/sellers.html"
    table_class = SellerTable
    filterset_class = SellerFilter
    key = "campaigns.sellers"
    title = gettext_lazy("Distributors")

    def queryset(self) -> QuerySet[Seller]:
        return seller_list(campaign=campaign_of(self.request, self.kwargs["pk"]))

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant_slug": self.request.tenant.slug, "can_operate": self.can(Permission.OPERATE)}

    def context(self) -> dict[str, Any]:
        campaign = campaign_of(self.request, self.kwargs["pk"])
        return {**head(self.request, campaign, "distribution"), "list_title": self.title}


class SalesPage(ListPage):
    """Every order that somebody brought, and what it gives or why not."""

    template_name = "campaigns/sellers.html"
    table_class = SaleTable
    filterset_class = SaleFilter
    key = "campaigns.sales"
    title = gettext_lazy("Orders by distributors")

    def queryset(self) -> QuerySet[Sale]:
        return sale_list(campaign=campaign_of(self.request, self.kwargs["pk"]))

    def context(self) -> dict[str, Any]:
        campaign = campaign_of(self.request, self.kwargs["pk"])
        return {**head(self.request, campaign, "distribution"), "list_title": self.title}


class SellerNewPage(TemplatePage):
    """Find a member of the groups; POST names the person a distributor."""

    template_name = "campaigns/seller_new.html"
    permission = write_permission = Permission.OPERATE
    title = gettext_lazy("Name a distributor")

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, campaign = self.request.tenant.pk, campaign_of(self.request, kwargs["pk"])
        if distribution_of(campaign=campaign) is None:
            raise Distribution.DoesNotExist
        asked = self.request.GET.get("q", "").strip()[:60]
        found: Any = []
        if asked:
            groups = group_ids_of(tenant_id=tenant_id, campaign_id=campaign.pk)
            inside = people_in(tenant_id=tenant_id, group_ids=groups)
            found = customer_list(tenant_id=tenant_id, text=asked).filter(pk__in=inside)[:FOUND]
        return {**head(self.request, campaign, "distribution"), "q": asked, "found": found}

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign, raw = campaign_of(self.request, pk), request.POST.get("customer", "")
        who = int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 19 else 0
        row = seller_name(
            tenant=self.request.tenant, campaign_id=campaign.pk, customer_id=who, actor=self.request.actor
        )
        toast(
            request,
            _("%(name)s takes part, with the code %(code)s.") % {"name": row.customer, "code": row.code},
        )
        return go(request, self.url("campaigns:sellers", pk=pk))


class SellerDecidePage(FormPage):
    """A drawer: a colleague accepts, refuses or stops somebody, and says why."""

    template_name = "campaigns/why.html"
    form_class = SellerDecideForm
    permission = write_permission = Permission.OPERATE

    def _seller(self, **kwargs: Any) -> Seller:
        return seller_list(campaign=campaign_of(self.request, kwargs["pk"])).get(pk=kwargs["seller_pk"])

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"states": DECISIONS[self._seller(**kwargs).state]}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = self._seller(**kwargs)
        return {
            "campaign": row.customer, "here": self.request.path, "heading": _("Does this person take part?"),
            "verb": _("Decide"), "text": _("What was sold before stays theirs. The reason stays with the person."),
        }  # fmt: skip

    def done(self, form: SellerDecideForm, **kwargs: Any) -> HttpResponse:
        row = self._seller(**kwargs)
        seller_decide(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], seller_id=row.pk, state=form.cleaned_data["state"],
            reason=form.cleaned_data["reason"], actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Decided."))
        return drawer_done(self.request)
