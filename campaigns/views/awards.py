"""Prizes given, the ledger behind them, and giving one by hand."""

import uuid
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns.enums import AwardSource
from campaigns.errors import CampaignNotRunning
from campaigns.filters import AwardFilter, EntryFilter
from campaigns.forms import GiveForm, ProofForm, WhyForm
from campaigns.models import Award, Entry
from campaigns.selectors.frame import group_ids_of, people_in, prize_list
from campaigns.selectors.ledger import award_get, awards_of, books_of, entry_list, unbalanced
from campaigns.services.awards import award_by_hand, award_hand_over, award_take_back
from campaigns.services.paying import payment_service
from campaigns.services.payouts import payout_again, payout_by_hand, reconcile
from campaigns.tables import AwardTable, EntryTable
from campaigns.views.parts import campaign_of, head
from console.listing import ListPage
from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from console.templatetags.q import money
from contacts.selectors import customer_get, customer_list
from tenants.enums import Permission

FOUND = 12


class AwardsPage(ListPage):
    """Every prize that the campaign gave."""

    template_name = "campaigns/awards.html"
    table_class = AwardTable
    filterset_class = AwardFilter
    key = "campaigns.awards"
    title = gettext_lazy("Prizes given")

    def queryset(self) -> QuerySet[Award]:
        campaign = campaign_of(self.request, self.kwargs["pk"])
        return awards_of(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {
            "tenant_slug": self.request.tenant.slug, "can_operate": self.can(Permission.OPERATE),
            "can_work": self.can(Permission.WORK), "by_hand": not payment_service().is_automatic,
        }  # fmt: skip

    def context(self) -> dict[str, Any]:
        return head(self.request, campaign_of(self.request, self.kwargs["pk"]), "awards")


class LedgerPage(ListPage):
    """Every entry, and whether the books add up and agree with the payment service."""

    template_name = "campaigns/ledger.html"
    table_class = EntryTable
    filterset_class = EntryFilter
    key = "campaigns.ledger"
    title = gettext_lazy("Ledger")

    def queryset(self) -> QuerySet[Entry]:
        campaign = campaign_of(self.request, self.kwargs["pk"])
        return entry_list(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk)

    def context(self) -> dict[str, Any]:
        campaign = campaign_of(self.request, self.kwargs["pk"])
        service = payment_service()
        return {
            **head(self.request, campaign, "ledger"),
            "wrong": unbalanced(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk),
            "reconciled": reconcile(tenant=self.request.tenant, campaign_id=campaign.pk),
            "service": service.code, "is_automatic": service.is_automatic,
        }  # fmt: skip


class GivePage(FormPage):
    """A prize for one member of the groups; without `?customer=` the search for one."""

    template_name = "campaigns/give.html"
    form_class = GiveForm
    permission = write_permission = Permission.OPERATE
    title = gettext_lazy("Give a prize")

    def _customer(self) -> Any:
        raw = self.request.GET.get("customer", "")
        if not raw.isdecimal() or len(raw) > 18:
            return None
        return customer_get(tenant_id=self.request.tenant.pk, customer_id=int(raw))

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"key": uuid.uuid4().hex}

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, campaign = self.request.tenant.pk, campaign_of(self.request, kwargs["pk"])
        prizes = prize_list(tenant_id=tenant_id, campaign_id=campaign.pk)
        books = books_of(
            tenant_id=tenant_id, campaign_id=campaign.pk, prizes=prizes, ceiling_fen=campaign.budget_fen or 0
        )
        words = _("%(name)s · %(money)s · %(left)s left")
        return {
            "prizes": [
                (one.prize.pk, words % {
                    "name": one.prize.name, "money": money(one.prize.unit_fen), "left": one.left,
                })
                for one in books.prizes
            ]
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, campaign = self.request.tenant.pk, campaign_of(self.request, kwargs["pk"])
        asked, customer = self.request.GET.get("q", "").strip()[:60], self._customer()
        found: Any = []
        if asked and customer is None:
            inside = people_in(
                tenant_id=tenant_id, group_ids=group_ids_of(tenant_id=tenant_id, campaign_id=campaign.pk)
            )
            found = customer_list(tenant_id=tenant_id, text=asked).filter(pk__in=inside)[:FOUND]
        facts = head(self.request, campaign, "give")
        return {
            **facts, "customer": customer, "q": asked, "found": found,
            "why_not": None if facts["is_open"] else CampaignNotRunning.message,
        }  # fmt: skip

    def done(self, form: GiveForm, **kwargs: Any) -> HttpResponse:
        customer, given = self._customer(), form.cleaned_data
        if customer is None:
            return self.show(form, 422, **kwargs)
        row = award_by_hand(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], prize_id=given["prize"], customer_id=customer.pk,
            key=given["key"], note=given["note"], actor=self.request.actor,
        )  # fmt: skip
        toast(
            self.request, _("%(prize)s is set aside for %(name)s.") % {"prize": row.prize, "name": customer}
        )
        return go(self.request, self.url("campaigns:awards", pk=kwargs["pk"]))


