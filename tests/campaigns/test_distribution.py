"""Distribution (R84): off until a leader switches it on, one level, a commission for paid orders and no others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from campaigns.enums import AwardSource, AwardState, Missing, PrizeKind
from campaigns.enums.distribution import SaleReason, SaleState, SellerState
from campaigns.errors import (
    AwardPaidLater,
    CampaignFixed,
    CampaignIncomplete,
    CampaignInvalid,
    DecisionGone,
    PersonNotInGroups,
    ReasonMissing,
)
from campaigns.models import Award, Campaign, Distribution, Payout, Sale, Seller, SellerTouch
from campaigns.phone.distribution import shop_address
from campaigns.policies.distribution import Touched, first_touch
from campaigns.selectors.distribution import distribution_of, seller_token, token_of
from campaigns.selectors.frame import missing_of
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.pages import page_path
from campaigns.services.awards import award_hand_over, award_make, award_take_back
from campaigns.services.distribution import (
    DistributionWish,
    distribution_remove,
    distribution_set,
    distribution_switch_on,
    seller_ask,
    seller_decide,
    seller_name,
    touch_note,
)
from campaigns.services.frame import campaign_clone
from campaigns.services.life import campaign_end, campaign_pause, campaign_start
from campaigns.services.payouts import payouts_run
from campaigns.services.sales import sales_follow, sales_settle, tenants_with_sales_due
from contacts.models import Customer
from tenants import clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant, User
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope, unscoped
from tests.campaigns.phones import phone_of
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_customer_tag, make_tag
from tests.factories.sellers import NOTE, buys, make_distribution, make_seller
from tests.parallel import in_parallel

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def client(client: Client, owner: Actor) -> Client:
    client.force_login(User.objects.get(pk=owner.id))
    return client


def test_it_is_off_until_a_leader_switches_it_on_with_a_note_and_off_again_after_a_change(
    scope: Tenant, owner: Actor
) -> None:
    played, row = make_distribution(tenant=scope, owner=owner, is_on=False, is_started=False)
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    assert Missing.DISTRIBUTION_OFF in missing_of(campaign=played.campaign)
    with pytest.raises(CampaignIncomplete):
        campaign_start(**who)
    with pytest.raises(CampaignInvalid):
        distribution_switch_on(**who, note=NOTE, is_lawful=False)
    with pytest.raises(ReasonMissing):
        distribution_switch_on(**who, note="  可以  ", is_lawful=True)
    operator = Actor(kind="user", id=None, name="小陈", permissions=PERMISSIONS[Role.OPERATOR])
    with pytest.raises(NotPermitted):
        distribution_switch_on(**{**who, "actor": operator}, note=NOTE, is_lawful=True)
    distribution_switch_on(**who, note=NOTE, is_lawful=True)
    assert AuditEntry.objects.filter(verb="campaigns.distribution.switched_on").count() == 1
    assert Missing.DISTRIBUTION_OFF not in missing_of(campaign=played.campaign)
    values = {"commission_id": row.commission_id, "min_order_fen": 0, "refund_days": 7, "touch_days": 7}
    wish = DistributionWish(**values, bonus_id=None, bonus_orders=1, takes_requests=False)
    distribution_set(**who, wish=wish)
    assert Missing.DISTRIBUTION_OFF in missing_of(campaign=played.campaign)
    with pytest.raises(IntegrityError), transaction.atomic():
        Distribution.objects.update(switched_on_at=clock.now(), note="")


def test_a_paid_order_brings_its_commission_after_the_refund_window_and_the_target_its_bonus(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _row = make_distribution(tenant=scope, owner=owner)
    mother = make_seller(tenant=scope, played=played, owner=owner, person=played.people[0])
    first, second = make_customer(tenant=scope), make_customer(tenant=scope)
    buys(tenant=scope, buyer=first, number="A1", code=mother.code.lower())
    assert (Sale.objects.get().state, Award.objects.get().state) == (SaleState.WAITING, AwardState.HELD)
    with pytest.raises(AwardPaidLater):
        award_hand_over(tenant=scope, award_id=Award.objects.get().pk, proof="现金", actor=owner)
    frozen.move(days=6, hours=23)
    assert sales_settle(tenant=scope) == 0
    buys(tenant=scope, buyer=second, number="A2", code=mother.code)
    assert Award.objects.filter(amount_fen=8_800, state=AwardState.HELD).count() == 1, (
        "the bonus is set aside"
    )
    frozen.move(hours=2)
    with unscoped("the tick"):
        assert tenants_with_sales_due() == [scope.pk]
    sales_settle(tenant=scope)
    sales_settle(tenant=scope)
    payouts_run(tenant=scope)
    paid = Payout.objects.filter(state="paid")
    assert [(one.award.customer_id, one.amount_fen) for one in paid] == [(mother.customer_id, 2_000)]
    frozen.move(days=7)
    assert not Campaign.objects.filter(ends_at__gt=clock.now()).exists(), "also after the campaign"
    sales_settle(tenant=scope)
    payouts_run(tenant=scope)
    assert sorted(Payout.objects.filter(state="paid").values_list("amount_fen", flat=True)) == [
        2_000,
        2_000,
        8_800,
    ]
    assert set(Sale.objects.values_list("state", flat=True)) == {SaleState.EARNED}
    assert unbalanced(tenant_id=scope.pk) == []


def test_a_refund_takes_back_what_was_not_paid_and_the_bonus_with_it(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _row = make_distribution(tenant=scope, owner=owner)
    mother = make_seller(tenant=scope, played=played, owner=owner, person=played.people[0])
    buyers = [make_customer(tenant=scope) for _number in range(3)]
    for number, one in enumerate(buyers[:2]):
        buys(tenant=scope, buyer=one, number=f"B{number}", code=mother.code)
    assert Award.objects.filter(state=AwardState.HELD).count() == 3
    buys(tenant=scope, buyer=buyers[0], number="B0", fen=5_000, kind="refund")
    assert Sale.objects.get(order__order_no="B0").net_fen == 14_800, "enough is left of it"
    buys(tenant=scope, buyer=buyers[1], number="B1", fen=19_800, kind="refund")
    row = Sale.objects.get(order__order_no="B1")
    assert (row.state, row.reason, row.net_fen) == (SaleState.BACK, SaleReason.REFUNDED, 0)
    assert Award.objects.filter(state=AwardState.RETURNED).count() == 2
    buys(tenant=scope, buyer=buyers[2], number="B2", code=mother.code)
    assert Award.objects.filter(state=AwardState.HELD, amount_fen=8_800).count() == 1, "enough stand again"
    frozen.move(days=8)
    sales_settle(tenant=scope)
    buys(tenant=scope, buyer=buyers[2], number="B2", fen=19_800, kind="refund")
    late = Sale.objects.get(order__order_no="B2")
    assert (late.state, late.reason) == (SaleState.EARNED, SaleReason.REFUND_PAID)
    assert unbalanced(tenant_id=scope.pk) == []


def test_each_order_without_commission_is_listed_with_the_reason(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    prizes = [("推荐佣金", PrizeKind.RED_PACKET, 2_000, 1), ("达标奖", PrizeKind.RED_PACKET, 8_800, 5)]
    played, _row = make_distribution(tenant=scope, owner=owner, prizes=prizes)
    mother, father, third = (
        make_seller(tenant=scope, played=played, owner=owner, person=one) for one in played.people[:3]
    )
    seller_decide(
        tenant=scope,
        campaign_id=played.campaign.pk,
        seller_id=third.pk,
        state="stopped",
        reason="不做了",
        actor=owner,
    )
    frozen.move(minutes=1)
    merged = make_customer(tenant=scope, name="小号", person=played.people[0])
    tagged = make_customer(tenant=scope, name="自己人")
    make_customer_tag(tenant=scope, customer=tagged, tag=make_tag(tenant=scope, name="羊毛党"))
    told = {
        "SELF": (merged, mother.code, 19_800), "PEER": (played.people[1], mother.code, 19_800),
        "BARRED": (tagged, mother.code, 19_800), "SMALL": (make_customer(tenant=scope), mother.code, 9_999),
        "STOPPED": (make_customer(tenant=scope), third.code, 19_800),
        "UNKNOWN": (make_customer(tenant=scope), "ZZZZ99", 19_800),
        "GOOD": (make_customer(tenant=scope), father.code, 10_000),
        "SPENT": (make_customer(tenant=scope), father.code, 19_800),
        "NOBODY": (make_customer(tenant=scope), "", 19_800),
    }  # fmt: skip
    for number, (buyer, code, fen) in told.items():
        buys(tenant=scope, buyer=buyer, number=number, fen=fen, code=code)
    found = dict(Sale.objects.values_list("order__order_no", "reason"))
    assert found.pop("GOOD") == ""
    assert found == {number: SaleReason[number].value for number in told if number not in ("GOOD", "NOBODY")}
    assert Award.objects.count() == 1


def test_the_page_opened_first_within_the_days_brings_the_order_and_the_named_code_wins(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _row = make_distribution(tenant=scope, owner=owner, wish={"touch_days": 2})
    mother, father = (
        make_seller(tenant=scope, played=played, owner=owner, person=one) for one in played.people[:2]
    )
    buyer, other = make_customer(tenant=scope), make_customer(tenant=scope)
    touch_note(seller=mother, customer_id=buyer.pk)
    touch_note(seller=mother, customer_id=mother.customer_id)
    frozen.move(days=1)
    touch_note(seller=father, customer_id=buyer.pk)
    touch_note(seller=mother, customer_id=buyer.pk)
    buys(tenant=scope, buyer=buyer, number="T1")
    assert Sale.objects.get(order__order_no="T1").seller_id == mother.pk
    frozen.move(days=1, hours=1)
    buys(tenant=scope, buyer=buyer, number="T2")
    assert Sale.objects.get(order__order_no="T2").seller_id == father.pk, "the first look is too long ago"
    buys(tenant=scope, buyer=buyer, number="T3", code=mother.code)
    assert Sale.objects.get(order__order_no="T3").seller_id == mother.pk
    frozen.move(days=3)
    buys(tenant=scope, buyer=buyer, number="T4")
    buys(tenant=scope, buyer=other, number="T5")
    assert not Sale.objects.filter(order__order_no__in=["T4", "T5"]).exists()
    assert SellerTouch.objects.count() == 2


def test_records_put_together_later_are_one_person_and_who_is_taken_in_again_meanwhile_is_no_buyer(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _row = make_distribution(tenant=scope, owner=owner)
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    mother, father = (
        make_seller(tenant=scope, played=played, owner=owner, person=one) for one in played.people[:2]
    )
    main = make_customer(tenant=scope, name="大号")
    Customer.objects.filter(pk=mother.customer_id).update(person=main)
    frozen.move(minutes=1)
    buys(tenant=scope, buyer=main, number="M1", code=mother.code)
    assert Sale.objects.get(order__order_no="M1").reason == SaleReason.SELF
    seller_decide(**who, seller_id=father.pk, state="stopped", reason="不做了")
    campaign_pause(**who, is_paused=True)
    third = make_seller(tenant=scope, played=played, owner=owner, person=played.people[2])
    frozen.move(minutes=1)
    buys(tenant=scope, buyer=father.customer, number="M2", code=third.code)
    assert Sale.objects.get(order__order_no="M2").state == SaleState.WAITING
    seller_decide(**who, seller_id=father.pk, state="active", reason="又做了")
    campaign_pause(**who, is_paused=False)
    sales_settle(tenant=scope)
    assert Sale.objects.get(order__order_no="M2").reason == SaleReason.PEER
    assert not Award.objects.exists()


def test_there_is_no_second_level_whatever_the_code_does(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _row = make_distribution(tenant=scope, owner=owner)
    mother, father = (
        make_seller(tenant=scope, played=played, owner=owner, person=one) for one in played.people[:2]
    )
    frozen.move(minutes=1)
    buys(tenant=scope, buyer=make_customer(tenant=scope), number="L1", code=mother.code)
    sale = Sale.objects.get()
    people = {
        field.name for field in Seller._meta.get_fields() if getattr(field, "related_model", None) is Seller
    }
    assert people == set(), "nobody has anybody above or below"
    common = {
        "tenant": scope, "campaign_id": played.campaign.pk, "prize_id": played.prizes[0].pk, "note": "",
        "source": AwardSource.DISTRIBUTION, "actor": SYSTEM,
    }  # fmt: skip
    for customer, key in (
        (father.customer_id, f"sale:{sale.pk}"), (father.customer_id, f"sale:{sale.pk}:2"),
        (mother.customer_id, f"sale:{sale.pk}:2"), (father.customer_id, f"bonus:{mother.pk}:0"),
        (father.customer_id, "upline"),
    ):  # fmt: skip
        Award.objects.filter(key="none").delete()
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "insert into campaigns_award (tenant_id, campaign_id, prize_id, customer_id, source, key, amount_fen,"
                " state, note, proof, made_at, made_by, settled_by) values (%s, %s, %s, %s, 'distribution', %s, 1,"
                " 'held', '', '', now(), '', '')",
                [scope.pk, played.campaign.pk, played.prizes[0].pk, customer, key],
            )
    with pytest.raises(IntegrityError), transaction.atomic():
        award_make(**common, customer_id=father.customer_id, key="upline")
    with pytest.raises(IntegrityError), transaction.atomic():
        Sale.objects.filter(pk=sale.pk).update(seller=father)
    with pytest.raises(IntegrityError), transaction.atomic():
        Sale.objects.filter(pk=sale.pk).update(customer=father.customer)
    assert Award.objects.count() == 1


def test_a_break_waits_a_colleague_may_take_back_and_an_early_end_keeps_what_was_set_aside(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _row = make_distribution(tenant=scope, owner=owner)
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    mother = make_seller(tenant=scope, played=played, owner=owner, person=played.people[0])
    campaign_pause(**who, is_paused=True)
    buys(tenant=scope, buyer=make_customer(tenant=scope), number="P1", code=mother.code)
    assert (Sale.objects.get().state, Award.objects.count()) == (SaleState.WAITING, 0)
    campaign_pause(**who, is_paused=False)
    sales_settle(tenant=scope)
    assert Award.objects.get().state == AwardState.HELD
    buys(tenant=scope, buyer=make_customer(tenant=scope), number="P2", code=mother.code)
    award_take_back(
        tenant=scope,
        award_id=Sale.objects.get(order__order_no="P2").award_id or 0,
        reason="刷单",
        actor=owner,
    )
    assert Sale.objects.get(order__order_no="P2").reason == SaleReason.HAND
    campaign_end(**who, reason="提前收")
    frozen.move(days=8)
    sales_settle(tenant=scope)
    assert Sale.objects.get(order__order_no="P1").state == SaleState.EARNED


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_forty_who_tell_of_the_same_orders_at_once_bring_each_commission_once(
    tenant: Tenant, owner: Actor
) -> None:
    with tenant_scope(tenant):
        played, _row = make_distribution(tenant=tenant, owner=owner)
        mother = make_seller(tenant=tenant, played=played, owner=owner, person=played.people[0])
        buyers = [make_customer(tenant=tenant) for _number in range(10)]
        for number, one in enumerate(buyers):
            buys(tenant=tenant, buyer=one, number=f"R{number}")
        for one in buyers:
            touch_note(seller=mother, customer_id=one.pk)
        SellerTouch.objects.update(at=clock.now() - timedelta(hours=1))

    def work(number: int) -> None:
        with tenant_scope(tenant):
            sales_follow(tenant=tenant, customer_ids=[one.pk for one in (*buyers[number % 10 :], *buyers)])

    in_parallel(40, work)
    with tenant_scope(tenant):
        assert Sale.objects.filter(state=SaleState.WAITING).count() == 10
        assert sorted(Award.objects.values_list("amount_fen", flat=True)) == [2_000] * 10 + [8_800]
        assert unbalanced(tenant_id=tenant.pk) == []


def test_a_member_asks_is_accepted_and_shows_friends_the_page_whose_look_counts(
    scope: Tenant, owner: Actor, frozen: MovableClock, django_assert_max_num_queries: Any
) -> None:
    played, _row = make_distribution(tenant=scope, owner=owner)
    home, app = page_path(token_of(played.campaign)), played.group.app
    phone = phone_of(app, external=played.people[0].external_userid)
    with django_assert_max_num_queries(22):
        page = phone.get(home).content.decode()
    assert "申请参加" in page
    assert "只有一级" in page
    for _tap in range(2):
        assert phone.post(home, {}).status_code == 302
    row = Seller.objects.get()
    assert (row.state, "收到申请" in phone.get(home).content.decode()) == (SellerState.ASKED, True)
    who: dict[str, Any] = {
        "tenant": scope,
        "campaign_id": played.campaign.pk,
        "seller_id": row.pk,
        "actor": owner,
    }
    with pytest.raises(ReasonMissing):
        seller_decide(**who, state="active", reason=" ")
    with pytest.raises(DecisionGone):
        seller_decide(**who, state="stopped", reason="不行")
    seller_decide(**who, state="active", reason="老用户")
    assert row.code in phone.get(home).content.decode()
    seller = Seller.objects.select_related("distribution__campaign").get()
    theirs = page_path(seller_token(campaign=played.campaign, seller=seller))
    friend = make_customer(tenant=scope, name="新朋友")
    shown = phone_of(app, external=friend.external_userid).get(theirs).content.decode()
    assert f"https://shop.example.com/year?from=wechat&amp;distributor={row.code}" in shown
    assert "豆**妈" in shown
    assert "豆豆妈妈" not in shown
    phone.get(theirs)
    phone_of(app, external="wm-unknown").get(theirs)
    assert [one.customer_id for one in SellerTouch.objects.all()] == [friend.pk]
    frozen.move(minutes=1)
    buys(tenant=scope, buyer=friend, number="F1")
    mine = phone.get(home).content.decode()
    assert "新*友" in mine
    assert "¥20" in mine
    for other in ({"staff": "linxiao"}, {"external": "wm-unknown"}, {"external": "", "agent": "curl"}):
        assert phone_of(app, **other).post(home, {}).status_code == 409
    assert Seller.objects.count() == 1


def test_an_operator_sets_terms_a_leader_switches_on_and_everybody_sees_why(
    scope: Tenant, owner: Actor, client: Client, frozen: MovableClock
) -> None:
    played, _row = make_distribution(tenant=scope, owner=owner, is_on=False, is_started=False)

    def url(name: str, **kwargs: Any) -> str:
        return reverse(
            f"campaigns:{name}", kwargs={"tenant_slug": scope.slug, "pk": played.campaign.pk, **kwargs}
        )

    assert url("distribution") in client.get(url("step", step="play")).text
    assert "还没开通" in client.get(url("distribution")).text
    assert 'value="100"' in client.get(url("distribution")).text
    form: dict[str, Any] = {
        "commission": played.prizes[0].pk, "min_order": "100", "refund_days": "7", "touch_days": "7", "bonus": "",
        "bonus_orders": "2", "shop_url": "", "takes_requests": "on",
    }  # fmt: skip
    assert client.post(url("distribution"), {**form, "refund_days": "0"}).status_code == 422
    assert client.post(url("distribution"), {**form, "bonus": form["commission"]}).status_code == 422
    assert client.post(url("distribution"), form).status_code == 302
    ticks = {"one_level": "on", "no_fee": "on", "no_recruiting": "on", "note": NOTE}
    assert client.post(url("distribution_switch"), {**ticks, "no_fee": ""}).status_code == 422
    assert client.post(url("distribution_switch"), ticks).status_code in (200, 204, 302)
    assert NOTE in client.get(url("distribution")).text
    campaign_start(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    found = client.get(url("seller_new"), {"q": "豆豆"}).text
    assert "豆豆妈妈" in found
    assert client.post(url("seller_new"), {"customer": played.people[0].pk}).status_code == 302
    assert client.post(url("seller_new"), {"customer": "-1"}).status_code in (404, 409)
    frozen.move(minutes=1)
    code = Seller.objects.get().code
    buys(tenant=scope, buyer=make_customer(tenant=scope, name="买家"), number="C1", code=code)
    buys(tenant=scope, buyer=played.people[0], number="C2", code=code)
    page = client.get(url("distribution")).text
    assert "分销员自己下的单" in page
    assert "¥198" in page
    assert "豆豆妈妈" in client.get(url("sellers")).text
    rows = client.get(url("sales"), {"reason": "DIST-01"}).text
    assert "C2" in rows
    assert "C1" not in rows
    with pytest.raises(CampaignFixed):
        distribution_remove(tenant=scope, campaign_id=played.campaign.pk, actor=owner)
    copy = distribution_of(campaign=campaign_clone(tenant=scope, campaign_id=played.campaign.pk, actor=owner))
    assert copy is not None
    assert (copy.switched_on_at, copy.note, copy.refund_days) == (None, "", 7)


def test_only_members_are_named_and_a_second_request_is_the_first(scope: Tenant, owner: Actor) -> None:
    played, row = make_distribution(tenant=scope, owner=owner)
    with pytest.raises(PersonNotInGroups):
        seller_name(
            tenant=scope,
            campaign_id=played.campaign.pk,
            customer_id=make_customer(tenant=scope).pk,
            actor=owner,
        )
    first = seller_ask(distribution=row, person_id=played.people[0].pk)
    assert seller_ask(distribution=row, person_id=played.people[0].pk) == first
    named = seller_name(
        tenant=scope, campaign_id=played.campaign.pk, customer_id=played.people[0].pk, actor=owner
    )
    assert (named.pk, named.state) == (first.pk, SellerState.ACTIVE)


@given(
    looks=st.lists(st.tuples(st.integers(1, 5), st.integers(-200, 50)), max_size=12), days=st.integers(1, 10)
)
def test_the_first_look_within_the_window_brings_the_order(looks: list[tuple[int, int]], days: int) -> None:
    touches = [Touched(who, BEGAN + timedelta(hours=hour)) for who, hour in looks]
    found = first_touch(touches, ordered_at=BEGAN, window=timedelta(days=days))
    good = [one for one in touches if BEGAN - timedelta(days=days) < one.at <= BEGAN]
    assert (found is None) == (not good)
    assert found is None or min(one.at for one in good) == min(
        one.at for one in good if one.seller_id == found
    )


def test_the_shop_gets_the_code_once_whatever_else_its_address_says() -> None:
    assert (
        shop_address("https://x.cn/a?b=1&distributor=OLD#c", "K7M2QX")
        == "https://x.cn/a?b=1&distributor=K7M2QX#c"
    )
    assert shop_address("https://x.cn/a", "K7M2QX") == "https://x.cn/a?distributor=K7M2QX"
