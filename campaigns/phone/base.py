"""What every page of a campaign on a member's phone shares: who visits, what may be done now, prizes, rules, poster.

A play derives from PlayPage and is named in campaigns.phone.door.PAGES. It works without JavaScript: forms are posted,
and each answer is a page.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from campaigns.enums import AwardSource, AwardState, Phase, PlayKind, Visitor
from campaigns.enums.coupons import CouponState
from campaigns.models import Award, Campaign, Coupon
from campaigns.policies.doors import why_not
from campaigns.policies.pictures import code_png, poster_png, poster_svg
from campaigns.selectors.coupon_words import worth_words
from campaigns.selectors.coupons import coupon_state, offers_of
from campaigns.selectors.frame import prize_list
from campaigns.selectors.pages import coupon_path, is_member, offer_token, page_path, page_url, prizes_of
from campaigns.selectors.plays import COUPONS, plays_of
from console.pages import render
from console.templatetags.q import moment
from tenants import clock

if TYPE_CHECKING:
    from campaigns.policies.page_tokens import PageToken
    from contacts.models import Customer
    from tenants.models import Tenant
    from wecom.models import App

POSTER_KEPT_S = 24 * 60 * 60  # by its content: another name or colour is another poster


_AGAIN_S = {429: 60, 503: 3}  # of an answer that asks to come again: after how many seconds


@dataclass
class Visit:
    """One opening of one page. `customer` is who WeCom says is here; None for staff and whom it does not name."""

    request: HttpRequest
    tenant: "Tenant"
    page: "PageToken"
    token: str
    app: "App | None"
    customer: "Customer | None"
    is_staff: bool
    in_wechat: bool

    @property
    def brand(self) -> str:
        return self.tenant.brand or self.tenant.name


class PlayPage(ABC):
    """One page. Subclasses set `kind` and `template_name`, say what the page shows, and take what is posted."""

    kind: ClassVar[PlayKind]
    template_name: ClassVar[str]
    body_bytes: ClassVar[int] = 16 * 1024  # what may be sent at once
    parts: ClassVar[dict[str, str]] = {
        "prizes": "show_prizes", "rules": "show_rules", "poster": "show_poster", "picture": "draw_poster",
        "code": "draw_code",
    }  # fmt: skip

    def __init__(self, visit: Visit, campaign: Campaign, phase: Phase) -> None:
        self.visit, self.campaign, self.phase = visit, campaign, phase

    @classmethod
    @abstractmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        """The campaign whose page it is; None where it is gone."""

    # --- What a play says

    def title(self) -> str:
        return self.campaign.name

    def notices(self) -> list[Any]:
        """What members are told below the page, whatever the play: what it costs, and that nobody has to share."""
        return [_("It costs nothing, and nobody has to share it.")]

    def context(self) -> dict[str, Any]:
        """What the page shows beside what every page does."""
        return {}

    def refusal(self) -> object | None:
        """Why what is sent now is not taken, whatever it is; None while it may be."""
        return self.why_not

    def post(self) -> HttpResponse:
        """What a member sends. Only called while `refusal` has none. A page without forms has none."""
        raise Http404

    # --- What every page does

    @cached_property
    def visitor(self) -> Visitor:
        """Who opened it."""
        visit = self.visit
        if visit.is_staff:
            return Visitor.STAFF
        if visit.customer is not None:
            inside = is_member(campaign=self.campaign, customer=visit.customer)
            return Visitor.MEMBER if inside else Visitor.OUTSIDER
        return Visitor.STRANGER if visit.in_wechat else Visitor.BROWSER

    @cached_property
    def why_not(self) -> object | None:
        """Why this visitor cannot take part now, as a sentence."""
        return why_not(self.phase, self.visitor)

    @property
    def home(self) -> str:
        return page_path(self.visit.token)

    def answer(
        self, template: str, context: dict[str, Any] | None = None, *, status: int = 200
    ) -> HttpResponse:
        """A page in the member's frame."""
        visit, token = self.visit, self.visit.token
        urls = {one: page_path(token, one) for one in ("prizes", "rules", "poster", "picture", "code")}
        shared = {
            "page": self, "campaign": self.campaign, "brand": visit.brand, "phase": self.phase.value, "home": self.home,
            "urls": urls, "visitor": self.visitor.value, "why_not": self.why_not, "title": self.title(),
            "notices": self.notices(), "customer": visit.customer, "card_url": page_url(token),
            "card_picture": page_url(token, "code"),
        }  # fmt: skip
        return h5(visit.request, template, {**shared, **(context or {})}, status=status)

    def go(self, query: str = "") -> HttpResponse:
        """Back to the page after something was taken: loading it again sends nothing twice."""
        return HttpResponseRedirect(f"{self.home}{query}")

    def show(self) -> HttpResponse:
        return self.answer(self.template_name, self.context())

    def show_prizes(self) -> HttpResponse:
        """What the visitor got, and what became of it."""
        customer = self.visit.customer
        rows = prizes_of(campaign=self.campaign, customer=customer) if customer else []
        return self.answer("campaigns/h5/prizes.html", {"awards": [prize_line(one) for one in rows]})

    def show_rules(self) -> HttpResponse:
        prizes = prize_list(tenant_id=self.visit.tenant.pk, campaign_id=self.campaign.pk)
        return self.answer("campaigns/h5/rules.html", {"prizes": prizes})

    def show_poster(self) -> HttpResponse:
        return self.answer("campaigns/h5/poster.html")

    def draw_poster(self) -> HttpResponse:
        """The poster itself, a picture."""
        made = poster_svg(
            url=page_url(self.visit.token), title=self.title(), about=self.campaign.about, brand=self.visit.brand,
            colour=self.campaign.colour,
        )  # fmt: skip
        kept = f"campaigns.poster:{sha256(made.encode()).hexdigest()}"
        picture: bytes | None = cache.get(kept)
        if picture is None:
            picture = poster_png(made)
            cache.set(kept, picture, POSTER_KEPT_S)
        return _picture(picture, "image/png")

    def draw_code(self) -> HttpResponse:
        """The code alone, a picture that a share card takes."""
        return _picture(code_png(page_url(self.visit.token)), "image/png")


