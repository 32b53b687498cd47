"""Red packets of a group that fills, on a member's phone (R83): who comes first takes a share."""

from functools import cached_property
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from campaigns.enums import PlayKind, Visitor
from campaigns.enums.milestones import MilestoneKind
from campaigns.errors import BudgetSpent, SharesGone, StockOut
from campaigns.models import Campaign, MilestoneHit, Milestones
from campaigns.phone.base import PlayPage
from campaigns.policies.milestones import next_of, was_there
from campaigns.selectors.frame import group_ids_of
from campaigns.selectors.ledger import pieces_left
from campaigns.selectors.milestones import filling_of, hits_of_groups, milestones_get, prize_of, shares_taken
from campaigns.selectors.pages import prizes_of
from campaigns.selectors.referral import record_ids_of
from campaigns.services.milestones import share_take
from groups.selectors import customer_groups
from groups.selectors.members import spells_in
from tenants.errors import DomainError


class MilestonesPage(PlayPage):
    """The milestones that a member's groups reached, with a button where a share is left."""

    kind = PlayKind.MILESTONE
    template_name = "campaigns/h5/milestones.html"

    @classmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        found = milestones_get(tenant_id=tenant_id, milestones_id=row_id)
        return found.campaign if found else None

    @cached_property
    def milestones(self) -> Milestones:
        found = milestones_get(tenant_id=self.visit.tenant.pk, milestones_id=self.visit.page.row_id)
        assert found is not None  # the door found it
        return found

    @cached_property
    def _records(self) -> list[int]:
        return record_ids_of(self.visit.customer) if self.visit.customer else []

    @cached_property
    def _groups(self) -> dict[int, Any]:
        """The campaign's groups in which the visitor sits."""
        if self.visitor != Visitor.MEMBER:
            return {}
        ours = set(group_ids_of(tenant_id=self.visit.tenant.pk, campaign_id=self.campaign.pk))
        sat = customer_groups(tenant_id=self.visit.tenant.pk, customer_ids=self._records)
        return {one.pk: one for some in sat.values() for one in some if one.pk in ours}

    def notices(self) -> list[Any]:
        return [*super().notices(), _("Each milestone comes once, however often people leave and come back.")]

    def context(self) -> dict[str, Any]:
        customer = self.visit.customer
        return {
            "packets": self._packets(), "lines": self._lines(), "next": self._next(),
            "may_take": self.why_not is None,
            "mine": len(prizes_of(campaign=self.campaign, customer=customer)) if customer else 0,
        }  # fmt: skip

    def _packets(self) -> list[dict[str, Any]]:
        """[{"kind", "prize", "shares"}] of what there is to get."""
        found = [(kind, *prize_of(self.milestones, kind)) for kind in MilestoneKind]
        return [
            {"kind": kind, "prize": one, "shares": shares} for kind, one, shares in found if one is not None
        ]

    def _lines(self) -> list[dict[str, Any]]:
        """Each red packet of the visitor's groups: {"hit", "prize", "is_mine", "was_there", "left"}."""
        hits = hits_of_groups(milestones=self.milestones, group_ids=self._groups)
        if not hits:
            return []
        tenant_id = self.visit.tenant.pk
        mine = shares_taken(milestones=self.milestones, record_ids=self._records)
        times: dict[int, list] = {}
        for _who, group_id, joined, gone in spells_in(
            tenant_id=tenant_id, group_ids=self._groups, customer_ids=self._records
        ):
            times.setdefault(group_id, []).append((joined, gone))
        prizes = [one["prize"] for one in self._packets()]
        free = pieces_left(tenant_id=tenant_id, prizes=prizes)

        def line(hit: MilestoneHit) -> dict[str, Any]:
            prize, _shares = prize_of(self.milestones, hit.kind)
            left = min(hit.shares - hit.taken, max(free[prize.pk], 0)) if prize else 0
            here = was_there(times.get(hit.group_id, []), hit.at)
            return {"hit": hit, "prize": prize, "is_mine": hit.pk in mine, "was_there": here, "left": left}

        return [line(one) for one in hits]

    def _next(self) -> list[tuple[str, int, int]]:
        """[(group, its next milestone, how many people are to come)] of the visitor's groups."""
        filling = filling_of(campaign=self.campaign, group_ids=self._groups) if self._groups else {}
        return [
            (str(group), next_of(filling[pk].most), next_of(filling[pk].most) - filling[pk].here)
            for pk, group in sorted(self._groups.items(), key=lambda one: str(one[1]))
            if pk in filling
        ]

    def post(self) -> HttpResponse:
        """Take a share. A second tap takes no second one."""
        raw = self.visit.request.POST.get("hit", "")
        hits = hits_of_groups(milestones=self.milestones, group_ids=self._groups)
        hit = next((one for one in hits if str(one.pk) == raw), None)
        if hit is None:
            return self._refused(_("It is not for your group."), 404)
        assert self.visit.customer is not None  # a member
        try:
            share_take(tenant=self.visit.tenant, hit_id=hit.pk, customer_id=self.visit.customer.pk)
        except (StockOut, BudgetSpent):
            return self._refused(str(SharesGone.message), SharesGone.status)
        except DomainError as error:
            return self._refused(str(error.message), error.status)
        return self.go()

    def _refused(self, words: str, status: int) -> HttpResponse:
        context = {"title": _("Nothing was taken"), "text": words, "back": self.home}
        return self.answer("campaigns/h5/stop.html", context, status=status)
