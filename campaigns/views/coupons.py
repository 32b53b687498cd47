"""Coupons of one campaign: planning them, who has them, and taking a redemption back."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from campaigns.enums.coupons import OfferKind
from campaigns.filters import SEEN, CouponFilter
from campaigns.forms import WhyForm
from campaigns.forms.coupons import DAYS, SPAN, OfferForm
from campaigns.models import Coupon
from campaigns.policies.money import yuan_of
from campaigns.selectors.coupon_words import terms_words, valid_words, who_words, worth_words
from campaigns.selectors.coupons import (
    Steps,
    coupon_get,
    coupons_of,
    offer_of_prize,
    offers_counted,
    offers_of,
    steps_of,
)
from campaigns.selectors.pages import offer_token, page_url
from campaigns.services.coupons import offer_save
from campaigns.services.redeeming import coupon_redeem_undo
from campaigns.tables import CouponTable
from campaigns.views.parts import campaign_of, head
from console.listing import ListPage
from console.pages import FormPage, drawer_done, toast
from console.templatetags.q import figure
from tenants import clock
from tenants.enums import Permission


class OfferNewPage(FormPage):
    """A drawer: a new coupon of a draft."""

    template_name = "campaigns/offer.html"
    form_class = OfferForm
    permission = write_permission = Permission.OPERATE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"kind": OfferKind.AMOUNT, "valid": DAYS, "valid_days": 7, "per_person": 1}

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"campaign": campaign_of(self.request, kwargs["pk"])}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"campaign": campaign_of(self.request, kwargs["pk"]), "here": self.request.path, "offer": None}

    def done(self, form: OfferForm, **kwargs: Any) -> HttpResponse:
        row = offer_save(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], prize_id=kwargs.get("prize_pk"),
            wish=form.wish(), actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Saved: %(name)s") % {"name": row.prize.name})
        return drawer_done(self.request)


class OfferPage(OfferNewPage):
    """A drawer: change a coupon of a draft."""

    def _offer(self, **kwargs: Any) -> Any:
        return offer_of_prize(
            tenant_id=self.request.tenant.pk, campaign_id=kwargs["pk"], prize_id=kwargs["prize_pk"]
        )

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = self._offer(**kwargs)
        return {
            "name": row.prize.name, "stock": row.prize.stock, "kind": row.kind,
            "off_yuan": yuan_of(row.off_fen or None), "off_percent": row.off_percent or None,
            "off_most_yuan": yuan_of(row.off_most_fen or None), "gift": row.gift,
            "cost_yuan": yuan_of(row.prize.unit_fen) if row.kind == OfferKind.GIFT else "",
            "threshold_yuan": yuan_of(row.threshold_fen or None),
            "valid": SPAN if row.valid_days is None else DAYS, "valid_days": row.valid_days,
            "valid_from": row.valid_from, "valid_until": row.valid_until, "per_person": row.per_person,
            "joined_days": row.joined_days, "is_first_order": row.is_first_order, "how": row.how, "url": row.url,
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().context(**kwargs), "offer": self._offer(**kwargs)}


class CouponsPage(ListPage):
    """Who has a coupon, how far each came, and whom to talk to: those who looked and did not use it."""

    template_name = "campaigns/coupons.html"
    table_class = CouponTable
    filterset_class = CouponFilter
    key = "campaigns.coupons"
    title = gettext_lazy("Coupons")

    def queryset(self) -> QuerySet[Coupon]:
        campaign = campaign_of(self.request, self.kwargs["pk"])
        return coupons_of(tenant_id=self.request.tenant.pk, campaign_id=campaign.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant_slug": self.request.tenant.slug, "can_approve": self.can(Permission.APPROVE)}

    def context(self) -> dict[str, Any]:
        tenant_id, campaign = self.request.tenant.pk, campaign_of(self.request, self.kwargs["pk"])
        counted = offers_counted(tenant_id=tenant_id, campaign_id=campaign.pk)
        offers = offers_of(tenant_id=tenant_id, campaign_id=campaign.pk)
        steps = steps_of(tenant_id=tenant_id, campaign_id=campaign.pk, now=clock.now())
        return {
            **head(self.request, campaign, "coupons"), "seen": SEEN, "steps": steps, "stats": self._stats(steps),
            "offers": [
                {
                    "row": one, "worth": worth_words(one), "terms": terms_words(one), "valid": valid_words(one),
                    "who": who_words(one), "issued": counted.get(one.pk, 0),
                    "page": page_url(offer_token(one)) if campaign.ends_at else "",
                }
                for one in offers
            ],
        }  # fmt: skip

    def _stats(self, steps: Steps) -> list[dict[str, Any]]:
        here, at = self.request.path, clock.now()
        of_taken = _("Coupons taken; those that were taken back do not count.")
        told: list[tuple[Any, int, str, Any, Any]] = [
            (pgettext("coupon", "Taken"), steps.issued, here, of_taken, ""),
            (pgettext("coupon", "Viewed"), steps.viewed, "",
             _("Opened by the person, or used."), _("%(n)s not used yet") % {"n": figure(steps.seen)}),
            (pgettext("coupon", "Used"), steps.used, f"{here}?state=used",
             _("Redeemed, less redemptions that were taken back."), ""),
            (pgettext("coupon", "Expired"), steps.expired, f"{here}?state=expired",
             _("Their time passed unused; piece and money went back."), ""),
        ]  # fmt: skip
        return [
            {
                "label": label, "value": figure(value), "unit": f"/ {figure(steps.issued)}" if number else "",
                "url": url, "source": _("Prize ledger"),
                "people": ngettext("%(n)s coupon", "%(n)s coupons", value) % {"n": figure(value)},
                "against": against, "metric": {"label": label, "definition": definition, "denominator": of_taken,
                                               "freshness": at},
            }
            for number, (label, value, url, definition, against) in enumerate(told)
        ]  # fmt: skip


class CouponUndoPage(FormPage):
    """A drawer: a leader takes a redemption back, and says why."""

    template_name = "campaigns/why.html"
    form_class = WhyForm
    permission = write_permission = Permission.APPROVE

    def _coupon(self, **kwargs: Any) -> Coupon:
        return coupon_get(
            tenant_id=self.request.tenant.pk, campaign_id=kwargs["pk"], coupon_id=kwargs["coupon_pk"]
        )

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = self._coupon(**kwargs)
        return {
            "campaign": f"{row.customer} · {row.offer}", "here": self.request.path, "is_danger": True,
            "heading": _("Take the redemption back"), "verb": pgettext_lazy("prize", "Take it back"),
            "text": _("The coupon can be used again, and its money is set aside again. Only where it was redeemed by "
                      "mistake: what the person got is not asked for."),
        }  # fmt: skip

    def done(self, form: WhyForm, **kwargs: Any) -> HttpResponse:
        row = self._coupon(**kwargs)
        coupon_redeem_undo(
            tenant=self.request.tenant,
            coupon_id=row.pk,
            reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )
        toast(self.request, _("Taken back: it can be used again."))
        return drawer_done(self.request)
