"""Invitations on a phone (R81): a member's own page with poster, progress and each invitee; and what a friend opens."""

from datetime import timedelta
from functools import cached_property
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns.enums import PlayKind, Visitor
from campaigns.enums.referral import InviteReason, InviteState
from campaigns.models import Campaign, Invite, Inviter, Referral
from campaigns.phone.base import PlayPage
from campaigns.policies.doors import why_not
from campaigns.policies.pictures import code_uri
from campaigns.policies.referral import name_hidden
from campaigns.selectors.lottery import draws_left, entrant_of, lottery_of, lottery_token
from campaigns.selectors.pages import page_path, page_url
from campaigns.selectors.referral import (
    invitation_token,
    invite_of_person,
    invite_token,
    inviter_get,
    inviter_of,
    invites_of,
    record_ids_of,
    referral_get,
)
from campaigns.services.invites import inviter_open
from campaigns.services.referral import invite_accept
from contacts.selectors import tag_list
from tenants import clock

SHOWN = 100  # invitees on the page
DOTS = 20  # progress is drawn as dots up to so many, as a bar beyond
# What an inviter reads of why somebody does not count: not by which tag.
REASONS = {
    InviteReason.KNOWN: gettext_lazy("was in one of our groups before"),
    InviteReason.SAME: gettext_lazy("counts already"),
    InviteReason.SELF: gettext_lazy("that is you"),
    InviteReason.LEFT: gettext_lazy("left too early"),
    InviteReason.LATE: gettext_lazy("joined too late"),
    InviteReason.PERSONA: gettext_lazy("is not whom it is for"),
    InviteReason.BARRED: gettext_lazy("is not whom it is for"),
    InviteReason.HAND: gettext_lazy("we looked at it"),
}


def asks(referral: Referral) -> list[str]:
    """What counts as one, in words."""
    names = [one.name for one in tag_list(tenant_id=referral.tenant_id).filter(pk__in=referral.tag_ids)]
    days = referral.stay_days
    told = [
        _("Is in one of our groups for the first time"),
        ngettext("Stays in the group for %(n)s day", "Stays in the group for %(n)s days", days) % {"n": days},
    ]
    return [_("Fits: %(tags)s") % {"tags": _(", ").join(names)}, *told] if names else told


class InvitePage(PlayPage):
    """A member's invitations: the poster with the own code, how many count, and each friend with why or why not."""

    kind = PlayKind.INVITE
    template_name = "campaigns/h5/invite.html"

    @classmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        found = referral_get(tenant_id=tenant_id, referral_id=row_id)
        return found.campaign if found else None

    @cached_property
    def referral(self) -> Referral:
        found = referral_get(tenant_id=self.visit.tenant.pk, referral_id=self.visit.page.row_id)
        assert found is not None  # the door found it
        return found

    @property
    def person_id(self) -> int:
        """Whose invitations these are: 0 for nobody."""
        customer = self.visit.customer
        return (customer.person_id or customer.pk) if customer else 0

    def notices(self) -> list[Any]:
        return [*super().notices(), _("One level only: nobody gets anything for the friends of friends.")]

    def context(self) -> dict[str, Any]:
        referral = self.referral
        inviter = inviter_of(referral=referral, person_id=self.person_id) if self.person_id else None
        invites = invites_of(inviter=inviter) if inviter else []
        states = [one.state for one in invites]
        counted, waiting = states.count(InviteState.COUNTED), states.count(InviteState.STAYING)
        return {
            "referral": referral, "asks": asks(referral), "inviter": inviter, "counted": counted,
            "waiting": waiting + states.count(InviteState.HELD), "left": max(referral.needed - counted, 0),
            "dots": _dots(referral.needed, counted, waiting), "more": max(len(invites) - SHOWN, 0),
            "friends": [friend_line(one) for one in invites[:SHOWN]], "total": len(invites), **self._own(inviter),
            **self._draws(),
        }  # fmt: skip

    def _own(self, inviter: Inviter | None) -> dict[str, Any]:
        """Where friends come in."""
        if inviter is None:
            return {"mine_url": "", "may_begin": self.why_not is None}
        token = invitation_token(campaign=self.campaign, inviter=inviter)
        return {"mine_url": page_url(token), "mine_code": code_uri(page_url(token)),
                "poster_url": page_path(token, "poster"), "friend_url": page_path(token)}  # fmt: skip

    def _draws(self) -> dict[str, Any]:
        lottery = lottery_of(campaign=self.campaign)
        if lottery is None:
            return {"lottery_url": ""}
        entrant = entrant_of(lottery=lottery, person_id=self.person_id) if self.person_id else None
        url = page_path(lottery_token(campaign=self.campaign, lottery=lottery))
        return {"lottery_url": url, "draws": draws_left(lottery=lottery, entrant=entrant)}

    def post(self) -> HttpResponse:
        """Make the own invitation. A second tap makes no second one."""
        inviter_open(referral=self.referral, person_id=self.person_id)
        return self.go()