class _AwardDrawer(FormPage):
    """What the drawers of one prize share."""

    template_name = "campaigns/award.html"
    heading: ClassVar[Any] = ""
    verb: ClassVar[Any] = ""
    text: ClassVar[Any] = ""

    def _award(self, **kwargs: Any) -> Award:
        return award_get(
            tenant_id=self.request.tenant.pk, campaign_id=kwargs["pk"], award_id=kwargs["award_pk"]
        )

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "award": self._award(**kwargs), "here": self.request.path, "heading": self.heading, "verb": self.verb,
            "text": self.text,
        }  # fmt: skip


class HandOverPage(_AwardDrawer):
    """A drawer: the person has it."""

    form_class = ProofForm
    heading, verb = pgettext_lazy("prize", "Handed over"), gettext_lazy("It is handed over")
    text = gettext_lazy("What is given out stays given out.")

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"help_text": _("Parcel number, who took it where, which course it was booked into.")}

    def done(self, form: ProofForm, **kwargs: Any) -> HttpResponse:
        row = self._award(**kwargs)
        award_hand_over(
            tenant=self.request.tenant,
            award_id=row.pk,
            proof=form.cleaned_data["proof"],
            actor=self.request.actor,
        )
        toast(self.request, _("Handed over, and out of the budget."))
        return drawer_done(self.request)


class PaidPage(_AwardDrawer):
    """A drawer: somebody paid the red packet outside."""

    form_class = ProofForm
    permission = write_permission = Permission.OPERATE
    heading, verb = gettext_lazy("Paid outside"), gettext_lazy("It is paid")
    text = gettext_lazy("Only once you have paid it: the reference stands in the ledger for good.")

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "label": _("Reference of the payment"),
            "help_text": _("As your payment service or bank writes it."),
        }

    def done(self, form: ProofForm, **kwargs: Any) -> HttpResponse:
        row = self._award(**kwargs)
        payout_by_hand(
            tenant=self.request.tenant,
            award_id=row.pk,
            reference=form.cleaned_data["proof"],
            actor=self.request.actor,
        )
        toast(self.request, _("Paid, and out of the budget."))
        return drawer_done(self.request)


class TakeBackPage(_AwardDrawer):
    """A drawer: a prize that was not handed over goes back."""

    form_class = WhyForm
    permission = write_permission = Permission.OPERATE
    heading, verb = pgettext_lazy("prize", "Take back"), pgettext_lazy("prize", "Take it back")
    text = gettext_lazy("The piece and its money are free again. Tell the person.")

    def context(self, **kwargs: Any) -> dict[str, Any]:
        told = super().context(**kwargs)
        if told["award"].source == AwardSource.MALL:
            told["text"] = _("The piece is free again, and the points go back to the person, who sees it.")
        return told

    def done(self, form: WhyForm, **kwargs: Any) -> HttpResponse:
        row = self._award(**kwargs)
        award_take_back(
            tenant=self.request.tenant,
            award_id=row.pk,
            reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )
        toast(self.request, _("Taken back: piece and money are free again."))
        return drawer_done(self.request)


class AwardAgainView(ConsoleView):
    """POST: have a payment that was refused asked for once more."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, award_pk: int) -> HttpResponse:
        row = award_get(tenant_id=self.request.tenant.pk, campaign_id=pk, award_id=award_pk)
        payout_again(tenant=self.request.tenant, award_id=row.pk, actor=self.request.actor)
        toast(request, _("It is asked for again, by the same number."))
        return drawer_done(request)
