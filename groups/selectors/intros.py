"""Introductions of a group (R20): who is missing, reminded, done; whose nickname fits; what waits to be taken over."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet

from groups.enums import IntroState, OfferState
from groups.models import Group, Introduction, IntroRule, Member
from groups.policies import intros


@dataclass(frozen=True)
class Newcomer:
    """One customer in the group and how far the introduction is."""

    member: Member
    state: str
    fits: bool  # the nickname; True where none is asked for
    row: Introduction | None = None

    @property
    def name(self) -> str:
        return str(self.member.customer or "") or self.member.nickname or self.member.userid


@dataclass(frozen=True)
class IntroFigures:
    """The customers now in a group by state, newest first."""

    people: list[Newcomer] = field(default_factory=list)

    def of(self, key: str) -> list[Newcomer]:
        """`key`: missing, reminded, done, misnamed, offers; anything else gives everyone."""
        if key in IntroState.values:
            return [one for one in self.people if one.state == key]
        if key == "misnamed":
            return [one for one in self.people if not one.fits]
        if key == "offers":
            return [one for one in self.people if one.row and one.row.offer_state == OfferState.OPEN]
        return self.people


def intro_rule(*, tenant_id: int, group_id: int) -> IntroRule | None:
    """What the group asks of whoever joins, or None."""
    return IntroRule.objects.filter(tenant_id=tenant_id, group_id=group_id).first()


def intro_rules_by_chat(*, tenant_id: int, chat_ids: Iterable[str]) -> dict[str, IntroRule]:
    """{chat_id: rule} of the groups that ask for an introduction now."""
    rows = IntroRule.objects.filter(tenant_id=tenant_id, is_on=True, group__chat_id__in=set(chat_ids))
    return {row.group.chat_id: row for row in rows.select_related("group") if row.group.chat_id}


def intro_figures(*, group: Group, rule: IntroRule) -> IntroFigures:
    """Two queries, whatever the group's size."""
    members = Member.objects.filter(tenant_id=group.tenant_id, group=group, left_at=None, is_staff=False)
    told = Introduction.objects.filter(tenant_id=group.tenant_id, group=group)
    rows = {row.userid: row for row in told}
    return IntroFigures(
        [
            Newcomer(
                member=one,
                state=rows[one.userid].state if one.userid in rows else IntroState.MISSING.value,
                fits=intros.nickname_fits(one.nickname, rule.pattern),
                row=rows.get(one.userid),
            )
            for one in members.select_related("customer").order_by("-joined_at", "pk")
        ]
    )


def intros_waiting(group: Group) -> QuerySet[Introduction]:
    """Introductions with fields to take over."""
    return Introduction.objects.filter(tenant_id=group.tenant_id, group=group, offer_state=OfferState.OPEN)
