"""Flash sales and group-buys on a member's phone: what is left at which price until when; reserve, join, call off."""

import re
from functools import cached_property
from typing import Any
from uuid import uuid4

from django.http import HttpResponse
from django.utils.translation import gettext as _

from campaigns.enums import PlayKind
from campaigns.enums.deals import PIECES_MOST, ReservationState
from campaigns.models import Campaign, Deal, Reservation
from campaigns.phone.base import PlayPage
from campaigns.selectors.deals import (
    deals_shown,
    relay_lines,
    reservations_mine,
    stream_lines,
    teams_open,
)
from campaigns.services.deals import reservation_cancel, reserve
from tenants.errors import DomainError

KEY = re.compile(r"[0-9a-f]{32}")


class DealsPage(PlayPage):
    """Every deal, my reservations, the relay and the latest orders, from records alone."""

    kind = PlayKind.DEALS
    template_name = "campaigns/h5/deals.html"

    @classmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        return Campaign.objects.filter(tenant_id=tenant_id, pk=row_id).first()

    @cached_property
    def person_id(self) -> int:
        """Who is here: 0 for nobody."""
        customer = self.visit.customer
        return (customer.person_id or customer.pk) if customer else 0

    def notices(self) -> list[Any]:
        return [
            _("Nobody has to share it. What is left, the deadline and every line here come from records."),
        ]

    def context(self) -> dict[str, Any]:
        shown = deals_shown(campaign=self.campaign)
        mine = reservations_mine(campaign=self.campaign, person_id=self.person_id) if self.person_id else []
        teams: dict[int, list[Any]] = {}
        own = {one.team_id for one in mine}
        for team in teams_open(campaign=self.campaign):
            if team.pk not in own:
                teams.setdefault(team.deal_id, []).append(team)
        held: dict[int, int] = {}
        for one in mine:
            if one.state in (ReservationState.HELD, ReservationState.ORDERED):
                held[one.deal_id] = held.get(one.deal_id, 0) + one.pieces
        return {
            "deals": [
                {
                    "shown": one, "teams": teams.get(one.deal.pk, []), "steps_ahead": one.steps,
                    "room": min(one.deal.per_person - held.get(one.deal.pk, 0), one.left, PIECES_MOST),
                    "is_open": one.is_open and self.why_not is None,
                }
                for one in shown
            ],
            "mine": mine, "relay": relay_lines(campaign=self.campaign), "key": uuid4().hex,
            "stream": stream_lines(campaign=self.campaign),
        }  # fmt: skip

    def post(self) -> HttpResponse:
        """Reserve, or call a reservation off. The same form sent twice is one reservation."""
        given = self.visit.request.POST
        try:
            if given.get("act") == "cancel":
                self._cancel(given.get("reservation", ""))
            else:
                self._reserve(given)
        except DomainError as error:
            return self._refused(str(error.message), error.status)
        except (Deal.DoesNotExist, Reservation.DoesNotExist):
            return self._refused(_("It is not there any more. Open the page again."), 404)
        return self.go()

    def _reserve(self, given: Any) -> None:
        deal, pieces, key = given.get("deal", ""), given.get("pieces", "1"), given.get("key", "")
        numbers = all(one.isdecimal() and len(one) <= 12 for one in (deal, pieces))
        if not numbers or not KEY.fullmatch(key):
            raise Deal.DoesNotExist
        if not Deal.objects.filter(tenant=self.visit.tenant, campaign=self.campaign, pk=int(deal)).exists():
            raise Deal.DoesNotExist
        reserve(
            tenant=self.visit.tenant, deal_id=int(deal), person_id=self.person_id, pieces=int(pieces), key=key,
            wish=given.get("wish", "")[:40].replace("\x00", ""), team_code=given.get("team", "")[:12],
        )  # fmt: skip

    def _cancel(self, raw: str) -> None:
        if not raw.isdecimal() or len(raw) > 12:
            raise Reservation.DoesNotExist
        reservation_cancel(tenant=self.visit.tenant, reservation_id=int(raw), person_id=self.person_id)

    def _refused(self, words: str, status: int) -> HttpResponse:
        context = {"title": _("Nothing was reserved"), "text": words, "back": self.home}
        return self.answer("campaigns/h5/stop.html", context, status=status)