def _dots(needed: int, counted: int, waiting: int) -> list[str]:
    """A mark for each invitee that is asked for; none where there are too many to draw."""
    if needed > DOTS:
        return []
    marks = ["is-done"] * min(counted, needed) + ["is-wait"] * waiting
    return [*marks, *[""] * needed][:needed]


def friend_line(invite: Invite) -> dict[str, Any]:
    """One friend as the inviter reads it: {"name", "tone", "said"}; the name is half hidden."""
    name = name_hidden(invite.customer.name) or _("A friend")
    state = InviteState(invite.state)
    if state == InviteState.COUNTED:
        tone, said = "ok", _("counts")
    elif state == InviteState.STAYING:
        assert invite.due_at is not None
        days = max(-((clock.now() - invite.due_at) // timedelta(days=1)), 1)
        tone, said = "wait", ngettext("%(n)s day to go", "%(n)s days to go", days) % {"n": days}
    elif state == InviteState.HELD:
        tone, said = "wait", _("we are looking at it")
    elif state == InviteState.OPENED:
        tone, said = "", _("not in the group yet")
    else:
        tone, said = "", _("no: %(why)s") % {"why": REASONS[InviteReason(invite.reason)]}
    return {"name": name, "first": name[0], "tone": tone, "said": said}


class InvitationPage(PlayPage):
    """What a friend opens: who invites, what there is, the group's code, and one button that names the inviter."""

    kind = PlayKind.INVITATION
    template_name = "campaigns/h5/invitation.html"

    @classmethod
    def find(cls, *, tenant_id: int, row_id: int) -> Campaign | None:
        found = inviter_get(tenant_id=tenant_id, inviter_id=row_id)
        return found.referral.campaign if found else None

    @cached_property
    def inviter(self) -> Inviter:
        found = inviter_get(tenant_id=self.visit.tenant.pk, inviter_id=self.visit.page.row_id)
        assert found is not None  # the door found it
        return found

    @cached_property
    def why_not(self) -> object | None:
        """Whoever WeCom names may say who invited them, in a group already or not; others are told how to get in."""
        if self.visitor in (Visitor.MEMBER, Visitor.OUTSIDER):
            return why_not(self.phase, Visitor.MEMBER)
        if self.visitor == Visitor.STRANGER:
            return why_not(self.phase, Visitor.MEMBER) or _(
                "Join the group by the code below first. Then open this page again within a day and accept."
            )
        return why_not(self.phase, self.visitor)

    @cached_property
    def _records(self) -> list[int]:
        return record_ids_of(self.visit.customer) if self.visit.customer else []

    def title(self) -> str:
        name = name_hidden(self.inviter.customer.name)
        return _("%(name)s invites you") % {"name": name} if name else _("A friend invites you")

    def context(self) -> dict[str, Any]:
        inviter, referral = self.inviter, self.inviter.referral
        known = invite_of_person(referral=referral, record_ids=self._records) if self._records else None
        way = inviter.way if inviter.way and inviter.way.is_usable else referral.way
        shows_way = way is not None and way.is_usable and way.qr_picture
        return {
            "referral": referral, "known": known, "is_own": inviter.customer_id in self._records,
            "is_here": known is not None and known.inviter_id == inviter.pk,
            "said": friend_line(known)["said"] if known else "",
            "picture": way.qr_picture if shows_way and way is not None else "", "is_in": self.visitor == Visitor.MEMBER,
            "asks": asks(referral),
            "mine_path": page_path(invite_token(campaign=self.campaign, referral=referral)),
        }  # fmt: skip

    def post(self) -> HttpResponse:
        """Name the inviter. The first word stays."""
        assert self.visit.customer is not None  # why_not holds for everybody else
        invite_accept(tenant=self.visit.tenant, inviter=self.inviter, customer_id=self.visit.customer.pk)
        return self.go()
