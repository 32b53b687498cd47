"""What joining gives, on a member's phone (R80): what I get, what is left to do, and why not."""

from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.enums import PlayKind, Visitor
from campaigns.enums.joining import JoinKind, JoinReason, JoinState
from campaigns.models import Campaign, JoinPlay
from campaigns.phone.base import PlayPage
from campaigns.policies.joining import leaves_early, stay_until
from campaigns.selectors.joining import join_get, joiner_of
from campaigns.selectors.ledger import pieces_left
from campaigns.selectors.lottery import token_of as lottery_token_of
from campaigns.selectors.pages import page_path, prizes_of
from tenants import clock


class JoinPage(PlayPage):
    """One page, to read: joining and the task happen in WeChat."""

    kind = PlayKind.JOIN
    template_name = "campaigns/h5/join.html"

    @classmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        found = join_get(tenant_id=tenant_id, play_id=row_id)
        return found.campaign if found else None

    @cached_property
    def play(self) -> JoinPlay:
        found = join_get(tenant_id=self.visit.tenant.pk, play_id=self.visit.page.row_id)
        assert found is not None  # the door found it
        return found

    def gift(self) -> str:
        """What joining gives, in a few words."""
        play = self.play
        if play.kind == JoinKind.DRAWS:
            return ngettext("%(n)s draw", "%(n)s draws", play.draws) % {"n": play.draws}
        return play.prize.name if play.prize else ""

    def context(self) -> dict[str, Any]:
        play, customer = self.play, self.visit.customer
        person_id = (customer.person_id or customer.pk) if customer else 0
        row = joiner_of(play=play, person_id=person_id) if person_id else None
        state = row.state if row else ""
        stays = bool(
            row and state != JoinState.MISSED and leaves_early(row.joined_at, clock.now(), play.stay_days)
        )
        return {
            "play": play, "gift": self.gift(), "row": row, "state": state,
            "task": play.task_words or play.get_task_display(), "until": row.task_until if row else None,
            "stay_until": stay_until(row.joined_at, play.stay_days) if row and stays else None,
            "cannot": self._cannot(state, row.reason if row else ""), "is_packet": play.kind == JoinKind.PACKET,
            "is_draws": play.kind == JoinKind.DRAWS, "is_task": play.kind == JoinKind.TASK,
            "left": self._left(),
            "lottery_url": self._lottery() if play.kind == JoinKind.DRAWS else "",
            "mine": len(prizes_of(campaign=self.campaign, customer=customer)) if customer else 0,
        }  # fmt: skip

    def _left(self) -> int | None:
        prize = self.play.prize
        return pieces_left(tenant_id=self.play.tenant_id, prizes=[prize])[prize.pk] if prize else None

    def _lottery(self) -> str:
        token = lottery_token_of(self.campaign)
        return page_path(token) if token else ""

    def _cannot(self, state: str, reason: str) -> str:
        """Why the visitor gets nothing, said to the visitor; "" for whoever takes part or is told by the door."""
        if state == JoinState.BACK or reason == JoinReason.LEFT:
            return _("You left the group before your stay was over, so it was taken back.")
        if state != JoinState.MISSED:
            is_old = not state and self.why_not is None and self.visitor == Visitor.MEMBER
            return (
                _("It is for those who join a group now. You were in one of them already.") if is_old else ""
            )
        said = {
            JoinReason.BEFORE: _("It is for those who join a group now. You were in one of them already."),
            JoinReason.SAME: _("You took part with another account of yours. Each person gets it once."),
            JoinReason.LATE: _("The time for the task is over."),
            JoinReason.STOCK: _("All of them are given out."),
            JoinReason.BUDGET: _("All of them are given out."),
            JoinReason.ENDED: _("It had ended when it was your turn."),
        }
        return said.get(
            JoinReason(reason),
            _("You cannot take part in this one. Ask in the group if you think this is wrong."),
        )
