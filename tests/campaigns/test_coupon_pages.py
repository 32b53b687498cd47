"""The pages of coupons: planned in a drawer, listed, redeemed on the phone and in the console, by the right people."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.enums.coupons import CouponState
from campaigns.models import Coupon, CouponOffer, Prize
from campaigns.policies.coupons import code_make, code_shown
from campaigns.selectors.coupons import coupon_state
from campaigns.services.coupons import coupon_claim, coupon_viewed
from campaigns.services.redeeming import coupon_redeem
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.campaigns import Played, coupon_wish, make_campaign
from tests.factories.contacts import make_order
from tests.factories.team import make_staff
from tests.factories.tenants import make_member, make_user
from tests.phone import hold_phone

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
HTMX = {"HX-Request": "true"}
DRAWER = {
    "name": "年课券🎟", "kind": "amount", "off_yuan": "100", "threshold_yuan": "1980", "valid": "days",
    "valid_days": "3", "stock": "40", "per_person": "1",
}  # fmt: skip


@pytest.fixture
def client(tenant: Tenant, frozen: MovableClock) -> Client:
    made = Client()
    made.force_login(User.objects.get(email="lin@example.com"))
    return made


@pytest.fixture
def draft(tenant: Tenant, owner: Actor, client: Client) -> Played:
    with tenant_scope(tenant):
        return make_campaign(tenant=tenant, actor=owner, prizes=[], is_started=False)


@pytest.fixture
def played(tenant: Tenant, owner: Actor, client: Client) -> Played:
    with tenant_scope(tenant):
        return make_campaign(tenant=tenant, actor=owner, prizes=[], coupons=[coupon_wish()], people=6)


@pytest.fixture
def take(tenant: Tenant, played: Played) -> Callable[[int], Coupon]:
    def make(person: int) -> Coupon:
        with tenant_scope(tenant):
            offer = CouponOffer.objects.get()
            return coupon_claim(
                tenant=tenant, offer_id=offer.pk, customer_id=played.people[person].pk, number=1
            )

    return make


@pytest.fixture
def phone(tenant: Tenant, played: Played) -> Client:
    with tenant_scope(tenant):
        staff = make_staff(tenant=tenant, name="何静")
    return hold_phone(tenant, staff, "zh-hans")


def _url(tenant: Tenant, name: str, **kwargs: Any) -> str:
    return reverse(f"campaigns:{name}", kwargs={"tenant_slug": tenant.slug, **kwargs})


def _phone_url(tenant: Tenant, **kwargs: Any) -> str:
    name = "campaigns_phone:redeem_code" if kwargs else "campaigns_phone:redeem"
    return reverse(name, kwargs={"phone_slug": tenant.slug, **kwargs})


def _file(answer: Any) -> str:
    return b"".join(answer.streaming_content).decode()


def _state(tenant: Tenant, coupon: Coupon) -> CouponState:
    with tenant_scope(tenant):
        return coupon_state(Coupon.objects.select_related("award").get(pk=coupon.pk), clock.now())


def test_a_coupon_is_added_to_a_draft_changed_and_removed(
    client: Client, tenant: Tenant, draft: Played
) -> None:
    new = _url(tenant, "offer_new", pk=draft.campaign.pk)
    assert "添加优惠券" in client.get(new, headers=HTMX).text
    client.post(new, DRAWER, headers=HTMX)
    with tenant_scope(tenant):
        offer = CouponOffer.objects.select_related("prize").get()
        assert (offer.off_fen, offer.threshold_fen, offer.prize.unit_fen) == (10_000, 198_000, 10_000)
    step = client.get(_url(tenant, "step", pk=draft.campaign.pk, step="prizes")).text
    change = _url(tenant, "offer", pk=draft.campaign.pk, prize_pk=offer.prize_id)
    assert change in step
    assert 'value="1980"' in client.get(change, headers=HTMX).text
    plain = _url(tenant, "prize", pk=draft.campaign.pk, prize_pk=offer.prize_id)
    assert client.get(plain, headers=HTMX).status_code == 404
    client.post(
        change, DRAWER | {"kind": "percent", "off_percent": "20", "off_most_yuan": "50"}, headers=HTMX
    )
    with tenant_scope(tenant):
        offer.refresh_from_db()
        assert (offer.kind, offer.off_percent, offer.off_fen) == ("percent", 20, 0)
    client.post(_url(tenant, "prize_remove", pk=draft.campaign.pk, prize_pk=offer.prize_id), headers=HTMX)
    with tenant_scope(tenant):
        assert (CouponOffer.objects.count(), Prize.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"off_yuan": ""}, "off_yuan"), ({"off_yuan": "-5"}, "off_yuan"), ({"off_yuan": "9" * 30}, "off_yuan"),
        ({"kind": "percent", "off_percent": "150"}, "off_percent"), ({"kind": "gift"}, "gift"),
        ({"valid_days": ""}, "valid_days"), ({"valid_days": "400"}, "valid_days"), ({"valid": "span"}, "valid_from"),
        ({"valid": "span", "valid_from": "2026-11-26T20:00", "valid_until": "2026-11-25T20:00"}, "valid_until"),
        ({"stock": "0"}, "stock"), ({"per_person": "99"}, "per_person"), ({"name": "券" * 41}, "name"),
        ({"url": "javascript:alert(1)"}, "url"),
    ],
)  # fmt: skip
def test_a_drawer_says_at_the_field_what_is_wrong(
    client: Client, tenant: Tenant, draft: Played, changed: dict, field: str
) -> None:
    answer = client.post(_url(tenant, "offer_new", pk=draft.campaign.pk), DRAWER | changed, headers=HTMX)
    assert (answer.status_code, f'id="id_{field}-error"' in answer.text) == (422, True)
    with tenant_scope(tenant):
        assert not CouponOffer.objects.exists()


def test_the_list_shows_how_far_each_came_and_whom_to_talk_to(
    client: Client, tenant: Tenant, owner: Actor, played: Played, take: Callable[[int], Coupon]
) -> None:
    looked, used, _idle = take(0), take(1), take(2)
    with tenant_scope(tenant):
        coupon_viewed(tenant=tenant, coupon=looked)
        coupon_redeem(tenant=tenant, raw=used.code, order_no="NO-88", actor=owner)
    here = _url(tenant, "coupons", pk=played.campaign.pk)
    page = client.get(here).text
    assert all(word in page for word in ("年课券", "NO-88", "看过没用", f"… {looked.code[-4:]}"))
    assert looked.code not in page  # the whole code is the person's
    assert code_shown(looked.code) not in page
    seen = _file(client.get(here, {"state": "seen", "export": "csv"}))
    assert (str(played.people[0]) in seen, seen.count("\n")) == (True, 2)
    assert _file(client.get(here, {"state": "used", "export": "csv"})).count("NO-88") == 1


def test_a_code_is_scanned_on_the_phone_and_redeemed_once(
    phone: Client, tenant: Tenant, played: Played, take: Callable[[int], Coupon]
) -> None:
    coupon = take(0)
    found = phone.get(_phone_url(tenant), {"code": code_shown(coupon.code).lower()})
    there = _phone_url(tenant, code=code_shown(coupon.code))
    assert (found.status_code, found["Location"]) == (302, there)
    page = phone.get(there).text
    assert all(word in page for word in (str(played.people[0]), "年课券", "¥100"))
    assert _state(tenant, coupon) == CouponState.OPEN  # looking redeems nothing
    done = phone.post(there, {"order_no": "NO-7"})
    assert (done.status_code, _state(tenant, coupon)) == (302, CouponState.USED)
    again = phone.post(there, {"order_no": ""})
    assert (again.status_code, "COUPON-15" in again.text, "何静" in again.text) == (409, True, True)
    with tenant_scope(tenant):
        assert Coupon.objects.get(pk=coupon.pk).order_no == "NO-7"


def test_the_phone_says_what_is_wrong_with_a_code(
    phone: Client, tenant: Tenant, take: Callable[[int], Coupon], frozen: MovableClock
) -> None:
    coupon = take(0)
    for raw, code in (("4827 9136", "COUPON-11"), ("😀" * 90, "COUPON-11"), (code_make(7), "COUPON-12")):
        answer = phone.get(_phone_url(tenant), {"code": raw})
        assert (answer.status_code, code in answer.text) == (404, True)
    assert phone.post(_phone_url(tenant, code=code_make(7)), {"order_no": ""}).status_code == 404
    long = phone.post(_phone_url(tenant, code=coupon.code), {"order_no": "9" * 500})
    assert (long.status_code, _state(tenant, coupon)) == (422, CouponState.OPEN)
    frozen.move(days=9)
    late = phone.get(_phone_url(tenant, code=coupon.code))
    assert ("COUPON-14" in late.text, 'id="q-redeem"' in late.text) == (True, False)


def test_an_order_of_somebody_else_is_refused_on_the_page_and_the_number_stays(
    phone: Client, tenant: Tenant, played: Played, take: Callable[[int], Coupon]
) -> None:
    coupon = take(0)
    with tenant_scope(tenant):
        make_order(tenant=tenant, customer=played.people[1], order_no="THEIRS")
    answer = phone.post(_phone_url(tenant, code=coupon.code), {"order_no": "THEIRS"})
    assert (answer.status_code, "COUPON-19" in answer.text, 'value="THEIRS"' in answer.text) == (
        409,
        True,
        True,
    )
    assert _state(tenant, coupon) == CouponState.OPEN


def test_a_coupon_of_another_company_is_not_redeemed(
    tenant: Tenant, other_tenant: Tenant, take: Callable[[int], Coupon]
) -> None:
    coupon = take(0)
    with tenant_scope(other_tenant):
        stranger = hold_phone(other_tenant, make_staff(tenant=other_tenant))
    there = _phone_url(other_tenant, code=coupon.code)
    answers = [stranger.get(there), stranger.post(there, {"order_no": ""})]
    assert [(one.status_code, "COUPON-12" in one.text) for one in answers] == [(404, True)] * 2
    assert _state(tenant, coupon) == CouponState.OPEN


def test_the_console_redeems_too_and_only_a_leader_takes_it_back(
    client: Client, tenant: Tenant, played: Played, take: Callable[[int], Coupon]
) -> None:
    coupon = take(0)
    found = client.get(_url(tenant, "redeem"), {"code": coupon.code})
    there = _url(tenant, "redeem_code", code=code_shown(coupon.code))
    assert found["Location"] == there
    assert str(played.people[0]) in client.get(there).text
    client.post(there, {"order_no": ""})
    assert _state(tenant, coupon) == CouponState.USED
    again = client.post(there, {"order_no": ""})
    assert (again.status_code, "COUPON-15" in again.text) == (409, True)
    undo = _url(tenant, "coupon_undo", pk=played.campaign.pk, coupon_pk=coupon.pk)
    person = make_user()
    with tenant_scope(tenant):
        make_member(tenant=tenant, role=Role.OPERATOR, user=person)
    operator = Client()
    operator.force_login(person)
    assert operator.post(undo, {"reason": "核错人"}, headers=HTMX).status_code == 403
    assert client.post(undo, {"reason": ""}, headers=HTMX).status_code == 422
    assert _state(tenant, coupon) == CouponState.USED
    assert client.post(undo, {"reason": "核错人"}, headers=HTMX).status_code == 204
    assert _state(tenant, coupon) == CouponState.OPEN


def test_a_viewer_redeems_nothing(tenant: Tenant, take: Callable[[int], Coupon]) -> None:
    coupon = take(0)
    with tenant_scope(tenant):
        member = make_member(tenant=tenant, role=Role.VIEWER)
        phone = hold_phone(tenant, make_staff(tenant=tenant, membership=member))
    assert 'id="q-redeem"' not in phone.get(_phone_url(tenant, code=coupon.code)).text
    assert phone.post(_phone_url(tenant, code=coupon.code), {"order_no": ""}).status_code == 403
    assert _state(tenant, coupon) == CouponState.OPEN


def test_the_list_costs_the_same_for_many(
    client: Client, tenant: Tenant, played: Played, take: Callable[[int], Coupon],
    django_assert_max_num_queries: Callable[..., Any],
) -> None:  # fmt: skip
    for number in range(6):
        take(number)
    with django_assert_max_num_queries(25):
        assert client.get(_url(tenant, "coupons", pk=played.campaign.pk)).status_code == 200
