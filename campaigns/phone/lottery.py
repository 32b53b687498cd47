"""The lottery on a member's phone: nine grid, wheel or blind boxes over the same draw."""

import re
from functools import cached_property
from typing import Any, ClassVar
from uuid import uuid4

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.enums import DrawOutcome, LotteryKind, Phase, PlayKind
from campaigns.models import Campaign, Draw, Lottery
from campaigns.phone.base import PlayPage
from campaigns.policies.lottery import BOXES, GRID_CELLS, WHEEL_SECTORS, WHOLE, cells
from campaigns.policies.wheel import sectors
from campaigns.selectors.lottery import (
    draw_list,
    draws_left,
    draws_of,
    entrant_of,
    lottery_get,
    odds_of,
    percent_words,
    record_head,
    record_lines,
)
from campaigns.selectors.pages import prizes_of
from campaigns.services.lottery import draw_make
from tenants.errors import DomainError

KEY = re.compile(r"[0-9a-f]{32}")
LATEST = 30
PLACES = {LotteryKind.GRID: GRID_CELLS, LotteryKind.WHEEL: WHEEL_SECTORS, LotteryKind.BOX: BOXES}


class LotteryPage(PlayPage):
    """Draw, see the odds and what is left, look every draw up."""

    kind = PlayKind.LOTTERY
    template_name = "campaigns/h5/lottery.html"
    parts: ClassVar[dict[str, str]] = {**PlayPage.parts, "log": "show_log", "record": "give_record"}

    @classmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        found = lottery_get(tenant_id=tenant_id, lottery_id=row_id)
        return found.campaign if found else None

    @cached_property
    def lottery(self) -> Lottery:
        found = lottery_get(tenant_id=self.visit.tenant.pk, lottery_id=self.visit.page.row_id)
        assert found is not None  # the door found it
        return found

    @cached_property
    def person_id(self) -> int:
        """Whose draws these are: 0 for nobody."""
        customer = self.visit.customer
        return (customer.person_id or customer.pk) if customer else 0

    def notices(self) -> list[Any]:
        most = self.lottery.draws_most
        words = ngettext("At most %(n)s draw each.", "At most %(n)s draws each.", most) % {"n": most}
        return [*super().notices(), words]

    def context(self) -> dict[str, Any]:
        lottery, odds = self.lottery, odds_of(lottery=self.lottery)
        entrant = entrant_of(lottery=lottery, person_id=self.person_id) if self.person_id else None
        left = draws_left(lottery=lottery, entrant=entrant)
        kind = LotteryKind(lottery.kind)
        places = cells([one.prize.pk for one in odds], PLACES[kind])
        shown = self._asked_draw(entrant)
        prizes = {one.prize.pk: one.prize for one in odds}
        customer = self.visit.customer
        return {
            "lottery": lottery, "odds": odds, "kind": kind.value, "left": left, "key": uuid4().hex, "shown": shown,
            "nothing": percent_words(WHOLE - sum(one.share for one in odds)),
            "places": self._places(places, prizes, shown), "can_draw": self.why_not is None and left > 0,
            "used": entrant.used if entrant else 0, "log_url": f"{self.home}log/",
            "mine": len(prizes_of(campaign=self.campaign, customer=customer)) if customer else 0,
            "turned": 45 * self._hit(places, shown) if kind == LotteryKind.WHEEL and shown else 0,
            "sectors": sectors(WHEEL_SECTORS) if kind == LotteryKind.WHEEL else (),
        }  # fmt: skip

    def _places(
        self, places: list[int | None], prizes: dict[int, Any], shown: Draw | None
    ) -> list[dict[str, Any]]:
        """What stands where: {"prize", "hit", "number"}. The picture of a draw is the first place of its prize."""
        hit = self._hit(places, shown)
        dearest = max((one.unit_fen for one in prizes.values()), default=0)
        return [
            {
                "prize": None if one is None else prizes[one], "hit": number == hit, "number": number,
                "top": one is not None and 0 < dearest == prizes[one].unit_fen,
            }
            for number, one in enumerate(places)
        ]  # fmt: skip

    def _hit(self, places: list[int | None], shown: Draw | None) -> int:
        """Which place shows the draw; -1 for none. Of boxes it is the one that was tapped."""
        if shown is None:
            return -1
        tapped = self.visit.request.GET.get("box", "")
        if self.lottery.kind == LotteryKind.BOX and tapped in map(str, range(len(places))):
            return int(tapped)
        return self._place_of(places, shown)

    @staticmethod
    def _place_of(places: list[int | None], draw: Draw) -> int:
        wanted = draw.prize_id if draw.outcome == DrawOutcome.WON else None
        return places.index(wanted) if wanted in places else 0

    def _asked_draw(self, entrant: Any) -> Draw | None:
        """The visitor's own draw that the address names, after one was made."""
        raw = self.visit.request.GET.get("draw", "")
        if entrant is None or not raw.isdecimal() or len(raw) > 6:
            return None
        return next((one for one in draws_of(entrant=entrant) if one.number == int(raw)), None)

    def post(self) -> HttpResponse:
        """One draw. The same form sent twice is one draw."""
        key = self.visit.request.POST.get("key", "")
        if not KEY.fullmatch(key):
            return self._refused(_("Open the page again and draw once more."), 422)
        try:
            draw = draw_make(
                tenant=self.visit.tenant, lottery=self.lottery, person_id=self.person_id, key=key
            )
        except DomainError as error:
            return self._refused(str(error.message), error.status)
        tapped = self.visit.request.POST.get("box", "")
        query = f"?draw={draw.number}" + (f"&box={tapped}" if tapped.isdecimal() and len(tapped) == 1 else "")
        if "application/json" in self.visit.request.headers.get("accept", ""):
            kind = LotteryKind(self.lottery.kind)
            places = cells([one.prize.pk for one in odds_of(lottery=self.lottery)], PLACES[kind])
            return JsonResponse(
                {"place": self._place_of(places, draw), "of": len(places), "url": self.home + query}
            )
        return self.go(query)

    def _refused(self, words: str, status: int) -> HttpResponse:
        context = {"title": _("No draw was made"), "text": words, "back": self.home}
        return self.answer("campaigns/h5/stop.html", context, status=status)

    def show_log(self) -> HttpResponse:
        """Every draw, how to repeat it, and the visitor's own."""
        lottery = self.lottery
        entrant = entrant_of(lottery=lottery, person_id=self.person_id) if self.person_id else None
        is_over = self.phase == Phase.ENDED
        context = {
            "lottery": lottery, "seed": lottery.seed if is_over else "", "entrant": entrant,
            "own": draws_of(entrant=entrant) if entrant else [], "latest": draw_list(lottery=lottery)[:LATEST],
            "total": draw_list(lottery=lottery).count(), "record_url": f"{self.home}record/",
        }  # fmt: skip
        return self.answer("campaigns/h5/log.html", context)

    def give_record(self) -> HttpResponse:
        """The whole record as one file: what `manage.py lottery_check` and the page's own script repeat."""
        head = record_head(lottery=self.lottery, is_over=self.phase == Phase.ENDED)
        made = JsonResponse({**head, "draws": list(record_lines(lottery=self.lottery))})
        made["Cache-Control"] = "public, max-age=30"
        made["Content-Disposition"] = f'attachment; filename="lottery-{self.lottery.pk}.json"'
        return made
