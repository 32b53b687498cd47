"""Showing an order on a member's phone (R88): one of mine, words, a picture, and whether others may see it."""

from functools import cached_property
from typing import Any, ClassVar

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from campaigns.enums import PlayKind, Visitor
from campaigns.enums.showing import PICTURE_BYTES_MOST, TEXT_LEAST, TEXT_MOST, ShowState
from campaigns.models import Campaign, ShownOrder, ShowPlay
from campaigns.phone.base import PlayPage
from campaigns.selectors.ledger import pieces_left
from campaigns.selectors.pages import prizes_of
from campaigns.selectors.showing import orders_to_show, show_get, shown_by, shows_until
from campaigns.services.showing import Told, order_show, permission_set
from tenants import clock
from tenants.errors import DomainError
from wecom.keeping.assets import asset_get, assets_by_id

YES = "yes"


class ShowPage(PlayPage):
    """The member's own orders as a choice; another person's cannot be named."""

    kind = PlayKind.SHOW
    template_name = "campaigns/h5/show.html"
    body_bytes: ClassVar[int] = PICTURE_BYTES_MOST + 64 * 1024
    parts: ClassVar[dict[str, str]] = {**PlayPage.parts, "own": "give_own"}

    @classmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        found = show_get(tenant_id=tenant_id, play_id=row_id)
        return found.campaign if found else None

    @cached_property
    def play(self) -> ShowPlay:
        found = show_get(tenant_id=self.visit.tenant.pk, play_id=self.visit.page.row_id)
        assert found is not None  # the door found it
        return found

    @cached_property
    def person_id(self) -> int:
        """Whose orders these are: 0 for nobody."""
        customer = self.visit.customer
        return (customer.person_id or customer.pk) if customer else 0

    @cached_property
    def tries(self) -> list[ShownOrder]:
        return shown_by(play=self.play, person_id=self.person_id) if self.person_id else []

    def notices(self) -> list[Any]:
        return [
            *super().notices(),
            _("Say what you really think: you get the prize whether you liked it or not, and whether or not others may "
              "see it."),
        ]  # fmt: skip

    def refusal(self) -> object | None:
        """What others may see can be changed by whoever showed something, also after the end."""
        raw = self.visit.request.POST
        if raw.get("act") in ("permit", "withdraw") and self.tries and self.visitor != Visitor.STAFF:
            return None
        return super().refusal()

    def context(self) -> dict[str, Any]:
        play, customer = self.play, self.visit.customer
        row = self.tries[0] if self.tries else None
        until = shows_until(play)
        is_late = until is not None and until <= clock.now()
        may = self.why_not is None and not is_late and (row is None or row.state == ShowState.REFUSED)
        orders = orders_to_show(play=play, person_id=self.person_id) if may else []
        left = pieces_left(tenant_id=play.tenant_id, prizes=[play.prize])[play.prize.pk] if play.prize else 0
        return {
            "play": play, "row": row, "state": row.state if row else "", "orders": orders, "left": left, "until": until,
            "may_show": may and bool(orders), "has_none": may and not orders, "least": TEXT_LEAST, "most": TEXT_MOST,
            "is_late": is_late and row is None, "has_picture": row is not None and row.asset_id is not None,
            "may_permit": row is not None and row.state != ShowState.REFUSED and self.visitor != Visitor.STAFF,
            "own_url": f"{self.home}own/",
            "mine": len(prizes_of(campaign=self.campaign, customer=customer)) if customer else 0,
        }  # fmt: skip

    def post(self) -> HttpResponse:
        """Show one, or change what others may see. Sent twice it happens once."""
        raw = self.visit.request.POST
        try:
            if raw.get("act") in ("permit", "withdraw"):
                permission_set(
                    tenant=self.visit.tenant, play=self.play, person_id=self.person_id,
                    is_permitted=raw["act"] == "permit",
                )  # fmt: skip
            else:
                order_show(
                    tenant=self.visit.tenant, play=self.play, person_id=self.person_id, told=self._told()
                )
        except DomainError as error:
            text = raw.get("text", "")[:TEXT_MOST]
            context = {**self.context(), "refused": error.message, "given": text, "chosen": self._order_id()}
            return self.answer(self.template_name, context, status=error.status)
        return self.go()

    def _order_id(self) -> int:
        order = self.visit.request.POST.get("order", "")
        return int(order) if order.isascii() and order.isdecimal() and len(order) < 19 else 0

    def _told(self) -> Told:
        raw, sent = self.visit.request.POST, self.visit.request.FILES.get("picture")
        return Told(
            order_id=self._order_id(), text=raw.get("text", ""), is_permitted=raw.get("permit") == YES,
            picture=(sent.name or "", sent.read()) if sent else None,
        )  # fmt: skip

    def give_own(self) -> HttpResponse:
        """The picture that the visitor sent last: nobody else's."""
        asset_id = self.tries[0].asset_id if self.tries else None
        if asset_id is None or not assets_by_id(tenant_id=self.visit.tenant.pk, asset_ids=[asset_id]):
            raise Http404
        asset = asset_get(tenant_id=self.visit.tenant.pk, asset_id=asset_id)
        made = HttpResponse(bytes(asset.body), content_type=asset.content_type)
        made["Cache-Control"] = "private, no-store"
        made["X-Content-Type-Options"] = "nosniff"
        return made
