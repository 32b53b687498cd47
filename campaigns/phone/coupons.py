"""A coupon on a member's phone (R85): take it, show its code, see until when and whether it was used."""

from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.enums import PlayKind
from campaigns.enums.coupons import CouponRefusal, CouponState
from campaigns.models import Campaign, Coupon, CouponOffer
from campaigns.phone.base import PlayPage
from campaigns.policies.coupons import Asker, code_shown, refusal
from campaigns.policies.pictures import code_uri
from campaigns.selectors.coupon_words import terms_words, valid_words, who_words, worth_words
from campaigns.selectors.coupons import (
    asker_of,
    coupon_state,
    coupons_of_person,
    newest_number,
    offer_get,
    terms_of,
)
from campaigns.selectors.ledger import pieces_left
from campaigns.services.coupons import coupon_claim, coupon_viewed
from tenants import clock
from tenants.errors import DomainError

TAKEN = "?taken=1"  # the page that the taking itself leads to: nobody came back to look at the coupon yet


class CouponPage(PlayPage):
    """One offer: what it is worth and the button that takes it, then the coupon with its code."""

    kind = PlayKind.COUPON
    template_name = "campaigns/h5/coupon.html"

    @classmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        offer = offer_get(tenant_id=tenant_id, offer_id=row_id)
        return offer.prize.campaign if offer else None

    def title(self) -> str:
        return self.offer.prize.name

    def notices(self) -> list[Any]:
        return [*super().notices(), _("What is not used in time expires and is not given again.")]

    @cached_property
    def offer(self) -> CouponOffer:
        return CouponOffer.objects.select_related("prize__campaign").get(
            tenant_id=self.visit.tenant.pk, pk=self.visit.page.row_id
        )

    @cached_property
    def _asker(self) -> tuple[Asker, int] | None:
        customer = self.visit.customer
        return asker_of(offer=self.offer, customer_id=customer.pk) if customer else None

    @cached_property
    def _mine(self) -> list[Coupon]:
        if self._asker is None:
            return []
        return coupons_of_person(
            tenant_id=self.visit.tenant.pk, offer_id=self.offer.pk, person_id=self._asker[1]
        )

    def _cannot(self) -> object | None:
        """Why this visitor does not get another one; None where the button stands."""
        if self.why_not is not None or self._asker is None:
            return self.why_not
        found = refusal(terms_of(self.offer), self._asker[0], now=clock.now())
        if found is None and not self._left:
            return _("None is left.")
        return CouponRefusal(found).label if found else None

    @cached_property
    def _left(self) -> int:
        prize = self.offer.prize
        return pieces_left(tenant_id=self.visit.tenant.pk, prizes=[prize])[prize.pk]

    def show(self) -> HttpResponse:
        if "taken" not in self.visit.request.GET and self.visit.request.method == "GET":
            for one in self._mine:
                coupon_viewed(tenant=self.visit.tenant, coupon=one)
        return super().show()

    def context(self) -> dict[str, Any]:
        offer, now = self.offer, clock.now()
        cannot = self._cannot()
        person = self._asker[1] if self._asker else 0
        return {
            "offer": offer, "worth": worth_words(offer), "terms": terms_words(offer), "valid": valid_words(offer),
            "who": who_words(offer), "left": self._left, "cannot": cannot, "coupons": [
                self._shown(one, coupon_state(one, now)) for one in self._mine
            ],
            "number": 1 + newest_number(tenant_id=self.visit.tenant.pk, offer_id=offer.pk, customer_id=person),
            "may_take": cannot is None, "is_taken": "taken" in self.visit.request.GET,
        }  # fmt: skip

    def _shown(self, coupon: Coupon, state: CouponState) -> dict[str, Any]:
        kwargs = {"phone_slug": self.visit.tenant.slug, "code": code_shown(coupon.code)}
        there = settings.PUBLIC_URL + reverse("campaigns_phone:redeem_code", kwargs=kwargs)
        is_good = state in (CouponState.OPEN, CouponState.SOON)
        return {
            "row": coupon, "state": state.label, "is_good": is_good, "is_used": state == CouponState.USED,
            "is_soon": state == CouponState.SOON, "code": code_shown(coupon.code),
            "picture": code_uri(there) if is_good else "",
        }  # fmt: skip

    def post(self) -> HttpResponse:
        """Take one. Loading the answer again, or a second tap, takes no second one."""
        raw, asker = self.visit.request.POST.get("number", ""), self._asker
        number = int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 4 else 1
        if asker is None:
            return self.show()
        try:
            coupon_claim(
                tenant=self.visit.tenant, offer_id=self.offer.pk, customer_id=asker[1], number=number
            )
        except DomainError as error:
            self.__dict__.pop("_mine", None)
            return self.answer(
                self.template_name, {**self.context(), "refused": error.message}, status=error.status
            )
        return self.go(TAKEN)
