"""What led to an order (R93): newcomer, daily, node or flash, its campaign and its step; by a stated rule."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from campaigns.policies.scenes import Past, Stay, campaign_of, scene_of
from campaigns.services.awards import award_by_hand
from campaigns.services.coupons import coupon_claim
from campaigns.services.redeeming import coupon_redeem
from campaigns.services.scenes import orders_follow
from contacts.enums import BehaviourKind, OrderScene
from contacts.models import Order
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from groups.enums import Kind
from groups.models import Group, Member
from outbox.relay import relay_tenant
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.campaigns import Played, coupon_wish, make_campaign
from tests.factories.contacts import make_order

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = 7 * DAY


@pytest.mark.unit
@pytest.mark.parametrize(
    ("past", "has_campaign", "told", "expected"),
    [
        (Past(), False, "", OrderScene.DAILY),
        (Past(), True, "", OrderScene.NODE),
        (Past(first_joined=AT - 3 * DAY), True, "", OrderScene.NEWCOMER),
        (Past(first_joined=AT - 7 * DAY), True, "", OrderScene.NODE),
        (Past(first_joined=AT + DAY), False, "", OrderScene.DAILY),
        (Past(first_joined=AT - DAY, ordered=(AT - timedelta(hours=1), AT)), False, "", OrderScene.DAILY),
        (Past(first_joined=AT - DAY, ordered=(AT,)), False, "", OrderScene.NEWCOMER),
        (Past(first_joined=AT - DAY, flash=(Stay(AT, None),)), True, "", OrderScene.FLASH),
        (Past(flash=(Stay(AT - DAY, AT),)), False, "", OrderScene.DAILY),
        (Past(flash=(Stay(AT - DAY, None),)), True, "node", OrderScene.NODE),
    ],
)
def test_the_first_rule_that_holds_names_the_scene(
    past: Past, has_campaign: bool, told: str, expected: OrderScene
) -> None:
    assert scene_of(past, at=AT, newcomer=WEEK, has_campaign=has_campaign, told=told) == expected


@pytest.mark.unit
@given(st.dictionaries(st.integers(1, 9), st.integers(-30, 30), max_size=5))
def test_an_order_counts_for_the_latest_campaign_whose_window_is_open(days: dict[int, int]) -> None:
    past = Past(prizes={pk: AT + n * DAY for pk, n in days.items()})
    found = campaign_of(past, at=AT, window=WEEK)
    inside = {pk: n for pk, n in days.items() if -7 < n <= 0}
    assert (found is None) == (not inside)
    assert found is None or inside[found] == max(inside.values())


@pytest.fixture
def played(tenant: Tenant, owner: Actor, frozen: MovableClock) -> Iterator[Played]:
    with tenant_scope(tenant):
        made = make_campaign(tenant=tenant, actor=owner, coupons=[coupon_wish()])
        Member.objects.update(joined_at=clock.now() - 40 * DAY)
        yield made


def _tell(played: Played, number: str, person: int = 0, **data: str) -> Order:
    """An order comes in by the event API, and what follows from it follows."""
    item = BehaviourItem(
        event_id=number, kind=BehaviourKind.ORDER, occurred_at=clock.now(), customer_id=played.people[person].pk,
        object_kind="order", object_id=number, amount_fen=198_000, data=data,
    )  # fmt: skip
    tenant_id = played.campaign.tenant_id
    behaviour_record_many(tenant_id=tenant_id, source="shop", items=[item])
    relay_tenant(tenant_id=tenant_id)
    return Order.objects.get(order_no=number)


def _scene(number: str) -> tuple[str, int | None]:
    row = Order.objects.get(order_no=number)
    return row.scene, row.campaign_id


@pytest.mark.integration
@pytest.mark.django_db
def test_each_order_carries_its_scene_and_campaign(
    played: Played, owner: Actor, frozen: MovableClock
) -> None:
    tenant, people = played.campaign.tenant, played.people
    Member.objects.filter(customer=people[0]).update(joined_at=clock.now() - DAY)
    award_by_hand(
        tenant=tenant, campaign_id=played.campaign.pk, prize_id=played.prizes[0].pk, customer_id=people[1].pk,
        key="1", note="答得好", actor=owner,
    )  # fmt: skip
    frozen.move(hours=1)
    for number, person in (("NEW", 0), ("NODE", 1), ("DAILY", 2)):
        make_order(tenant=tenant, customer=people[person], order_no=number)
        orders_follow(tenant_id=tenant.pk, customer_ids=[people[person].pk])
    assert [_scene(one) for one in ("NEW", "NODE", "DAILY")] == [
        ("newcomer", None), ("node", played.campaign.pk), ("daily", None),
    ]  # fmt: skip
    Group.objects.update(kind=Kind.FLASH)
    assert orders_follow(tenant_id=tenant.pk, customer_ids=[one.pk for one in people]) == 3
    assert {_scene(one)[0] for one in ("NEW", "NODE", "DAILY")} == {"flash"}
    assert orders_follow(tenant_id=tenant.pk, customer_ids=[one.pk for one in people]) == 0


@pytest.mark.integration
@pytest.mark.django_db
def test_what_the_source_says_of_a_scene_and_campaign_stays(played: Played) -> None:
    told = _tell(played, "A", scene="flash", campaign=str(played.campaign.pk))
    assert (told.scene, told.told_scene, told.campaign_id) == ("flash", "flash", played.campaign.pk)
    nonsense = _tell(played, "B", scene="😀", campaign="-1; drop table")
    assert (nonsense.scene, nonsense.campaign_id) == ("daily", None)
    assert _tell(played, "D", campaign="9" * 18).campaign_id is None


@pytest.mark.integration
@pytest.mark.django_db
def test_an_order_with_a_coupon_is_the_coupons_campaigns(
    played: Played, owner: Actor, frozen: MovableClock
) -> None:
    tenant, person = played.campaign.tenant, played.people[2]
    offer = played.prizes[1].offers.get()
    make_order(tenant=tenant, customer=person, order_no="BEFORE", amount_fen=188_000)
    frozen.move(hours=1)
    coupon = coupon_claim(tenant=tenant, offer_id=offer.pk, customer_id=person.pk, number=1)
    coupon_redeem(tenant=tenant, raw=coupon.code, order_no="BEFORE", actor=owner)
    assert _scene("BEFORE") == ("node", played.campaign.pk)


@pytest.mark.integration
@pytest.mark.django_db
def test_the_list_of_orders_shows_scenes_and_filters_by_them(played: Played) -> None:
    tenant = played.campaign.tenant
    _tell(played, "FLASH-1", scene="flash", campaign=str(played.campaign.pk))
    _tell(played, "DAILY-1", person=1)
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    url = reverse("contacts:orders", kwargs={"tenant_slug": tenant.slug})
    page = client.get(url).text
    assert all(word in page for word in ("FLASH-1", "DAILY-1", "快闪", played.campaign.name))
    narrowed = client.get(url, {"scene": "flash"}).text
    assert ("FLASH-1" in narrowed, "DAILY-1" in narrowed) == (True, False)
    of_one = client.get(url, {"campaign": played.campaign.pk}).text
    assert ("FLASH-1" in of_one, "DAILY-1" in of_one) == (True, False)
