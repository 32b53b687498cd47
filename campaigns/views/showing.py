"""Show-orders of a campaign: set up while it is a draft, decided by staff while it runs."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from campaigns.enums import CampaignState
from campaigns.enums.showing import ShowState
from campaigns.filters import ShownOrderFilter
from campaigns.forms.showing import GRANT, DecideForm, ShowForm
from campaigns.models import ShownOrder
from campaigns.policies.pictures import code_uri
from campaigns.selectors.frame import prize_list
from campaigns.selectors.pages import page_url
from campaigns.selectors.showing import show_counts, show_of, show_token, shown_get, shown_list, shows_until
from campaigns.services.showing import show_remove, show_set, shown_grant, shown_refuse
from campaigns.tables.showing import ShownOrderTable
from campaigns.views.parts import campaign_of, head
from console.listing import ListPage
from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from console.templatetags.q import figure
from tenants import clock
from tenants.enums import Permission

LATEST = 8


class ShowPage(FormPage):
    """Of a draft the form; of a started one what waits to be looked at and what was shown."""

    template_name = "campaigns/show.html"
    form_class = ShowForm
    write_permission = Permission.OPERATE
    title = gettext_lazy("Show an order")

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        return {"prizes": prize_list(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk)}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        play = show_of(campaign=campaign_of(self.request, kwargs["pk"]))
        if play is None:
            return {}
        return {
            "prize": play.prize_id, "before_days": play.before_days, "look_hours": play.look_hours,
            "needs_picture": play.needs_picture, "ask": play.ask,
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        play = show_of(campaign=campaign)
        context = {**head(self.request, campaign, "show"), "play": play}
        if play is None or campaign.state == CampaignState.DRAFT:
            prizes = prize_list(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk)
            return {**context, "has_prizes": bool(prizes)}
        url = page_url(show_token(campaign=campaign, play=play))
        waiting = shown_list(play=play).filter(state=ShowState.WAITING).order_by("pk")
        return {
            **context, "stats": self._stats(show_counts(play=play), campaign.pk), "page_url": url,
            "page_code": code_uri(url), "waiting": waiting[:LATEST], "until": shows_until(play),
        }  # fmt: skip

    def _stats(self, counts: dict[str, int], pk: int) -> list[dict[str, Any]]:
        at, shown = clock.now(), self.url("campaigns:shown", pk=pk)
        told = [
            (_("Orders shown"), counts["shown"], "", _("Tries of people with a paid order of theirs.")),
            (pgettext("show", "To be looked at"), counts["waiting"], "?state=waiting",
             _("Staff grant the prize, or say why not.")),
            (pgettext("show", "Granted"), counts["granted"], "?state=granted", _("The prize was set aside.")),
            (_("May be shown to others"), counts["permitted"], "?state=granted",
             _("In order and permitted by the person: they stand among the testimonials.")),
        ]  # fmt: skip
        source = _("Orders shown")
        return [
            {
                "label": label, "value": figure(value), "unit": "", "url": shown + query, "source": source,
                "people": _("Show them"), "against": "",
                "metric": {"label": label, "definition": definition, "source": source, "freshness": at},
            }
            for label, value, query, definition in told
        ]  # fmt: skip

    def done(self, form: ShowForm, **kwargs: Any) -> HttpResponse:
        show_set(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], wish=form.wish(), actor=self.request.actor
        )
        toast(self.request, _("Saved: %(name)s") % {"name": _("Show an order")})
        return go(self.request, self.url("campaigns:show", pk=kwargs["pk"]))


class ShowRemoveView(ConsoleView):
    """POST: take the show-order out of a draft."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = campaign_of(self.request, pk)
        show_remove(tenant=self.request.tenant, campaign_id=campaign.pk, actor=self.request.actor)
        return go(request, self.url("campaigns:step", pk=pk, step="play"))


class ShownPage(ListPage):
    """Everything that was shown."""

    template_name = "campaigns/shown.html"
    table_class = ShownOrderTable
    filterset_class = ShownOrderFilter
    key = "campaigns.shown"
    title = gettext_lazy("Orders shown")

    def queryset(self) -> QuerySet[ShownOrder]:
        play = show_of(campaign=campaign_of(self.request, self.kwargs["pk"]))
        return (
            shown_list(play=play).select_related("play", "customer", "order")
            if play
            else ShownOrder.objects.none()
        )

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant_slug": self.request.tenant.slug, "can_operate": self.can(Permission.OPERATE)}

    def context(self) -> dict[str, Any]:
        return head(self.request, campaign_of(self.request, self.kwargs["pk"]), "show")


class ShownDecidePage(FormPage):
    """A drawer: approve what was shown, or refuse it with a reason that the member reads."""

    template_name = "campaigns/shown_decide.html"
    form_class = DecideForm
    permission = write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = shown_get(
            tenant_id=self.request.tenant.pk, campaign_id=kwargs["pk"], shown_id=kwargs["shown_pk"]
        )
        return {"row": row, "here": self.request.path}

    def done(self, form: DecideForm, **kwargs: Any) -> HttpResponse:
        who: dict[str, Any] = {
            "tenant": self.request.tenant, "campaign_id": kwargs["pk"], "shown_id": kwargs["shown_pk"],
            "actor": self.request.actor,
        }  # fmt: skip
        given = form.cleaned_data
        if given["verdict"] == GRANT:
            row = shown_grant(**who)
            if row.state == ShowState.GONE:
                toast(self.request, _("In order, but no piece or no money was left."))
            else:
                toast(self.request, _("Granted: %(prize)s is set aside.") % {"prize": row.play.prize})
        else:
            shown_refuse(**who, fault=given["fault"], reason=given["reason"])
            toast(self.request, _("Not granted; the member reads why."))
        return drawer_done(self.request)
