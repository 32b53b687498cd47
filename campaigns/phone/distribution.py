"""Distribution on a phone (R84): a distributor's own page with code, poster and each order; and what friends open."""

from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.enums import Phase, PlayKind, Visitor
from campaigns.enums.distribution import SaleReason, SaleState, SellerState
from campaigns.models import Campaign, Distribution, Sale, Seller
from campaigns.phone.base import PlayPage
from campaigns.policies.doors import why_not
from campaigns.policies.pictures import code_uri
from campaigns.policies.referral import name_hidden
from campaigns.selectors.distribution import (
    BRINGS,
    distribution_get,
    sales_of,
    seller_get,
    seller_of,
    seller_token,
)
from campaigns.selectors.pages import page_path, page_url, prizes_of
from campaigns.services.distribution import seller_ask, touch_note
from console.templatetags.q import moment, money

SHOWN = 60
# What a distributor reads of why an order brings nothing: not by which tag.
REASONS = {
    SaleReason.SELF: gettext_lazy("your own order"),
    SaleReason.BARRED: gettext_lazy("is not whom it is for"),
    SaleReason.PEER: gettext_lazy("takes part too: there is one level only"),
    SaleReason.SMALL: gettext_lazy("less was paid than an order has to be"),
    SaleReason.STOPPED: gettext_lazy("you did not take part when it was ordered"),
    SaleReason.UNKNOWN: gettext_lazy("the code is not known"),
    SaleReason.SPENT: gettext_lazy("all commissions were given out"),
    SaleReason.ENDED: gettext_lazy("it had ended by then"),
    SaleReason.REFUNDED: gettext_lazy("was refunded"),
    SaleReason.REFUND_PAID: gettext_lazy("was refunded later: what is paid stays yours"),
    SaleReason.HAND: gettext_lazy("we looked at it"),
}
STATE_WORDS = {
    SellerState.ASKED: gettext_lazy("We have your request and look at it. Open this page again later."),
    SellerState.REFUSED: gettext_lazy(
        "You cannot take part in this one. Ask in the group if you think this is wrong."
    ),
    SellerState.STOPPED: gettext_lazy("You do not take part any more. What you brought before stays yours."),
}


def terms(row: Distribution) -> list[str]:
    """What brings a commission, in words."""
    found = [
        _("%(money)s for each paid order of a friend")
        % {"money": money(row.commission.unit_fen if row.commission else 0)}
    ]
    if row.min_order_fen:
        found.append(_("From %(money)s on, after refunds") % {"money": money(row.min_order_fen)})
    days = row.refund_days
    paid = ngettext(
        "Paid %(n)s day after the order, unless it is refunded",
        "Paid %(n)s days after the order, unless it is refunded",
        days,
    )
    found.append(paid % {"n": days})
    if row.bonus:
        found.append(
            ngettext("%(money)s more for %(n)s order", "%(money)s more for %(n)s orders", row.bonus_orders)
            % {"money": money(row.bonus.unit_fen), "n": row.bonus_orders}
        )
    return [*found, _("Your own orders, and those of others who take part, bring nothing")]


