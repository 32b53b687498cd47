"""At the counter: enter or scan a code, see whose it is, redeem it. On the phone within WeCom and in the console."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy

from campaigns.enums.coupons import CouponState
from campaigns.errors import CouponForeign, CouponUnknown
from campaigns.forms.coupons import RedeemForm
from campaigns.models import Coupon
from campaigns.policies.coupons import code_shown
from campaigns.selectors.coupon_words import terms_words, worth_words
from campaigns.selectors.coupons import coupon_state
from campaigns.services.redeeming import coupon_find, coupon_redeem, standing_error
from campaigns.tables import coupon_chip
from console.pages import FormPage, TemplatePage, go, render
from team.phone import PhoneView
from tenants import clock
from tenants.enums import Permission
from tenants.errors import DomainError

TYPED_MOST = 300
DONE = "?done=1"  # the page that redeeming itself leads to


def _typed(request: HttpRequest) -> str:
    return request.GET.get("code", "").strip()[:TYPED_MOST]


def _shown(coupon: Coupon) -> dict[str, Any]:
    """What the counter sees of a coupon: whose, what, until when, and why it cannot be redeemed, if so."""
    now = clock.now()
    error = standing_error(coupon, now)
    return {
        "coupon": coupon, "chip": coupon_chip(coupon), "code": code_shown(coupon.code), "error": error,
        "is_open": error is None, "is_used": coupon_state(coupon, now) == CouponState.USED,
        "worth": worth_words(coupon.offer), "terms": terms_words(coupon.offer), "offer": coupon.offer,
    }  # fmt: skip


class RedeemFindPage(TemplatePage):
    """The console's counter: a code is typed or pasted."""

    template_name = "campaigns/redeem.html"
    permission = Permission.WORK
    title = gettext_lazy("Redeem a coupon")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raw = _typed(request)
        if not raw:
            return super().get(request, *args, **kwargs)
        try:
            found = coupon_find(tenant=self.request.tenant, raw=raw)
        except (CouponUnknown, CouponForeign) as error:
            context = {**self.context(**kwargs), "typed": raw, "error": error}
            return render(request, self.template_name, context, status=404)
        return HttpResponseRedirect(self.url("campaigns:redeem_code", code=code_shown(found.code)))


class RedeemPage(FormPage):
    """The console's counter: one coupon."""

    template_name = "campaigns/redeem_coupon.html"
    form_class = RedeemForm
    permission = write_permission = Permission.WORK
    title = gettext_lazy("Redeem a coupon")

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return _shown(coupon_find(tenant=self.request.tenant, raw=kwargs["code"]))

    def done(self, form: RedeemForm, **kwargs: Any) -> HttpResponse:
        coupon_redeem(
            tenant=self.request.tenant, raw=kwargs["code"], order_no=form.cleaned_data["order_no"],
            actor=self.request.actor,
        )  # fmt: skip
        return go(self.request, self.url("campaigns:redeem_code", code=kwargs["code"]) + DONE)


class PhoneFindPage(PhoneView):
    """On the phone: WeCom's scanner opens the coupon itself; a code can be typed here."""

    template = "campaigns/phone_redeem.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        raw = _typed(request)
        if not raw:
            return render(request, self.template, {"may_work": self._may})
        try:
            found = coupon_find(tenant=self.request.tenant, raw=raw)
        except (CouponUnknown, CouponForeign) as error:
            return render(
                request, self.template, {"typed": raw, "error": error, "may_work": self._may}, status=404
            )
        return HttpResponseRedirect(self.url("campaigns_phone:redeem_code", code=code_shown(found.code)))

    @property
    def _may(self) -> bool:
        return Permission.WORK in self.request.actor.permissions


class PhoneRedeemPage(PhoneView):
    """On the phone: one coupon, and the button that redeems it."""

    template = "campaigns/phone_coupon.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        try:
            found = coupon_find(tenant=self.request.tenant, raw=code)
        except (CouponUnknown, CouponForeign) as error:
            return render(
                request, PhoneFindPage.template, {"typed": code, "error": error, "may_work": True}, status=404
            )
        return self._page(found, RedeemForm())

    def _page(self, found: Coupon, form: RedeemForm, status: int = 200, refused: Any = None) -> HttpResponse:
        may = Permission.WORK in self.request.actor.permissions
        context = {**_shown(found), "form": form, "may_work": may, "refused": refused}
        return render(self.request, self.template, context, status=status)

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        form = RedeemForm(request.POST)
        found = coupon_find(tenant=self.request.tenant, raw=code)
        if not form.is_valid():
            return self._page(found, form, status=422)
        try:
            coupon_redeem(
                tenant=self.request.tenant,
                raw=code,
                order_no=form.cleaned_data["order_no"],
                actor=self.request.actor,
            )
        except DomainError as error:
            # Whoever scanned it at the same moment may have been faster: the page says where it stands now.
            found = coupon_find(tenant=self.request.tenant, raw=code)
            return self._page(found, form, status=error.status, refused=error)
        return HttpResponseRedirect(self.url("campaigns_phone:redeem_code", code=code) + DONE)
