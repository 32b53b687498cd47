"""The lottery on a member's phone and in the console (R87)."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Award, Campaign, Chance, Draw, Entrant, Lottery
from campaigns.policies.lottery import (
    record_check,
)
from campaigns.selectors.lottery import lottery_token, token_of
from campaigns.selectors.pages import page_path
from campaigns.services.life import campaign_end, campaign_start
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import phone_of
from tests.conftest import MovableClock
from tests.factories.campaigns import Played, make_campaign
from tests.factories.lotteries import BOTH, draw, make_lottery

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


def _key(page: Any) -> str:
    text = page.content.decode()
    return text.split('name="key" value="')[1][:32]


@pytest.mark.parametrize("kind", ["grid", "wheel", "box"])
def test_a_member_draws_on_the_phone_and_is_told_what_came_out(
    scope: Tenant, owner: Actor, kind: str
) -> None:
    played, lottery = make_lottery(tenant=scope, owner=owner, kind=kind, free=1, percents=(100,))
    phone, home = _phone(played), page_path(token_of(played.campaign))
    page = phone.get(home)
    text = page.content.decode()
    assert "100%" in text
    assert "剩 2" in text
    assert lottery.seed not in text
    sent = phone.post(home, {"key": _key(page)})
    assert (sent.status_code, sent["Location"]) == (302, f"{home}?draw=1")
    assert "你抽中了：点读笔" in phone.get(sent["Location"]).content.decode()
    replayed = phone.post(home, {"key": _key(page)})
    assert replayed["Location"] == f"{home}?draw=1"
    after = phone.get(home)
    assert "disabled" in after.content.decode()
    assert phone.post(home, {"key": "f" * 32}).status_code == 409
    assert phone.post(home, {"key": "<script>"}).status_code == 422
    assert "点读笔" in phone.get(page_path(token_of(played.campaign), "prizes")).content.decode()
    assert Draw.objects.count() == Award.objects.count() == 1


def test_a_script_gets_the_place_where_the_picture_stops(scope: Tenant, owner: Actor) -> None:
    played, _lottery = make_lottery(tenant=scope, owner=owner)
    phone, home = _phone(played), page_path(token_of(played.campaign))
    said = phone.post(home, {"key": "a" * 32}, headers={"accept": "application/json"}).json()
    assert said["url"] == f"{home}?draw=1"
    assert f'is-hit" data-place="{said["place"]}"' in phone.get(said["url"]).content.decode()


def test_strangers_staff_and_outsiders_draw_nothing(scope: Tenant, owner: Actor) -> None:
    played, _lottery = make_lottery(tenant=scope, owner=owner)
    home = page_path(token_of(played.campaign))
    for who in (
        {"external": ""},
        {"staff": "linxiao"},
        {"external": "wm-unknown"},
        {"external": "", "agent": "curl"},
    ):
        refused = phone_of(played.group.app, **who).post(home, {"key": "a" * 32})
        assert refused.status_code == 409
    assert not Entrant.objects.exists()
    assert "2 次" not in phone_of(played.group.app, staff="x").get(f"{home}?draw=1").content.decode()


def test_the_record_on_the_phone_hides_the_seed_until_the_end_and_names_nobody(
    scope: Tenant, owner: Actor
) -> None:
    played, lottery = make_lottery(tenant=scope, owner=owner)
    home = page_path(token_of(played.campaign))
    _phone(played).post(home, {"key": "a" * 32})
    record, log = f"{home}record/", f"{home}log/"
    stranger = Client(headers={"user-agent": "Mozilla/5.0"})
    early = stranger.get(record).json()
    assert (early["seed"], early["seed_hash"]) == (None, lottery.seed_hash)
    shown = _phone(played).get(log).content.decode()
    assert lottery.seed not in shown
    assert lottery.seed_hash in shown
    assert "豆豆妈妈" not in stranger.get(record).content.decode() + stranger.get(log).content.decode()
    campaign_end(tenant=scope, campaign_id=played.campaign.pk, reason="完", actor=owner)
    late = stranger.get(record).json()
    assert record_check(late).holds
    assert len(late["draws"]) == 1
    assert lottery.seed in stranger.get(log).content.decode()


def test_pages_and_draws_take_few_statements(
    scope: Tenant, owner: Actor, django_assert_max_num_queries: Any
) -> None:
    played, lottery = make_lottery(tenant=scope, owner=owner, percents=(0.0001,), free=2)
    phone, home = _phone(played), page_path(token_of(played.campaign))
    phone.get(home)
    with django_assert_max_num_queries(16):
        phone.get(home)
    draw(scope, lottery, played.people[0].pk, "a")
    with django_assert_max_num_queries(10):
        draw(scope, lottery, played.people[0].pk, "b")


def test_an_operator_sets_it_up_and_sees_each_draw(scope: Tenant, owner: Actor, client: Client) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False, prizes=BOTH)

    def url(name: str, **kwargs: Any) -> str:
        return reverse(
            f"campaigns:{name}", kwargs={"tenant_slug": scope.slug, "pk": played.campaign.pk, **kwargs}
        )

    assert url("lottery") in client.get(url("step", step="play")).text
    pen, packet = (f"odds_{one.pk}" for one in played.prizes)
    given = {"kind": "wheel", "free_draws": "2", "draws_most": "5", pen: "60", packet: "50"}
    refused = client.post(url("lottery"), given)
    assert (refused.status_code, "110%" in refused.text) == (422, True)
    assert client.post(url("lottery"), {**given, pen: "0.0125"}).status_code == 302
    lottery = Lottery.objects.get()
    assert sorted(Chance.objects.values_list("share", flat=True)) == [125, 500_000]
    assert 'value="0.0125"' in client.get(url("lottery")).text
    campaign_start(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    for key in "ab":
        draw(scope, lottery, played.people[0].pk, key)
    page = client.get(url("lottery")).text
    assert lottery.seed_hash in page
    assert lottery.seed not in page
    assert "豆豆妈妈" in page
    assert page_path(lottery_token(campaign=played.campaign, lottery=lottery)) in page
    rows = client.get(url("draws")).text
    assert rows.count("豆豆妈妈") == 2
    assert "豆豆妈妈" not in client.get(f"{url('draws')}?q=没有这人").text
    assert client.post(url("lottery"), {**given, pen: "1"}).status_code == 409
    assert Campaign.objects.get(pk=played.campaign.pk).state == "running"