def prize_line(award: Award) -> dict[str, Any]:
    """One prize as its winner reads it: {"award", "tone", "said", "number", "url"}. What staff noted is not for the
    winner. `url`: the coupon's own page."""
    payout = next(iter(award.payouts.all()), None)
    is_paid = payout is not None
    said: dict[str, tuple[str, str]] = {
        AwardState.HELD: ("wait", _("Yours. We hand it over and get in touch with you.")),
        AwardState.PAYING: ("wait", _("On its way to you, it can take a moment.")),
        AwardState.GIVEN: ("ok", _("Paid to you") if is_paid else pgettext("prize", "Handed over")),
        AwardState.RETURNED: ("no", _("Taken back. Ask in the group if you think this is wrong.")),
    }
    tone, words = said[award.state]
    if award.state == AwardState.HELD and award.source == AwardSource.DISTRIBUTION:
        words = _("Set aside for you, paid once the refund window is over.")
    if award.state == AwardState.RETURNED and award.source == AwardSource.MALL:
        words = _("Called off. Your points are back.")
    if award.state == AwardState.PAYING and payout is not None and payout.state == "refused":
        words = _("The payment did not go through. We look into it; nothing of yours is lost.")
    line = {"award": award, "tone": tone, "said": words, "number": payout.number if payout else "", "url": ""}
    coupon = next(iter(award.coupons.all()), None)
    return {**line, **_coupon_line(award, coupon)} if coupon else line


def _coupon_line(award: Award, coupon: Coupon) -> dict[str, Any]:
    """A coupon stands where its page says, and leads there."""
    coupon.award = award
    state = coupon_state(coupon, clock.now())
    until = _("Not used yet, until %(at)s.") % {"at": moment(coupon.valid_until)}
    said: dict[str, tuple[str, Any]] = {
        CouponState.OPEN: ("wait", until), CouponState.SOON: ("wait", until), CouponState.USED: ("ok", state.label),
    }  # fmt: skip
    tone, words = said.get(state, ("no", state.label))
    return {
        "tone": tone,
        "said": words,
        "url": coupon_path(campaign=award.campaign, offer_id=coupon.offer_id),
    }


def _picture(content: bytes, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Cache-Control"] = "public, max-age=3600"  # says nothing of who looks at it
    return response


def h5(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A member's page, never kept by the browser."""
    response = render(request, template, context, status=status, partial=template)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"
    if status in _AGAIN_S:
        response["Retry-After"] = str(_AGAIN_S[status])
    return response


class CampaignHome(PlayPage):
    """The campaign itself: what it is, what there is to get, what I got."""

    kind = PlayKind.CAMPAIGN
    template_name = "campaigns/h5/home.html"

    @classmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        return Campaign.objects.filter(tenant_id=tenant_id, pk=row_id).first()

    def context(self) -> dict[str, Any]:
        prizes = prize_list(tenant_id=self.visit.tenant.pk, campaign_id=self.campaign.pk)
        offers = offers_of(tenant_id=self.visit.tenant.pk, campaign_id=self.campaign.pk)
        coupons = [(one, worth_words(one), page_path(offer_token(one))) for one in offers]
        links = [
            (one, page_path(token))
            for one in plays_of(self.campaign)
            if one.key != COUPONS and (token := one.token(self.campaign))
        ]
        return {"prizes": prizes, "mine": self.mine(), "coupons": coupons, "plays": links}

    def mine(self) -> int:
        customer = self.visit.customer
        return len(prizes_of(campaign=self.campaign, customer=customer)) if customer else 0
