"""Flash sales and group-buys of a campaign: set up, watched, told of in the groups."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.enums import CampaignState
from campaigns.enums.deals import PostKind, ReservationState
from campaigns.filters import ReservationFilter
from campaigns.forms import PlayForm
from campaigns.forms.deals import DeadlineForm, DealForm
from campaigns.forms.flash import hours_of
from campaigns.models import Deal, Reservation
from campaigns.policies.money import yuan_of
from campaigns.policies.pictures import code_uri
from campaigns.selectors.deals import (
    deadline_of,
    deal_get,
    deals_shown,
    deals_token,
    post_next,
    relay_lines,
    reservation_counts,
    reservations_of,
    settling,
    steps_of,
    stream_lines,
)
from campaigns.selectors.pages import page_url
from campaigns.services.deals import DEALS_MOST, deadline_move, deal_remove, deal_save, post_make
from campaigns.tables.deals import ReservationTable
from campaigns.views.parts import campaign_of, head
from console.listing import ListPage
from console.pages import ConsoleView, FormPage, TemplatePage, drawer_done, render, toast
from contacts.selectors.skus import sku_list
from tenants import clock
from tenants.enums import Permission

LATEST = 20


class DealsPage(TemplatePage):
    """Every deal with what is left; who reserved; the relay and the orders as texts for the groups."""

    template_name = "campaigns/deals.html"
    title = gettext_lazy("Flash sale and group-buy")

    def context(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        shown = deals_shown(campaign=campaign)
        token = deals_token(campaign)
        context = {
            **head(self.request, campaign, "deals"), "deals": [(one, {}) for one in shown],
            "may_add": len(shown) < DEALS_MOST,
            "page_url": page_url(token) if token else "", "page_code": code_uri(page_url(token)) if token else "",
        }  # fmt: skip
        if campaign.state == CampaignState.DRAFT:
            return context
        waiting = settling(tenant_id=campaign.tenant_id)
        counts = reservation_counts(campaign=campaign, waiting=waiting)
        return {
            **context, "rows": list(reservations_of(campaign=campaign)[:LATEST]),
            "settling": set(waiting),
            "total": sum(sum(one[state] for state in ReservationState) for one in counts.values()),
            "deals": [(one, counts[one.deal.pk]) for one in shown],
            "relay": relay_lines(campaign=campaign),
            "stream": stream_lines(campaign=campaign, deals=[one.deal for one in shown]),
        }  # fmt: skip


class ReservationsPage(ListPage):
    """Everything that was reserved, to look through and to take along as a file."""

    template_name = "campaigns/reservations.html"
    table_class = ReservationTable
    filterset_class = ReservationFilter
    key = "campaigns.reservations"
    title = gettext_lazy("Reservations")

    def queryset(self) -> QuerySet[Reservation]:
        return reservations_of(campaign=campaign_of(self.request, self.kwargs["pk"]))

    def table_kwargs(self) -> dict[str, Any]:
        tenant = self.request.tenant
        return {"tenant_slug": tenant.slug, "settling": settling(tenant_id=tenant.pk)}

    def context(self) -> dict[str, Any]:
        return head(self.request, campaign_of(self.request, self.kwargs["pk"]), "deals")


class DealNewPage(FormPage):
    """A drawer: something to sell."""

    template_name = "campaigns/deal.html"
    form_class: ClassVar[Any] = DealForm
    permission = write_permission = Permission.OPERATE

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "skus": [
                (one.pk, f"{one.name} · {one.code}") for one in sku_list(tenant_id=self.request.tenant.pk)
            ]
        }

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"campaign": campaign_of(self.request, kwargs["pk"]), "here": self.request.path, "deal": None}

    def done(self, form: DealForm, **kwargs: Any) -> HttpResponse:
        row = deal_save(
            tenant=self.request.tenant, campaign_id=campaign_of(self.request, kwargs["pk"]).pk,
            deal_id=kwargs.get("deal_pk"), wish=form.wish(), actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Saved: %(name)s") % {"name": row.sku})
        return drawer_done(self.request)


class DealPage(DealNewPage):
    """A drawer: change what a draft sells."""

    def _deal(self, **kwargs: Any) -> Deal:
        return deal_get(tenant_id=self.request.tenant.pk, campaign_id=kwargs["pk"], deal_id=kwargs["deal_pk"])

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = self._deal(**kwargs)
        steps = [f"{hours_of(one.after)}: {yuan_of(one.price_fen)}" for one in steps_of(deals=[row])[row.pk]]
        return {
            "sku": row.sku_id, "kind": row.kind, "price_yuan": yuan_of(row.price_fen), "stock": row.stock,
            "per_person": row.per_person, "people_needed": max(row.people_needed, 2),
            "hold_minutes": row.hold_minutes, "ends_at": row.ends_at, "url": row.url, "steps": "\n".join(steps),
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().context(**kwargs), "deal": self._deal(**kwargs)}


class DealRemoveView(ConsoleView):
    """POST: take a deal out of a draft."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, deal_pk: int) -> HttpResponse:
        campaign = campaign_of(self.request, pk)
        deal_remove(
            tenant=self.request.tenant, campaign_id=campaign.pk, deal_id=deal_pk, actor=self.request.actor
        )
        return drawer_done(request)


class DeadlinePage(FormPage):
    """A drawer: another deadline, by a leader, with its reason."""

    template_name = "campaigns/deadline.html"
    form_class: ClassVar[Any] = DeadlineForm
    permission = write_permission = Permission.APPROVE

    def _deal(self, **kwargs: Any) -> Deal:
        campaign = campaign_of(self.request, kwargs["pk"])
        return deal_get(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk, deal_id=kwargs["deal_pk"])

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"ends_at": deadline_of(self._deal(**kwargs))}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        deal = self._deal(**kwargs)
        return {"campaign": deal.campaign, "deal": deal, "here": self.request.path, "now": clock.now()}

    def done(self, form: DeadlineForm, **kwargs: Any) -> HttpResponse:
        deal = self._deal(**kwargs)
        deadline_move(
            tenant=self.request.tenant, campaign_id=deal.campaign_id, deal_id=deal.pk,
            ends_at=form.cleaned_data["ends_at"], reason=form.cleaned_data["reason"], actor=self.request.actor,
        )  # fmt: skip
        return drawer_done(self.request)


class PostPage(FormPage):
    """A drawer: POST makes a text out of what is on record since the last one, and shows it to copy."""

    template_name = "campaigns/post.html"
    form_class: ClassVar[Any] = PlayForm
    permission = write_permission = Permission.WORK

    def context(self, **kwargs: Any) -> dict[str, Any]:
        campaign, kind = campaign_of(self.request, kwargs["pk"]), PostKind(kwargs["kind"])
        ways = {PostKind.RELAY: relay_lines, PostKind.STREAM: stream_lines}
        return {
            "campaign": campaign, "kind": kind, "here": self.request.path, "text": "",
            "waits_until": post_next(campaign=campaign, kind=kind),
            "is_empty": not ways[kind](campaign=campaign, most=1),
        }  # fmt: skip

    def done(self, form: PlayForm, **kwargs: Any) -> HttpResponse:
        context = self.context(**kwargs)
        _row, text = post_make(
            tenant=self.request.tenant, campaign_id=context["campaign"].pk, kind=kwargs["kind"],
            actor=self.request.actor,
        )  # fmt: skip
        return render(self.request, self.template_name, {**context, "form": form, "text": text})
