"""Invitations (R81, R82): who brings whom, who counts, what the inviter gets for it and loses again."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from campaigns.enums import AwardState
from campaigns.enums.referral import INVITES_AN_HOUR, InviteDecision, InviteReason, InviteSource, InviteState
from campaigns.errors import CampaignFixed, CampaignInvalid, DecisionGone, ReasonMissing
from campaigns.models import Award, CampaignGroup, Draw, Invite, Inviter, Referral
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.lottery import draws_left, entrant_of, lottery_of
from campaigns.selectors.referral import referral_of
from campaigns.services.awards import award_hand_over
from campaigns.services.frame import campaign_clone
from campaigns.services.invites import inviter_open, invites_follow, invites_settle, stuck_try
from campaigns.services.life import campaign_pause
from campaigns.services.lottery import draw_make
from campaigns.services.referral import (
    ReferralWish,
    invite_accept,
    invite_decide,
    inviter_way_set,
    referral_remove,
    referral_set,
)
from contacts.models import Customer, CustomerTag, Tag
from tenants.audit import Actor
from tenants.models import AuditEntry, Tenant, User
from tenants.scoping import tenant_scope
from tenants.services import preference_set
from tests.conftest import MovableClock
from tests.factories.campaigns import Played, make_campaign
from tests.factories.contacts import make_customer, make_customers
from tests.factories.groups import make_group, make_member
from tests.factories.referrals import BOOKS, invite, join, leave, make_referral, make_way
from tests.parallel import in_parallel

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


def _later(frozen: MovableClock, tenant: Tenant, **span: float) -> None:
    frozen.set(frozen.moment + timedelta(**span))
    invites_settle(tenant=tenant)


def _draws(played: Played, person: Customer) -> int:
    lottery = lottery_of(campaign=played.campaign)
    assert lottery is not None
    return draws_left(lottery=lottery, entrant=entrant_of(lottery=lottery, person_id=person.pk))


def test_ten_who_are_new_and_stay_three_days_bring_the_prize_once(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _referral = make_referral(tenant=scope, owner=owner)
    mother = played.people[0]
    for _number in range(9):
        join(played, mother)
    _later(frozen, scope, days=3, hours=-1)
    assert set(Invite.objects.values_list("state", flat=True)) == {InviteState.STAYING}
    _later(frozen, scope, hours=2)
    assert set(Invite.objects.values_list("state", flat=True)) == {InviteState.COUNTED}
    assert not Award.objects.exists(), "nine are not ten"
    join(played, mother)
    join(played, mother)
    _later(frozen, scope, days=3, hours=1)
    award = Award.objects.get()
    assert (award.customer_id, award.source, award.state) == (mother.pk, "invite", AwardState.HELD)
    assert Inviter.objects.get().award_id == award.pk
    assert unbalanced(tenant_id=scope.pk) == []


def test_two_valid_invitees_are_two_draws_and_one_who_leaves_early_takes_an_unused_one_along(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _referral = make_referral(tenant=scope, owner=owner, has_lottery=True)
    mother = played.people[0]
    first, second = join(played, mother), join(played, mother)
    assert _draws(played, mother) == 2
    leave(played, second)
    assert (invite(second).state, invite(second).reason) == (InviteState.REJECTED, InviteReason.LEFT)
    assert _draws(played, mother) == 1
    _later(frozen, scope, days=3, minutes=1)
    assert (invite(first).state, _draws(played, mother)) == (InviteState.COUNTED, 1)
    join(played, mother, person=second)
    assert (invite(second).state, _draws(played, mother)) == (InviteState.REJECTED, 1)


def test_a_draw_that_was_made_stays_when_its_invitee_leaves(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _referral = make_referral(tenant=scope, owner=owner, has_lottery=True)
    mother, lottery = played.people[0], lottery_of(campaign=played.campaign)
    assert lottery is not None
    friend = join(played, mother)
    draw_make(tenant=scope, lottery=lottery, person_id=mother.pk, key="1")
    leave(played, friend)
    assert (Draw.objects.count(), _draws(played, mother)) == (1, 0)
    join(played, mother)
    assert _draws(played, mother) == 1


def test_who_leaves_after_the_days_counts_and_who_changes_between_the_groups_too(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _referral = make_referral(tenant=scope, owner=owner)
    stayed, moved = join(played, played.people[0]), join(played, played.people[0])
    second = make_group(tenant=scope)
    CampaignGroup.objects.create(tenant=scope, campaign=played.campaign, group=second)
    frozen.set(frozen.moment + timedelta(days=1))
    make_member(group=second, customer=moved, joined_at=frozen.moment)
    leave(played, moved)
    assert invite(moved).state == InviteState.STAYING
    frozen.set(frozen.moment + timedelta(days=2, minutes=1))
    leave(played, stayed)
    invites_settle(tenant=scope)
    assert (invite(stayed).state, invite(moved).state) == (InviteState.COUNTED, InviteState.COUNTED)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("elsewhere", InviteReason.KNOWN), ("returned", InviteReason.KNOWN), ("self", InviteReason.SELF),
        ("late", InviteReason.LATE), ("barred", InviteReason.BARRED), ("persona", InviteReason.PERSONA),
    ],
)  # fmt: skip
def test_who_does_not_count_is_told_why(
    scope: Tenant, owner: Actor, frozen: MovableClock, case: str, reason: InviteReason
) -> None:
    fits, never = (Tag.objects.create(tenant=scope, name=one) for one in ("3-8 岁", "内部"))
    played, _referral = make_referral(
        tenant=scope, owner=owner, tags=(fits.pk,), barred=(never.pk,), needed=1
    )
    mother = played.people[0]
    person = make_customer(tenant=scope, name="安安爸爸")

    def tag(one: Tag) -> None:
        CustomerTag.objects.create(tenant=scope, customer=person, tag=one, source="hand")

    if case != "persona":
        tag(fits)
    if case == "elsewhere":
        make_member(group=make_group(tenant=scope), customer=person)
    if case == "returned":
        make_member(group=played.group, customer=person, left_at=frozen.moment - timedelta(days=1))
    if case == "self":
        Customer.objects.filter(pk=person.pk).update(person=mother)
    if case == "barred":
        tag(never)
    if case == "late":
        frozen.set(frozen.moment + timedelta(days=4, minutes=1))
    join(played, mother, person=person)
    frozen.set(frozen.moment + timedelta(days=3, minutes=1))
    invites_settle(tenant=scope)
    row = Invite.objects.get()
    assert (row.state, row.reason) == (InviteState.REJECTED, reason)
    assert not Award.objects.exists()


def test_the_first_inviter_stays_by_page_code_or_wecom_and_colleagues_bring_nobody(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, referral = make_referral(tenant=scope, owner=owner)
    mother, other = played.people[0], played.people[1]
    mine, hers = (inviter_open(referral=referral, person_id=one.pk) for one in (mother, other))
    friend = make_customer(tenant=scope, name="果果爸爸")
    invite_accept(tenant=scope, inviter=hers, customer_id=friend.pk)
    assert invite(friend).state == InviteState.OPENED
    invite_accept(tenant=scope, inviter=mine, customer_id=friend.pk)
    join(played, mother, person=friend)
    assert (invite(friend).inviter_id, invite(friend).source) == (hers.pk, InviteSource.LINK)
    way = make_way(tenant=scope, group=played.group)
    inviter_way_set(
        tenant=scope, campaign_id=played.campaign.pk, inviter_id=mine.pk, way_id=way.pk, actor=owner
    )
    by_code = join(played, other, state_code=way.state)
    assert (invite(by_code).inviter_id, invite(by_code).source) == (mine.pk, InviteSource.CODE)
    by_staff = make_customer(tenant=scope)
    join(played, person=by_staff, invited_by=played.staff.userid)
    alone = join(played)
    assert not Invite.objects.filter(customer__in=[by_staff, alone]).exists()
    outsider = make_customer(tenant=scope)
    assert not Invite.objects.filter(customer=join(played, outsider)).exists()


def test_a_newcomer_may_say_within_a_day_who_invited_them_and_an_old_member_is_nobodys_invitee(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, referral = make_referral(tenant=scope, owner=owner)
    inviter = inviter_open(referral=referral, person_id=played.people[0].pk)
    soon, late = join(played), join(played)
    frozen.set(frozen.moment + timedelta(hours=23))
    assert invite_accept(tenant=scope, inviter=inviter, customer_id=soon.pk).state == InviteState.STAYING
    frozen.set(frozen.moment + timedelta(hours=2))
    assert invite_accept(tenant=scope, inviter=inviter, customer_id=late.pk).reason == InviteReason.KNOWN
    old = played.people[2]
    assert invite_accept(tenant=scope, inviter=inviter, customer_id=old.pk).reason == InviteReason.KNOWN


def test_two_hundred_at_once_and_again_count_each_invitee_once(
    transactional_db: None, tenant: Tenant, owner: Actor
) -> None:
    with tenant_scope(tenant):
        preference_set(tenant=tenant, setting=INVITES_AN_HOUR, raw="1000", actor=owner)
        played, _referral = make_referral(tenant=tenant, owner=owner, needed=200, has_lottery=True)
        mother = played.people[0]
        friends = make_customers(tenant=tenant, count=200)
        for one in friends:
            make_member(group=played.group, customer=one, joined_at=played.campaign.starts_at + timedelta(minutes=61),
                        invited_by=mother.external_userid)  # fmt: skip

    def work(_number: int) -> None:
        with tenant_scope(tenant):
            for first in range(0, 200, 25):  # all eight follow the same invitees at the same moment
                invites_follow(tenant=tenant, customer_ids=[one.pk for one in friends[first : first + 25]])

    in_parallel(8, work)
    with tenant_scope(tenant):
        assert Invite.objects.count() == 200
        assert set(Invite.objects.values_list("state", flat=True)) == {InviteState.STAYING}
        assert Inviter.objects.count() == 1
        entrant = entrant_of(lottery=lottery_of(campaign=played.campaign), person_id=mother.pk)  # type: ignore[arg-type]
        assert entrant is not None
        assert entrant.granted == 200
        Invite.objects.update(due_at=played.campaign.starts_at)

    def settle(_number: int) -> None:
        with tenant_scope(tenant):
            invites_settle(tenant=tenant)

    in_parallel(4, settle)
    with tenant_scope(tenant):
        assert Invite.objects.filter(state=InviteState.COUNTED).count() == 200
        assert Award.objects.count() == 1


def test_too_many_within_an_hour_wait_for_a_look_and_a_person_lets_them_run_or_not(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    preference_set(tenant=scope, setting=INVITES_AN_HOUR, raw="2", actor=owner)
    played, _referral = make_referral(tenant=scope, owner=owner, has_lottery=True, needed=3)
    mother = played.people[0]
    people = [join(played, mother) for _number in range(4)]
    assert [invite(one).state for one in people] == [InviteState.STAYING] * 2 + [InviteState.HELD] * 2
    assert _draws(played, mother) == 2
    who = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    with pytest.raises(ReasonMissing):
        invite_decide(**who, invite_id=invite(people[2]).pk, decision=InviteDecision.WAIT, reason=" ")
    with pytest.raises(DecisionGone):
        invite_decide(**who, invite_id=invite(people[2]).pk, decision=InviteDecision.COUNT, reason="好")
    invite_decide(
        **who, invite_id=invite(people[2]).pk, decision=InviteDecision.WAIT, reason="一个班一起来的"
    )
    invite_decide(**who, invite_id=invite(people[3]).pk, decision=InviteDecision.REJECT, reason="同一设备")
    assert _draws(played, mother) == 3
    _later(frozen, scope, days=3, minutes=1)
    assert [invite(one).state for one in people] == [InviteState.COUNTED] * 3 + [InviteState.REJECTED]
    assert Award.objects.count() == 1
    told = AuditEntry.objects.filter(verb="campaigns.invite.decided")
    assert [one.changes["state"] for one in told.order_by("pk")] == [
        ["held", "staying"],
        ["held", "rejected"],
    ]
    assert "一个班" not in str([one.changes for one in told])


def test_a_person_overrules_both_ways_and_draw_and_prize_follow(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _referral = make_referral(tenant=scope, owner=owner, has_lottery=True, needed=1)
    mother = played.people[0]
    friend = join(played, mother)
    leave(played, friend)
    who = {"tenant": scope, "campaign_id": played.campaign.pk, "invite_id": invite(friend).pk, "actor": owner}
    invite_decide(**who, decision=InviteDecision.COUNT, reason="手机坏了，又回来了")
    first = Award.objects.get()
    assert (_draws(played, mother), first.state) == (1, AwardState.HELD)
    invite_decide(**who, decision=InviteDecision.REJECT, reason="看错了")
    first.refresh_from_db()
    assert (_draws(played, mother), first.state) == (0, AwardState.RETURNED)
    invite_decide(**who, decision=InviteDecision.COUNT, reason="还是算")
    second = Award.objects.exclude(pk=first.pk).get()
    assert (_draws(played, mother), second.state) == (1, AwardState.HELD)
    award_hand_over(tenant=scope, award_id=second.pk, proof="SF1", actor=owner)
    invite_decide(**who, decision=InviteDecision.REJECT, reason="不算")
    second.refresh_from_db()
    assert second.state == AwardState.GIVEN, "what was handed over stays"
    invite_decide(**who, decision=InviteDecision.COUNT, reason="算")
    assert Award.objects.count() == 2, "one prize, however often it is decided"
    assert unbalanced(tenant_id=scope.pk) == []


def test_a_prize_that_cannot_be_given_is_named_and_given_later(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, referral = make_referral(tenant=scope, owner=owner, needed=1, stay_days=1)
    for one in played.people:
        join(played, one)
    campaign_pause(tenant=scope, campaign_id=played.campaign.pk, is_paused=True, actor=owner)
    _later(frozen, scope, days=1, minutes=1)
    assert set(Inviter.objects.values_list("stuck", flat=True)) == {"CAMPAIGN-04"}
    campaign_pause(tenant=scope, campaign_id=played.campaign.pk, is_paused=False, actor=owner)
    invites_settle(tenant=scope)
    assert Award.objects.count() == 2
    assert Inviter.objects.get(award_id=None).stuck == "LEDGER-02"
    assert stuck_try(tenant=scope, referral_id=referral.pk) == 1
    assert Award.objects.count() == 2


def test_what_members_were_told_is_fixed_and_a_copy_asks_the_same(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, referral = make_referral(tenant=scope, owner=owner, needed=7)
    wish = ReferralWish(prize_id=None, needed=1, stay_days=1)
    with pytest.raises(CampaignFixed):
        referral_set(tenant=scope, campaign_id=played.campaign.pk, wish=wish, actor=owner)
    with pytest.raises(CampaignFixed):
        referral_remove(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    for statement in ("update campaigns_referral set needed = 1", "delete from campaigns_referral"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    copied = referral_of(campaign=campaign_clone(tenant=scope, campaign_id=played.campaign.pk, actor=owner))
    assert copied is not None
    assert (copied.needed, copied.stay_days, copied.prize.name) == (7, 3, "绘本一套")  # type: ignore[union-attr]
    assert copied.prize_id != referral.prize_id
    assert copied.way_id is None


def test_a_campaign_whose_invitations_bring_nothing_or_never_count_does_not_start(
    scope: Tenant, owner: Actor, frozen: MovableClock, client: Client
) -> None:
    client.force_login(User.objects.get(pk=owner.id))
    played, _referral = make_referral(
        tenant=scope, owner=owner, has_prize=False, stay_days=30, is_started=False
    )
    page = client.get(
        reverse("campaigns:detail", kwargs={"tenant_slug": scope.slug, "pk": played.campaign.pk})
    )
    assert "CAMP-41" in page.text
    assert "CAMP-42" in page.text


@pytest.mark.parametrize(
    "bad", [{"needed": 0}, {"needed": 1_001}, {"stay_days": 0}, {"stay_days": 31}, {"prize_id": 0}, {"way_id": 0},
            {"tag_ids": (0,)}]
)  # fmt: skip
def test_what_cannot_be_is_refused(scope: Tenant, owner: Actor, bad: dict[str, int]) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False, prizes=BOOKS)
    wish = ReferralWish(**{"prize_id": played.prizes[0].pk, "needed": 10, "stay_days": 3, **bad})
    with pytest.raises(CampaignInvalid):
        referral_set(tenant=scope, campaign_id=played.campaign.pk, wish=wish, actor=owner)
    assert not Referral.objects.exists()
