"""Flash sales and group-buys on the phone and in the console (R18, R90, R91)."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from campaigns.models import Deal, GroupPost, PriceStep, Reservation
from campaigns.selectors.deals import deals_token
from campaigns.selectors.pages import page_path
from campaigns.services.deals import deadline_move, deal_save, reservations_follow, reserve
from campaigns.services.life import campaign_start
from contacts.models import Sku
from contacts.services.prices import anchor_set
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import phone_of
from tests.conftest import MovableClock
from tests.factories.campaigns import Played
from tests.factories.contacts import make_customers, make_order
from tests.factories.deals import deal_wish, make_deal

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


def _key(text: str) -> str:
    found = re.search(r'name="key" value="([0-9a-f]{32})"', text)
    assert found is not None
    return found[1]


def _url(tenant: Tenant, name: str, pk: int, **kwargs: Any) -> str:
    return reverse(f"campaigns:{name}", kwargs={"tenant_slug": tenant.slug, "pk": pk, **kwargs})


def test_a_member_joins_the_relay_and_goes_to_the_shop_from_it(scope: Tenant, owner: Actor) -> None:
    played, deal = make_deal(tenant=scope, owner=owner)
    phone, home = _phone(played), page_path(deals_token(deal.campaign))
    page = phone.get(home).content.decode()
    assert "剩 10 / 10" in page
    form = {"key": _key(page), "deal": deal.pk, "pieces": "2", "wish": "<b>蓝色</b> 🎈"}
    assert [phone.post(home, form).status_code for _twice in range(2)] == [302, 302]
    assert Reservation.objects.get().pieces == 2
    shown = phone.get(home).content.decode()
    assert "https://shop.example.com/box" in shown
    assert "1. 豆** 绘本礼盒 × 2" in shown
    assert "&lt;b&gt;蓝色" in shown
    assert "剩 8 / 10" in shown
    again = phone.post(home, {**form, "key": "a" * 32, "pieces": "1"})
    assert (again.status_code, "最多 2 份" in again.content.decode()) == (409, True)
    pk = Reservation.objects.get().pk
    assert phone.post(home, {"act": "cancel", "reservation": pk}).status_code == 302
    assert "剩 10 / 10" in phone.get(home).content.decode()


@pytest.mark.parametrize(
    "bad",
    [
        {"key": "x"}, {"deal": "0"}, {"deal": "x"}, {"pieces": "-1"}, {"pieces": "9" * 20}, {"pieces": ""},
        {"act": "cancel", "reservation": "1"}, {"act": "cancel", "reservation": "x" * 99},
    ],
)  # fmt: skip
def test_what_a_form_cannot_say_writes_nothing(scope: Tenant, owner: Actor, bad: dict[str, str]) -> None:
    played, deal = make_deal(tenant=scope, owner=owner)
    _other, foreign = make_deal(tenant=scope, owner=owner)
    home = page_path(deals_token(deal.campaign))
    form = {"key": "b" * 32, "deal": str(deal.pk), "pieces": "1", "wish": ""}
    answer = _phone(played).post(home, {**form, **bad})
    assert answer.status_code == 404
    assert _phone(played).post(home, {**form, "deal": str(foreign.pk)}).status_code == 404
    assert not Reservation.objects.exists()


def test_who_sits_in_no_group_reserves_nothing_and_the_page_says_why(scope: Tenant, owner: Actor) -> None:
    played, deal = make_deal(tenant=scope, owner=owner)
    home = page_path(deals_token(deal.campaign))
    (outsider,) = make_customers(tenant=scope, count=1)
    form = {"key": "b" * 32, "deal": str(deal.pk), "pieces": "1"}
    for phone in (
        phone_of(played.group.app, external=outsider.external_userid), phone_of(played.group.app),
        phone_of(played.group.app, staff="lin"),
    ):  # fmt: skip
        assert phone.post(home, form).status_code == 409
    assert not Reservation.objects.exists()


def test_a_team_is_joined_by_one_tap(scope: Tenant, owner: Actor) -> None:
    played, deal = make_deal(tenant=scope, owner=owner, wish={"kind": "group"})
    home = page_path(deals_token(deal.campaign))
    begins = _phone(played, 0)
    begins.post(
        home, {"key": _key(begins.get(home).content.decode()), "deal": deal.pk, "pieces": "1", "wish": ""}
    )
    waiting = begins.get(home).content.decode()
    assert "已凑 1 / 2 人" in waiting
    assert "shop.example.com" not in waiting
    joins = _phone(played, 1)
    page = joins.get(home).content.decode()
    code = re.search(r'name="team" value="([0-9a-f]+)"', page)
    assert code is not None
    joins.post(home, {"key": _key(page), "deal": deal.pk, "pieces": "1", "wish": "", "team": code[1]})
    assert "shop.example.com" in begins.get(home).content.decode()


def test_a_moved_deadline_stands_on_the_members_page_with_its_reason(scope: Tenant, owner: Actor) -> None:
    ends_at = clock.now() + timedelta(hours=3)
    played, deal = make_deal(tenant=scope, owner=owner, wish={"ends_at": ends_at})
    deadline_move(
        tenant=scope, campaign_id=played.campaign.pk, deal_id=deal.pk, reason="快递停一天", actor=owner,
        ends_at=ends_at + timedelta(hours=2),
    )  # fmt: skip
    page = _phone(played).get(page_path(deals_token(deal.campaign))).content.decode()
    assert "快递停一天" in page
    assert "原定" in page


def test_an_operator_adds_changes_and_removes_what_a_draft_sells(
    scope: Tenant, owner: Actor, client: Client
) -> None:
    played, deal = make_deal(tenant=scope, owner=owner, is_started=False)
    pk = played.campaign.pk
    sku = Sku.objects.create(tenant=scope, code="bag", name="阅读袋")
    form: dict[str, Any] = {
        "sku": sku.pk, "kind": "group", "price_yuan": "59.90", "stock": "30", "per_person": "1",
        "people_needed": "3", "hold_minutes": "60", "ends_at": "", "url": "", "steps": "12: 69\n24：79.5",
    }  # fmt: skip
    assert client.post(_url(scope, "deal_new", pk), form).status_code < 400
    made = Deal.objects.get(sku=sku)
    assert (made.price_fen, made.people_needed, made.hold_minutes) == (5_990, 3, 60)
    assert list(PriceStep.objects.values_list("after", "price_fen")) == [
        (timedelta(hours=12), 6_900), (timedelta(hours=24), 7_950),
    ]  # fmt: skip
    assert "12: 69" in client.get(_url(scope, "deal", pk, deal_pk=made.pk)).text
    for bad in ({"steps": "morgen"}, {"steps": "24: 69\n12: 79"}, {"price_yuan": "-1"}, {"url": "x"}):
        assert client.post(_url(scope, "deal", pk, deal_pk=made.pk), {**form, **bad}).status_code == 422
    client.post(_url(scope, "deal_remove", pk, deal_pk=made.pk))
    assert list(Deal.objects.all()) == [deal]


def test_the_page_shows_what_is_left_who_reserved_and_makes_texts_to_copy(
    scope: Tenant, owner: Actor, client: Client
) -> None:
    played, deal = make_deal(tenant=scope, owner=owner)
    pk = played.campaign.pk
    page = _url(scope, "deals", pk)
    assert "还没有人接龙" in client.get(page).text
    reserve(tenant=scope, deal_id=deal.pk, person_id=played.people[0].pk, pieces=2, wish="蓝色", key="k")
    make_order(tenant=scope, customer=played.people[1], sku_id=deal.sku.code)
    shown = client.get(page).text
    assert "8 / 10" in shown
    assert "豆豆妈妈" in shown
    post = _url(scope, "post", pk, kind="relay")
    assert "打码" in client.get(post).text
    assert "1. 豆** 绘本礼盒 × 2" in client.post(post).text
    assert "刚发过" in client.get(post).text
    assert client.post(post).status_code == 409
    assert GroupPost.objects.count() == 1


def test_the_page_of_deals_keeps_within_its_queries(
    scope: Tenant, owner: Actor, client: Client, django_assert_max_num_queries: Any
) -> None:
    played, deal = make_deal(tenant=scope, owner=owner, people=12, is_started=False)
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    skus = [
        Sku.objects.create(tenant=scope, code=f"more{number}", name=f"绘本 {number}") for number in range(5)
    ]
    for sku in skus:
        deal_save(**who, wish=deal_wish(sku))
    campaign_start(**who)
    page, listed = (_url(scope, name, played.campaign.pk) for name in ("deals", "reservations"))
    client.get(page)
    with django_assert_max_num_queries(25) as few:
        client.get(page)
    for sku in skus:
        for number in range(2):
            make_order(
                tenant=scope, customer=played.people[number], sku_id=sku.code, order_no=f"A{sku.pk}{number}",
                amount_fen=29_900, ordered_at=clock.now() - timedelta(days=2),
            )  # fmt: skip
        anchor_set(tenant=scope, sku_id=sku.pk, price_fen=29_900, reason="原价", actor=owner)
    for number, person in enumerate(played.people[:8]):
        reserve(tenant=scope, deal_id=deal.pk, person_id=person.pk, pieces=1, wish="", key=f"k{number}")
        make_order(tenant=scope, customer=person, sku_id=deal.sku.code, order_no=f"N{number}")
    with django_assert_max_num_queries(min(25, len(few.captured_queries) + 2)):
        assert client.get(page).text.count("<s class") == 5
    with django_assert_max_num_queries(25):
        client.get(listed)


def test_each_figure_of_a_deal_leads_to_the_reservations_behind_it_and_they_come_as_a_file(
    scope: Tenant, owner: Actor, client: Client, frozen: MovableClock
) -> None:
    played, deal = make_deal(tenant=scope, owner=owner, people=4)
    one, two, three, _four = played.people
    for number, person in enumerate((one, two, three)):
        reserve(
            tenant=scope, deal_id=deal.pk, person_id=person.pk, pieces=2, wish="蓝色 🎈", key=f"k{number}"
        )
    make_order(tenant=scope, customer=one, sku_id=deal.sku.code, order_no="N1")
    reservations_follow(tenant_id=scope.pk, customer_ids=[one.pk])
    page, listed = (_url(scope, name, played.campaign.pk) for name in ("deals", "reservations"))
    shown = client.get(page).text
    assert f'{listed}?deal={deal.pk}&amp;state=held&amp;state=ordered">6</a>' in shown
    assert f'{listed}?deal={deal.pk}&amp;state=ordered">1 单已下单</a>' in shown
    assert f'{listed}">全部 3 个</a>' in shown
    ordered = client.get(listed, {"deal": deal.pk, "state": "ordered"}).text
    assert "N1" in ordered
    assert two.name not in ordered
    assert two.name in client.get(listed, {"q": two.name}).text
    answer = client.get(listed, {"export": "csv"})
    assert isinstance(answer, StreamingHttpResponse)
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))  # type: ignore[arg-type]
    assert len(rows) == 1 + 3
    assert {row[1] for row in rows[1:]} == {one.name, two.name, three.name}
    assert [row[4] for row in rows[1:]] == ["199.0"] * 3
    assert client.get(listed, {"deal": "9" * 30}).status_code == 200
    assert client.get(_url(scope, "reservations", 10**9)).status_code == 404
