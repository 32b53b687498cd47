"""Invitations on members' and friends' phones and in the console (R81)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.enums.referral import INVITES_AN_HOUR, InviteState
from campaigns.models import Award, Invite, Inviter, Referral
from campaigns.selectors.pages import page_path
from campaigns.selectors.referral import invitation_token, token_of
from campaigns.services.invites import inviter_open, invites_settle
from contacts.models import Tag
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tenants.services import preference_set
from tests.campaigns.phones import phone_of
from tests.conftest import MovableClock
from tests.factories.campaigns import Played, make_campaign
from tests.factories.contacts import make_customer
from tests.factories.groups import make_group
from tests.factories.referrals import BOOKS, invite, join, leave, make_referral, make_way

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def client(client: Client, owner: Actor) -> Client:
    client.force_login(User.objects.get(pk=owner.id))
    return client


def _phone(played: Played, number: int = 0) -> Client:
    return phone_of(played.group.app, external=played.people[number].external_userid)


def _text(phone: Client, url: str) -> str:
    return phone.get(url).content.decode()


def _friends_page(played: Played) -> str:
    return page_path(invitation_token(campaign=played.campaign, inviter=Inviter.objects.get()))


def test_a_member_makes_an_invitation_and_sees_each_friend_half_named_with_why_or_why_not(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _referral = make_referral(tenant=scope, owner=owner, needed=3, has_lottery=True)
    phone, home = _phone(played), page_path(token_of(played.campaign))
    first = _text(phone, home)
    assert "生成我的邀请" in first
    assert "在群里满 3 天" in first
    assert [phone.post(home).status_code for _tap in range(2)] == [302, 302]
    assert Inviter.objects.count() == 1
    counted = join(played, played.people[0])
    frozen.set(frozen.moment + timedelta(days=3, minutes=1))
    invites_settle(tenant=scope)
    join(played, played.people[0], person=make_customer(tenant=scope, name="果果爸爸"))
    gone = join(played, played.people[0], person=make_customer(tenant=scope, name="安安爸爸"))
    leave(played, gone)
    page = _text(_phone(played), home)
    assert "1 / 3" in page
    assert "朵**妈" in page
    assert "朵朵妈妈" not in page
    assert "还要 3 天" in page
    assert "没算：退群太早" in page
    assert invite(counted).state == InviteState.COUNTED
    assert "豆豆妈妈" not in _text(_phone(played, 1), home)
    assert "<img" in _text(
        _phone(played),
        page_path(invitation_token(campaign=played.campaign, inviter=Inviter.objects.get()), "poster"),
    )


def test_a_friend_accepts_joins_by_the_groups_code_and_a_second_inviter_comes_too_late(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    group = make_group(tenant=scope, kind="new_user")
    way = make_way(tenant=scope, group=group)
    played, referral = make_referral(tenant=scope, owner=owner, way_id=way.pk)
    inviter_open(referral=referral, person_id=played.people[0].pk)
    there = _friends_page(played)
    friend = make_customer(tenant=scope, name="小满妈妈")
    phone = phone_of(played.group.app, external=friend.external_userid)
    page = _text(phone, there)
    assert "豆**妈邀请你" in page
    assert "豆豆妈妈" not in page
    assert way.qr_picture in page
    assert "接受邀请" in page
    assert [phone.post(there).status_code for _tap in range(2)] == [302, 302]
    assert (Invite.objects.get().customer_id, invite(friend).state) == (friend.pk, InviteState.OPENED)
    assert "已接受" in _text(phone, there)
    second = inviter_open(referral=referral, person_id=played.people[1].pk)
    other = page_path(invitation_token(campaign=played.campaign, inviter=second))
    assert "先接受了别人的邀请" in _text(phone, other)
    phone.post(other)
    join(played, person=friend)
    assert (invite(friend).state, invite(friend).inviter.customer_id) == (
        InviteState.STAYING,
        played.people[0].pk,
    )
    assert "你自己的邀请" in _text(_phone(played), there)


def test_strangers_staff_and_whoever_comes_from_elsewhere_write_nothing(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, referral = make_referral(tenant=scope, owner=owner)
    home = page_path(token_of(played.campaign))
    inviter_open(referral=referral, person_id=played.people[0].pk)
    there = _friends_page(played)
    for who in (
        {"external": ""},
        {"staff": "linxiao"},
        {"external": "wm-unknown"},
        {"external": "", "agent": "curl"},
    ):
        phone = phone_of(played.group.app, **who)
        assert [phone.post(one).status_code for one in (home, there)] == [409, 409]
        assert phone.get(there).status_code == 200
    outsider = phone_of(played.group.app, external=make_customer(tenant=scope).external_userid)
    assert outsider.post(home).status_code == 409
    assert (Inviter.objects.count(), Invite.objects.count()) == (1, 0)


def test_pages_take_few_statements(
    scope: Tenant, owner: Actor, frozen: MovableClock, client: Client, django_assert_max_num_queries: Any
) -> None:
    played, _referral = make_referral(tenant=scope, owner=owner, has_lottery=True)
    for _number in range(5):
        join(played, played.people[0])
    phone, home = _phone(played), page_path(token_of(played.campaign))
    with django_assert_max_num_queries(20):
        phone.get(home)
    for name in ("referral", "invites", "inviters"):
        url = reverse(f"campaigns:{name}", kwargs={"tenant_slug": scope.slug, "pk": played.campaign.pk})
        client.get(url)
        with django_assert_max_num_queries(25):
            assert client.get(url).status_code == 200


def test_an_operator_sets_invitations_up_and_overrules_with_a_reason(
    scope: Tenant, owner: Actor, client: Client, frozen: MovableClock
) -> None:
    preference_set(tenant=scope, setting=INVITES_AN_HOUR, raw="1", actor=owner)
    played = make_campaign(tenant=scope, actor=owner, is_started=False, prizes=BOOKS)
    tag = Tag.objects.create(tenant=scope, name="内部")

    def url(name: str, **kwargs: Any) -> str:
        return reverse(
            f"campaigns:{name}", kwargs={"tenant_slug": scope.slug, "pk": played.campaign.pk, **kwargs}
        )

    assert url("referral") in client.get(url("step", step="play")).text
    assert 'value="3"' in client.get(url("referral")).text
    given = {"prize": str(played.prizes[0].pk), "needed": "1", "stay_days": "2", "barred": str(tag.pk)}
    assert client.post(url("referral"), {**given, "needed": "0"}).status_code == 422
    assert client.post(url("referral"), {**given, "tags": str(tag.pk)}).status_code == 422
    assert client.post(url("referral"), given).status_code == 302
    assert (Referral.objects.get().needed, Referral.objects.get().barred_ids) == (1, [tag.pk])
    started = make_referral(tenant=scope, owner=owner, needed=1)[0]
    played = started
    join(played, played.people[0], person=make_customer(tenant=scope, name="早早妈妈"))
    held = join(played, played.people[0], person=make_customer(tenant=scope, name="安安爸爸"))
    page = client.get(url("referral")).text
    assert "1 位好友等你看" in page
    assert page_path(token_of(played.campaign)) in page
    rows = client.get(f"{url('invites')}?state=held").text
    assert "安安爸爸" in rows
    assert "早早妈妈" not in rows
    assert "FRAUD-02" in rows
    drawer = url("invite_decide", invite_pk=invite(held).pk)
    assert "FRAUD-02" in client.get(drawer).text
    assert client.post(drawer, {"decision": "wait", "reason": ""}).status_code == 422
    assert client.post(drawer, {"decision": "count", "reason": "好"}).status_code == 422
    assert client.post(drawer, {"decision": "reject", "reason": "同一台手机"}).status_code in (200, 204)
    assert invite(held).state == InviteState.REJECTED
    exported = b"".join(client.get(f"{url('invites')}?export=csv")).decode("utf-8-sig")  # type: ignore[arg-type]
    assert "HAND-01" in exported
    assert "同一台手机" in exported
    assert "HAND-01" in client.get(url("referral")).text
    other = make_referral(tenant=scope, owner=owner)[0]
    foreign = reverse(
        "campaigns:invite_decide",
        kwargs={"tenant_slug": scope.slug, "pk": other.campaign.pk, "invite_pk": invite(held).pk},
    )
    assert client.get(foreign).status_code == 404
    assert not Award.objects.exists()


def test_the_list_of_inviters_shows_who_is_short_of_few_and_gives_a_code_of_their_own(
    scope: Tenant, owner: Actor, client: Client, frozen: MovableClock
) -> None:
    played, referral = make_referral(tenant=scope, owner=owner, needed=5)
    inviter = inviter_open(referral=referral, person_id=played.people[1].pk)
    for _number in range(2):
        join(played, played.people[0])
    frozen.set(frozen.moment + timedelta(days=3, minutes=1))
    invites_settle(tenant=scope)

    def url(name: str, **kwargs: Any) -> str:
        return reverse(
            f"campaigns:{name}", kwargs={"tenant_slug": scope.slug, "pk": played.campaign.pk, **kwargs}
        )

    short = client.get(f"{url('inviters')}?short=few").text
    assert "豆豆妈妈" in short
    assert str(played.people[1].name) not in short
    old = make_way(tenant=scope, group=make_group(tenant=scope, kind="super_user"))
    fine = make_way(tenant=scope, group=played.group, state="cXg9", name="小明的码")
    drawer = url("inviter_code", inviter_pk=inviter.pk)
    refused = client.post(drawer, {"way": str(old.pk)})
    assert (refused.status_code, "老客" in refused.text) == (409, True)
    assert client.post(drawer, {"way": str(fine.pk)}).status_code in (200, 204)
    assert "小明的码" in client.get(url("inviters")).text
    code = url("referral_code")
    assert client.post(code, {"way": str(fine.pk)}).status_code in (200, 204)
    assert Referral.objects.get().way_id == fine.pk
    with_code = join(played, state_code="cXg9")
    assert invite(with_code).inviter_id == inviter.pk