class DistributionPage(PlayPage):
    """Ask to take part; then the own code and poster, what it brought, and each order with why or why not."""

    kind = PlayKind.DISTRIBUTION
    template_name = "campaigns/h5/distribution.html"

    @classmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        found = distribution_get(tenant_id=tenant_id, distribution_id=row_id)
        return found.campaign if found else None

    @cached_property
    def row(self) -> Distribution:
        found = distribution_get(tenant_id=self.visit.tenant.pk, distribution_id=self.visit.page.row_id)
        assert found is not None  # the door found it
        return found

    @cached_property
    def seller(self) -> Seller | None:
        customer = self.visit.customer
        if customer is None:
            return None
        return seller_of(distribution=self.row, person_id=customer.person_id or customer.pk)

    def notices(self) -> list[Any]:
        return [
            *super().notices(),
            _(
                "One level only: nothing is given for bringing in others who recommend, and nobody pays to take part."
            ),
        ]

    def context(self) -> dict[str, Any]:
        seller, customer = self.seller, self.visit.customer
        is_active = seller is not None and seller.state == SellerState.ACTIVE
        return {
            "distribution": self.row, "terms": terms(self.row), "seller": seller, "is_active": is_active,
            "said": STATE_WORDS.get(SellerState(seller.state), "") if seller else "",
            "may_ask": seller is None and self.why_not is None and self.row.takes_requests,
            "mine": len(prizes_of(campaign=self.campaign, customer=customer)) if customer else 0,
            **self._sales(seller), **(self._own(seller) if seller and is_active else {}),
        }  # fmt: skip

    def _own(self, seller: Seller) -> dict[str, Any]:
        """Where friends come in."""
        token = seller_token(campaign=self.campaign, seller=seller)
        url = page_url(token)
        return {"own_url": url, "own_code": code_uri(url), "poster_url": page_path(token, "poster"),
                "friend_url": page_path(token)}  # fmt: skip

    def _sales(self, seller: Seller | None) -> dict[str, Any]:
        if seller is None:
            return {"orders": []}
        sales = sales_of(seller=seller)
        good = [one for one in sales if one.state in BRINGS]
        unit = self.row.commission.unit_fen if self.row.commission else 0
        paid = sum(one.state == SaleState.EARNED for one in sales)
        return {
            "orders": [sale_line(one) for one in sales[:SHOWN]], "sold": len(good), "paid_fen": paid * unit,
            "waiting_fen": (len(good) - paid) * unit, "bonus_left": max(self.row.bonus_orders - len(good), 0),
        }  # fmt: skip

    def post(self) -> HttpResponse:
        """Ask to take part. A second tap asks no second time."""
        customer = self.visit.customer
        if not self.row.takes_requests or customer is None:
            words = {
                "title": _("Not possible now"),
                "text": _("Whoever takes part is named by us."),
                "back": self.home,
            }
            return self.answer("campaigns/h5/stop.html", words, status=409)
        seller_ask(distribution=self.row, person_id=customer.person_id or customer.pk)
        return self.go()


def sale_line(sale: Sale) -> dict[str, Any]:
    """One order as its distributor reads it: {"name", "at", "tone", "said"}; the buyer's name is half hidden."""
    name = name_hidden(sale.customer.name) or _("A friend")
    if sale.state == SaleState.WAITING:
        tone, said = "wait", _("paid %(at)s, unless refunded") % {"at": moment(sale.due_at)}
    elif sale.state == SaleState.EARNED:
        tone, said = "ok", str(REASONS[SaleReason(sale.reason)]) if sale.reason else _("paid out")
    else:
        tone, said = "", _("no: %(why)s") % {"why": REASONS[SaleReason(sale.reason)]}
    return {"name": name, "at": sale.ordered_at, "tone": tone, "said": said}


def shop_address(url: str, code: str) -> str:
    """The shop's address with the code of the distributor, whatever else stands in it."""
    parts = urlsplit(url)
    asked = [*(one for one in parse_qsl(parts.query, keep_blank_values=True) if one[0] != "distributor"),
             ("distributor", code)]  # fmt: skip
    return urlunsplit(parts._replace(query=urlencode(asked)))


class RecommendedPage(PlayPage):
    """What a friend of a distributor opens: who recommends, what it is about, and where to order."""

    kind = PlayKind.RECOMMENDED
    template_name = "campaigns/h5/recommended.html"

    @classmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        found = seller_get(tenant_id=tenant_id, seller_id=row_id)
        return found.distribution.campaign if found else None

    @cached_property
    def seller(self) -> Seller:
        found = seller_get(tenant_id=self.visit.tenant.pk, seller_id=self.visit.page.row_id)
        assert found is not None  # the door found it
        return found

    @cached_property
    def why_not(self) -> object | None:
        """Everybody may order, in a group or not."""
        return why_not(self.phase, Visitor.STAFF if self.visitor == Visitor.STAFF else Visitor.MEMBER)

    def title(self) -> str:
        name = name_hidden(self.seller.customer.name)
        return _("%(name)s recommends") % {"name": name} if name else _("A friend recommends")

    def notices(self) -> list[Any]:
        return [_("Whoever recommends gets a commission for a paid order. You pay no more for it.")]

    def context(self) -> dict[str, Any]:
        customer, seller = self.visit.customer, self.seller
        is_own = customer is not None and (customer.person_id or customer.pk) == seller.customer_id
        is_active = seller.state == SellerState.ACTIVE
        if customer is not None and self.phase == Phase.OPEN:
            touch_note(seller=seller, customer_id=customer.pk)
        shop = seller.distribution.shop_url
        return {
            "seller": seller, "is_own": is_own, "is_active": is_active,
            "shop": shop_address(shop, seller.code) if shop and is_active and self.why_not is None else "",
        }  # fmt: skip
