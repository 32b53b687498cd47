"""The points mall on a member's phone: what there is, look once more, have it."""

import re
from functools import cached_property
from typing import Any, ClassVar
from uuid import uuid4

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.enums import PlayKind
from campaigns.models import Campaign, MallGood
from campaigns.phone.base import PlayPage
from campaigns.phone.points import PointsParts
from campaigns.selectors.frame import campaign_get
from campaigns.selectors.mall import Good, good_get, goods_of, has_mall, redeemed_by
from campaigns.selectors.pages import prizes_of
from campaigns.selectors.points import points_of
from campaigns.services.mall import good_redeem
from tenants.errors import DomainError

KEY = re.compile(r"[0-9a-f]{32}")


class MallPage(PointsParts, PlayPage):
    """Goods for points: each with its price and what is left; a second page asks before points are spent."""

    kind = PlayKind.MALL
    template_name = "campaigns/h5/mall.html"
    parts: ClassVar[dict[str, str]] = {**PlayPage.parts, **PointsParts.parts}

    @classmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        try:
            campaign = campaign_get(tenant_id=tenant_id, campaign_id=row_id)
        except Campaign.DoesNotExist:
            return None
        return campaign if has_mall(campaign) else None

    @cached_property
    def person_id(self) -> int:
        """Whose points are spent: 0 for nobody."""
        customer = self.visit.customer
        return (customer.person_id or customer.pk) if customer else 0

    @cached_property
    def points(self) -> int:
        return points_of(customer=self.visit.customer) if self.visit.customer else 0

    def notices(self) -> list[Any]:
        return [*super().notices(), _("Points cannot be bought, and are worth no money.")]

    def context(self) -> dict[str, Any]:
        tenant_id = self.visit.tenant.pk
        had = redeemed_by(tenant_id=tenant_id, campaign_id=self.campaign.pk, person_id=self.person_id)
        lines = [
            (one, self._cannot(one, had.get(one.row.prize_id, 0)), had.get(one.row.prize_id, 0))
            for one in goods_of(tenant_id=tenant_id, campaign_id=self.campaign.pk)
        ]
        asked = self.visit.request.GET.get("good", "")
        chosen = next((one for one, cannot, _had in lines if str(one.row.pk) == asked and not cannot), None)
        customer = self.visit.customer
        return {
            "lines": lines, "points": self.points, "chosen": chosen, "key": uuid4().hex,
            "left_after": self.points - chosen.row.points if chosen else 0,
            "is_got": "got" in self.visit.request.GET and customer is not None,
            "points_url": f"{self.home}points/",
            "mine": len(prizes_of(campaign=self.campaign, customer=customer)) if customer else 0,
        }  # fmt: skip

    def _cannot(self, good: Good, had: int) -> str:
        """Why this visitor cannot have it now, in a few words; "" where the button stands."""
        if self.why_not is not None:
            return "-"
        short = good.row.points - self.points
        told = [
            (good.left < 1, _("all given out")),
            (had >= good.row.per_person, _("you have it")),
            (short > 0, ngettext("%(n)s point short", "%(n)s points short", short) % {"n": short}),
        ]
        return next((words for holds, words in told if holds), "")

    def post(self) -> HttpResponse:
        """Have one. The same form sent twice is one."""
        given = self.visit.request.POST
        raw, key = given.get("good", ""), given.get("key", "")
        good = self._good(raw)
        if good is None or not KEY.fullmatch(key):
            return self._refused(_("Open the page again."), 422)
        try:
            good_redeem(tenant=self.visit.tenant, good=good, person_id=self.person_id, key=key)
        except DomainError as error:
            return self._refused(str(error.message), error.status)
        return self.go("?got=1")

    def _good(self, raw: str) -> MallGood | None:
        if not (raw.isascii() and raw.isdecimal() and len(raw) < 19):
            return None
        try:
            return good_get(tenant_id=self.visit.tenant.pk, campaign_id=self.campaign.pk, good_id=int(raw))
        except MallGood.DoesNotExist:
            return None

    def _refused(self, words: str, status: int) -> HttpResponse:
        return self.answer(self.template_name, {**self.context(), "refused": words}, status=status)
