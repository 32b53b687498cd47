"""A flash run on a member's phone: what comes when, the wake-up's gift, and how long it still lasts."""

from functools import cached_property
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from campaigns.enums import Phase, PlayKind
from campaigns.models import Campaign, FlashRun
from campaigns.phone.base import PlayPage
from campaigns.selectors.flash import nodes_of, run_get, spans_of_run, woke
from campaigns.selectors.pages import page_path, prizes_of
from campaigns.selectors.plays import plays_of
from campaigns.services.flash import flash_wake
from sop.enums import Part
from tenants import clock
from tenants.errors import DomainError


class FlashPage(PlayPage):
    """The four nodes as members see them; while the wake-up is on, its gift."""

    kind = PlayKind.FLASH
    template_name = "campaigns/h5/flash.html"

    @classmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        found = run_get(tenant_id=tenant_id, run_id=row_id)
        return found.campaign if found else None

    @cached_property
    def run(self) -> FlashRun:
        found = run_get(tenant_id=self.visit.tenant.pk, run_id=self.visit.page.row_id)
        assert found is not None  # the door found it
        return found

    @cached_property
    def person_id(self) -> int:
        """Who is here: 0 for nobody."""
        customer = self.visit.customer
        return (customer.person_id or customer.pk) if customer else 0

    def context(self) -> dict[str, Any]:
        now, customer = clock.now(), self.visit.customer
        spans = spans_of_run(campaign=self.campaign, nodes=nodes_of(run=self.run))
        said = {
            Part.WAKE.value: _("Say that you are here."), Part.RELAY.value: _("Join in and say what you want."),
            Part.STREAM.value: _("See what others ordered."), Part.TIMER.value: _("The last hours; no extension."),
        }  # fmt: skip
        wake = next((one for one in spans if one.part == Part.WAKE), None)
        is_waking = wake is not None and wake.since <= now < wake.until and self.run.wake_prize_id is not None
        got = woke(run=self.run, person_id=self.person_id) if self.person_id else None
        others = [one for one in plays_of(self.campaign) if one.key != "flash"]
        return {
            "steps": [
                {"label": Part(one.part).label, "at": one.since, "said": said[one.part], "is_done": one.until <= now,
                 "is_now": one.since <= now < one.until}
                for one in spans
            ],
            "gift": self.run.wake_prize, "got": got, "can_wake": is_waking and got is None and self.why_not is None,
            "is_waking": is_waking,
            "mine": len(prizes_of(campaign=self.campaign, customer=customer)) if customer else 0,
            "plays": [(one, page_path(token)) for one in others if (token := one.token(self.campaign))],
            "is_open": self.phase == Phase.OPEN,
        }  # fmt: skip

    def post(self) -> HttpResponse:
        """Answer the wake-up. Sent twice it is one gift."""
        try:
            flash_wake(tenant=self.visit.tenant, run=self.run, person_id=self.person_id)
        except DomainError as error:
            context = {"title": _("No gift this time"), "text": str(error.message), "back": self.home}
            return self.answer("campaigns/h5/stop.html", context, status=error.status)
        return self.go()
