"""Coupons: planned, taken, opened, used once, taken back, expired; piece and money follow in the ledger."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from campaigns.enums import AccountKind, AwardState, PrizeKind, Unit
from campaigns.enums.coupons import CouponState, OfferKind
from campaigns.errors import (
    AwardByCode,
    BudgetSpent,
    CampaignFixed,
    CampaignInvalid,
    CampaignUnsettled,
    CouponClosed,
    CouponExpired,
    CouponForeign,
    CouponNotUsed,
    CouponNotYet,
    CouponRefused,
    CouponTakenBack,
    CouponUnknown,
    CouponUsed,
    NotFirstOrder,
    OrderHasCoupon,
    OrderOfSomebodyElse,
    OrderTooSmall,
    ReasonMissing,
    StockOut,
)
from campaigns.models import Account, Award, Coupon, CouponOffer, Entry, Prize
from campaigns.policies.coupons import code_make, code_shown
from campaigns.selectors.coupons import coupon_state, steps_of
from campaigns.selectors.ledger import unbalanced
from campaigns.services.awards import award_by_hand, award_hand_over, award_take_back
from campaigns.services.coupons import coupon_claim, coupon_viewed, coupons_expire, offer_save
from campaigns.services.frame import PrizeWish, campaign_clone, prize_save
from campaigns.services.life import campaign_end, campaign_review
from campaigns.services.redeeming import coupon_redeem, coupon_redeem_undo
from contacts.models import Behaviour, Customer, Order
from contacts.services.personal import erasure_ask, erasure_run
from groups.models import Member
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.campaigns import Played, coupon_wish, make_campaign
from tests.factories.contacts import make_customer, make_order
from tests.parallel import in_parallel

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
OPERATOR = Actor(kind="user", id=None, name="小陈", permissions=PERMISSIONS[Role.OPERATOR])
SALES = Actor(kind="staff", id=1, name="小李", permissions=PERMISSIONS[Role.SALES])


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


def _played(tenant: Tenant, owner: Actor, **fields: Any) -> Played:
    named = {name: fields.pop(name) for name in ("people", "budget_fen", "is_started") if name in fields}
    return make_campaign(tenant=tenant, actor=owner, prizes=[], coupons=[coupon_wish(**fields)], **named)


def _claim(played: Played, person: int = 0, number: int = 1) -> Coupon:
    tenant = played.campaign.tenant
    offer = CouponOffer.objects.get(prize__campaign=played.campaign)
    return coupon_claim(tenant=tenant, offer_id=offer.pk, customer_id=played.people[person].pk, number=number)


def _redeem(coupon: Coupon, order_no: str = "", actor: Actor = SALES) -> Coupon:
    return coupon_redeem(tenant=coupon.tenant, raw=coupon.code, order_no=order_no, actor=actor)


def _money(kind: AccountKind) -> int:
    return sum(Account.objects.filter(kind=kind, unit=Unit.FEN).values_list("balance", flat=True))


def _state(coupon: Coupon) -> CouponState:
    fresh = Coupon.objects.select_related("award").get(pk=coupon.pk)
    return coupon_state(fresh, clock.now())


def test_a_coupon_lives_from_taken_to_used_and_its_money_with_it(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played = _played(scope, owner)
    coupon = _claim(played)
    assert (_money(AccountKind.HELD), _money(AccountKind.SPENT)) == (10_000, 0)
    assert _state(coupon) == CouponState.OPEN
    frozen.move(hours=1)
    coupon_viewed(tenant=scope, coupon=coupon)
    coupon_viewed(tenant=scope, coupon=coupon)
    steps = steps_of(tenant_id=scope.pk, campaign_id=played.campaign.pk, now=clock.now())
    assert (steps.issued, steps.viewed, steps.used, steps.seen) == (1, 1, 0, 1)
    used = _redeem(coupon, " NO-88 ")
    assert (used.redeemed_by, used.order_no, _state(coupon)) == ("小李", "NO-88", CouponState.USED)
    assert (_money(AccountKind.HELD), _money(AccountKind.SPENT)) == (0, 10_000)
    steps = steps_of(tenant_id=scope.pk, campaign_id=played.campaign.pk, now=clock.now())
    assert (steps.issued, steps.viewed, steps.used, steps.seen) == (1, 1, 1, 0)
    acts = list(
        Behaviour.objects.filter(source="campaigns").order_by("pk").values_list("kind", "object_title")
    )
    assert acts == [("coupon", "年课券"), ("coupon_view", "年课券"), ("coupon", "年课券")]
    assert unbalanced(tenant_id=scope.pk) == []


def test_a_second_tap_and_a_second_tab_give_the_same_coupon(scope: Tenant, owner: Actor) -> None:
    played = _played(scope, owner)
    first, again = _claim(played), _claim(played)
    assert (first.pk, Award.objects.count()) == (again.pk, 1)
    with pytest.raises(CouponRefused) as refused:
        _claim(played, number=2)
    assert refused.value.code == "COUPON-04"
    assert Award.objects.count() == 1


def test_each_person_gets_so_many_by_whatever_record(scope: Tenant, owner: Actor) -> None:
    played = _played(scope, owner, per_person=2)
    assert _claim(played, number=1).pk != _claim(played, number=2).pk
    with pytest.raises(CouponRefused):
        _claim(played, number=3)
    other = make_customer(tenant=scope, name="豆豆妈妈小号")
    Customer.objects.filter(pk=other.pk).update(person_id=played.people[0].pk)
    offer = CouponOffer.objects.get()
    with pytest.raises(CouponRefused):
        coupon_claim(tenant=scope, offer_id=offer.pk, customer_id=other.pk, number=4)


def test_stock_and_budget_hold(scope: Tenant, owner: Actor) -> None:
    played = _played(scope, owner, stock=1)
    _claim(played, 0)
    with pytest.raises(StockOut):
        _claim(played, 1)
    poor = _played(scope, owner, budget_fen=15_000)
    offer = CouponOffer.objects.get(prize__campaign=poor.campaign)
    for number, person in enumerate(poor.people[:2]):
        give = {"tenant": scope, "offer_id": offer.pk, "customer_id": person.pk, "number": 1}
        if number:
            with pytest.raises(BudgetSpent):
                coupon_claim(**give)
        else:
            coupon_claim(**give)
    assert Coupon.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "days", "ordered", "left", "code"),
    [
        ({"joined_days": 3}, 2, False, False, ""),
        ({"joined_days": 3}, 4, False, False, "COUPON-02"),
        ({"is_first_order": True}, 30, False, False, ""),
        ({"is_first_order": True}, 30, True, False, "COUPON-03"),
        ({}, 30, True, False, ""),
        ({}, 1, False, True, "COUPON-01"),
    ],
)
def test_only_those_it_is_for_get_one(
    scope: Tenant, owner: Actor, fields: dict, days: int, ordered: bool, left: bool, code: str
) -> None:
    played = _played(scope, owner, **fields)
    joined = clock.now() - timedelta(days=days)
    Member.objects.filter(customer=played.people[0]).update(
        joined_at=joined, left_at=clock.now() if left else None
    )
    if ordered:
        make_order(tenant=scope, customer=played.people[0])
    if not code:
        assert _claim(played).customer_id == played.people[0].pk
        return
    with pytest.raises(CouponRefused) as refused:
        _claim(played)
    assert (refused.value.code, Award.objects.count(), Entry.objects.filter(reason="held").count()) == (
        code,
        0,
        0,
    )


def test_who_leaves_and_comes_back_is_no_newcomer(scope: Tenant, owner: Actor, frozen: MovableClock) -> None:
    played = _played(scope, owner, joined_days=3)
    spell = Member.objects.get(customer=played.people[0])
    Member.objects.filter(pk=spell.pk).update(
        joined_at=clock.now() - timedelta(days=9), left_at=clock.now() - timedelta(days=1)
    )
    Member.objects.create(
        tenant=scope,
        group=played.group,
        userid=spell.userid,
        customer=played.people[0],
        joined_at=clock.now(),
    )
    with pytest.raises(CouponRefused) as refused:
        _claim(played)
    assert refused.value.code == "COUPON-02"


def test_an_operator_gives_one_under_the_same_rule_and_hands_none_over(scope: Tenant, owner: Actor) -> None:
    played = _played(scope, owner, is_first_order=True)
    give: dict[str, Any] = {
        "tenant": scope, "campaign_id": played.campaign.pk, "prize_id": played.prizes[0].pk, "note": "第一次来",
        "actor": OPERATOR,
    }  # fmt: skip
    award = award_by_hand(**give, customer_id=played.people[0].pk, key="a")
    coupon = Coupon.objects.get(award=award)
    with pytest.raises(AwardByCode):
        award_hand_over(tenant=scope, award_id=award.pk, proof="给了", actor=SALES)
    assert _state(coupon) == CouponState.OPEN
    make_order(tenant=scope, customer=played.people[1])
    with pytest.raises(CouponRefused):
        award_by_hand(**give, customer_id=played.people[1].pk, key="b")


def test_a_wrong_a_foreign_a_used_and_an_expired_code_have_answers_of_their_own(
    other_tenant: Tenant, tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        code = _claim(_played(tenant, owner)).code
    with tenant_scope(other_tenant), pytest.raises(CouponForeign):
        coupon_redeem(tenant=other_tenant, raw=code, order_no="", actor=SALES)
    with tenant_scope(tenant):
        redeem = {"order_no": "", "actor": SALES}
        wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
        for raw in (wrong, "", "😀" * 300, "4827 9136", "' or 1=1 --", "\x00"):
            with pytest.raises(CouponUnknown):
                coupon_redeem(tenant=tenant, raw=raw, **redeem)
        for raw in (code_make(1), f"https://x/m/somebody/coupons/{code}/"):
            with pytest.raises(CouponForeign):
                coupon_redeem(tenant=tenant, raw=raw, **redeem)
        frozen.move(days=3, hours=23)
        with pytest.raises(CouponExpired):
            coupon_redeem(tenant=tenant, raw=code, **redeem)
        assert _money(AccountKind.SPENT) == 0


def test_a_coupon_of_tomorrow_says_from_when(scope: Tenant, owner: Actor, frozen: MovableClock) -> None:
    now = clock.now()
    played = _played(
        scope, owner, valid_days=None, valid_from=now + timedelta(days=1), valid_until=now + timedelta(days=2)
    )
    coupon = _claim(played)
    with pytest.raises(CouponNotYet) as refused:
        _redeem(coupon)
    assert "%" not in str(refused.value.message)
    frozen.move(days=1)
    assert _redeem(coupon).redeemed_at == clock.now()


def test_a_used_coupon_says_when_and_by_whom(scope: Tenant, owner: Actor) -> None:
    coupon = _claim(_played(scope, owner))
    coupon_redeem(tenant=scope, raw=code_shown(coupon.code).lower(), order_no="", actor=SALES)
    with pytest.raises(CouponUsed) as refused:
        _redeem(coupon, actor=OPERATOR)
    assert "小李" in str(refused.value.message)
    assert Entry.objects.filter(reason="spent").count() == 2


def test_a_coupon_is_used_on_an_order_of_the_person_that_is_large_enough(scope: Tenant, owner: Actor) -> None:
    played = _played(scope, owner)
    mine, theirs = _claim(played, 0), _claim(played, 1)
    make_order(tenant=scope, customer=played.people[1], order_no="THEIRS")
    make_order(tenant=scope, customer=played.people[0], order_no="SMALL", amount_fen=187_999)
    make_order(tenant=scope, customer=played.people[0], order_no="RIGHT", amount_fen=188_000)
    with pytest.raises(OrderOfSomebodyElse):
        _redeem(mine, "THEIRS")
    with pytest.raises(OrderTooSmall):
        _redeem(mine, "SMALL")
    assert _redeem(mine, "RIGHT").order_no == "RIGHT"
    Order.objects.filter(order_no="RIGHT").update(customer=played.people[1])
    with pytest.raises(OrderHasCoupon):
        _redeem(theirs, "RIGHT")
    assert (_state(theirs), _money(AccountKind.SPENT)) == (CouponState.OPEN, 10_000)
    assert unbalanced(tenant_id=scope.pk) == []


def test_a_first_order_coupon_is_not_used_on_a_second_one(scope: Tenant, owner: Actor) -> None:
    played = _played(scope, owner, is_first_order=True)
    coupon = _claim(played)
    make_order(tenant=scope, customer=played.people[0], order_no="FIRST")
    with pytest.raises(NotFirstOrder):
        _redeem(coupon)
    with pytest.raises(NotFirstOrder):
        _redeem(coupon, "SECOND")
    assert _redeem(coupon, "FIRST").order_no == "FIRST"


def test_a_leader_takes_a_redemption_back_with_a_reason_and_it_can_be_used_again(
    scope: Tenant, owner: Actor
) -> None:
    coupon = _claim(_played(scope, owner))
    undo = {"tenant": scope, "coupon_id": coupon.pk}
    with pytest.raises(CouponNotUsed):
        coupon_redeem_undo(**undo, reason="核错人", actor=owner)
    for _round in range(3):
        _redeem(coupon, "NO-1")
        with pytest.raises(NotPermitted):
            coupon_redeem_undo(**undo, reason="核错人", actor=OPERATOR)
        with pytest.raises(ReasonMissing):
            coupon_redeem_undo(**undo, reason="  ", actor=owner)
        coupon_redeem_undo(**undo, reason="核错人", actor=owner)
        assert (_state(coupon), _money(AccountKind.HELD), _money(AccountKind.SPENT)) == (
            CouponState.OPEN,
            10_000,
            0,
        )
    assert _redeem(coupon).turns == 3
    assert _money(AccountKind.SPENT) == 10_000
    assert unbalanced(tenant_id=scope.pk) == []
    told = AuditEntry.objects.filter(verb="campaigns.coupon.redemption_undone")
    assert set(told.values_list("reason", flat=True)) == {"核错人"}


def test_what_nobody_uses_expires_and_gives_piece_and_money_back(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played = _played(scope, owner, stock=1)
    coupon = _claim(played)
    assert coupons_expire(tenant=scope) == 0
    frozen.move(days=4)
    assert _state(coupon) == CouponState.EXPIRED
    assert [coupons_expire(tenant=scope), coupons_expire(tenant=scope)] == [1, 0]
    assert (_state(coupon), _money(AccountKind.HELD), Award.objects.get().state) == (
        CouponState.EXPIRED, 0, AwardState.RETURNED,
    )  # fmt: skip
    assert _claim(played, 1).pk  # the piece is free again
    with pytest.raises(CouponRefused):
        _claim(played, 0, number=2)  # but who let it expire had theirs
    assert unbalanced(tenant_id=scope.pk) == []


def test_what_was_taken_back_is_worth_nothing_and_the_person_may_get_another(
    scope: Tenant, owner: Actor
) -> None:
    played = _played(scope, owner)
    coupon = _claim(played)
    award_take_back(tenant=scope, award_id=coupon.award_id, reason="发错人", actor=OPERATOR)
    with pytest.raises(CouponTakenBack):
        _redeem(coupon)
    assert _claim(played, number=2).pk != coupon.pk


def test_the_books_close_only_when_every_coupon_is_settled_and_stay_closed(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played = _played(scope, owner)
    used, idle = _claim(played, 0), _claim(played, 1)
    _redeem(used)
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    campaign_end(**who, reason="提前收")
    with pytest.raises(CampaignUnsettled):
        campaign_review(**who, kept="a", changed="b")
    frozen.move(days=4)
    coupons_expire(tenant=scope)
    campaign_review(**who, kept="a", changed="b")
    with pytest.raises(CouponClosed):
        coupon_redeem_undo(tenant=scope, coupon_id=used.pk, reason="晚了", actor=owner)
    assert _state(idle) == CouponState.EXPIRED


@pytest.mark.parametrize(
    "fields",
    [
        {"off_fen": 0}, {"off_fen": -1}, {"off_fen": 10**15}, {"off_fen": 200_000}, {"threshold_fen": -5},
        {"kind": OfferKind.PERCENT, "off_percent": 100, "off_most_fen": 100},
        {"kind": OfferKind.PERCENT, "off_percent": 20}, {"kind": OfferKind.GIFT, "gift": "  "},
        {"valid_days": None}, {"valid_days": 0}, {"valid_days": 9_999}, {"per_person": 0}, {"per_person": 21},
        {"joined_days": 0}, {"stock": 0}, {"stock": 10**9}, {"name": "   "},
    ],
)  # fmt: skip
def test_a_coupon_that_makes_no_sense_is_not_kept(scope: Tenant, owner: Actor, fields: dict) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False)
    with pytest.raises(CampaignInvalid):
        offer_save(tenant=scope, campaign_id=played.campaign.pk, wish=coupon_wish(**fields), actor=owner)
    assert (CouponOffer.objects.count(), Prize.objects.count()) == (0, 1)


def test_what_customers_were_told_of_a_coupon_stays(scope: Tenant, owner: Actor) -> None:
    played = _played(scope, owner)
    change = {"tenant": scope, "campaign_id": played.campaign.pk, "prize_id": played.prizes[0].pk}
    with pytest.raises(CampaignFixed):
        offer_save(**change, wish=coupon_wish(off_fen=1), actor=owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        CouponOffer.objects.update(threshold_fen=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        CouponOffer.objects.all().delete()


def test_a_draft_changes_its_coupon_and_a_copy_offers_the_same(scope: Tenant, owner: Actor) -> None:
    now = clock.now()
    span = {"valid_days": None, "valid_from": now, "valid_until": now + timedelta(days=5)}
    played = _played(scope, owner, is_started=False, **span)
    where: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk}
    gift = coupon_wish(kind=OfferKind.GIFT, gift="绘本🎁", cost_fen=1_800, off_fen=0, **span)
    offer = offer_save(**where, wish=gift, actor=owner, prize_id=played.prizes[0].pk)
    assert (offer.off_fen, offer.gift, Prize.objects.get().unit_fen) == (0, "绘本🎁", 1_800)
    goods = PrizeWish(name="年课券", kind=PrizeKind.GOODS, unit_fen=1, stock=1)
    with pytest.raises(CampaignInvalid):
        prize_save(**where, prize_id=played.prizes[0].pk, wish=goods, actor=owner)
    copy = campaign_clone(**where, actor=owner)
    copied = CouponOffer.objects.get(prize__campaign=copy)
    assert (copied.gift, copied.valid_days, copied.valid_until) == ("绘本🎁", 5, None)


def test_an_erased_person_leaves_a_coupon_without_an_order(scope: Tenant, owner: Actor) -> None:
    played = _played(scope, owner)
    _redeem(_claim(played), "NO-9")
    who = played.people[0].pk
    ask = erasure_ask(tenant=scope, customer_id=who, typed="豆豆妈妈", reason="本人要求", actor=owner)
    erasure_run(tenant=scope, erasure_id=ask.pk)
    assert Coupon.objects.get().order_no == ""
    assert unbalanced(tenant_id=scope.pk) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_five_hundred_at_once_redeem_one_coupon_once(tenant: Tenant, owner: Actor) -> None:
    with tenant_scope(tenant):
        coupon = _claim(_played(tenant, owner))
    refused: list[str] = []

    def work(_number: int) -> None:
        for _try in range(20):
            with tenant_scope(tenant):
                try:
                    _redeem(coupon)
                except CouponUsed as error:
                    refused.append(error.code)

    in_parallel(25, work)
    assert len(refused) == 499
    with tenant_scope(tenant):
        assert Entry.objects.filter(reason="spent").count() == 2
        assert _money(AccountKind.SPENT) == 10_000
        assert AuditEntry.objects.filter(verb="campaigns.coupon.redeemed").count() == 1
        assert unbalanced(tenant_id=tenant.pk) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_sixty_at_once_take_ten_coupons_and_each_person_one(tenant: Tenant, owner: Actor) -> None:
    with tenant_scope(tenant):
        played = _played(tenant, owner, people=20, stock=10)
    refused: list[str] = []

    def work(number: int) -> None:
        with tenant_scope(tenant):
            try:
                _claim(played, number % 20, number=1 + number // 20)
            except (StockOut, CouponRefused) as error:
                refused.append(error.code)

    in_parallel(60, work)
    with tenant_scope(tenant):
        holders = list(Coupon.objects.values_list("customer_id", flat=True))
        assert (len(holders), len(set(holders)), len(refused)) == (10, 10, 50)
        assert unbalanced(tenant_id=tenant.pk) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_expiring_and_redeeming_at_once_ends_one_way(tenant: Tenant, owner: Actor) -> None:
    with tenant_scope(tenant):
        played = _played(tenant, owner)
        coupon = _claim(played)
        Coupon.objects.update(valid_until=clock.now() + timedelta(milliseconds=30))
    done: list[str] = []

    def work(number: int) -> None:
        with tenant_scope(tenant):
            try:
                if number % 2:
                    _redeem(coupon)
                    done.append("used")
                elif coupons_expire(tenant=tenant):
                    done.append("expired")
            except (CouponUsed, CouponExpired):
                pass

    in_parallel(20, work)
    with tenant_scope(tenant):
        coupons_expire(tenant=tenant)
        award = Award.objects.get()
        assert len(done) <= 1
        assert award.state in (AwardState.GIVEN, AwardState.RETURNED)
        assert unbalanced(tenant_id=tenant.pk) == []
