"""A coupon on a member's phone: taken once, shown with its code, and plain words for everybody who gets none."""

import base64
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from campaigns.models import Award, Campaign, Coupon, CouponOffer
from campaigns.policies.coupons import code_shown
from campaigns.selectors.pages import home_token, offer_token, page_path
from campaigns.services.life import campaign_pause
from campaigns.services.redeeming import coupon_redeem
from contacts.models import Behaviour
from groups.models import Member
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.campaigns.phones import phone_of
from tests.codes.qr import modules, text_of
from tests.conftest import MovableClock
from tests.factories.campaigns import Played, coupon_wish, make_campaign
from tests.factories.contacts import make_customer, make_order

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def played(tenant: Tenant, owner: Actor, frozen: MovableClock) -> Iterator[Played]:
    wish = coupon_wish(joined_days=3, is_first_order=True, stock=2, url="https://shop.example.com/year")
    with tenant_scope(tenant):
        yield make_campaign(tenant=tenant, actor=owner, prizes=[], coupons=[wish])


def _page() -> str:
    return page_path(offer_token(CouponOffer.objects.select_related("prize__campaign").get()))


def _member(played: Played, number: int = 0) -> Client:
    return phone_of(played.group.app, external=played.people[number].external_userid)


def test_a_newcomer_takes_a_coupon_with_two_taps_and_has_one(played: Played) -> None:
    phone, page = _member(played), _page()
    shown = phone.get(page)
    assert ('name="number" value="1"' in shown.text, "2 / 2" in shown.text) == (True, True)
    first, again = phone.post(page, {"number": "1"}), phone.post(page, {"number": "1"})
    assert (first.status_code, first["Location"], again.status_code) == (302, f"{page}?taken=1", 302)
    coupon = Coupon.objects.get()
    got = phone.get(first["Location"])
    assert code_shown(coupon.code) in got.text
    assert "https://shop.example.com/year" in got.text
    assert got["Cache-Control"] == "no-store"
    assert Coupon.objects.get().viewed_at is None  # taking it is not coming back to look at it
    third = phone.post(page, {"number": "2"})
    assert (third.status_code, Coupon.objects.count()) == (409, 1)


def test_coming_back_to_an_unused_coupon_is_told_to_those_who_follow_leads(
    played: Played, owner: Actor, frozen: MovableClock
) -> None:
    phone, page = _member(played), _page()
    phone.post(page, {"number": "1"})
    frozen.move(hours=2)
    phone.get(page)
    seen = Coupon.objects.get().viewed_at
    frozen.move(hours=2)
    phone.get(page)
    assert (seen is not None, Coupon.objects.get().viewed_at) == (True, seen)
    assert Behaviour.objects.filter(kind="coupon_view").count() == 1
    coupon_redeem(tenant=played.campaign.tenant, raw=Coupon.objects.get().code, order_no="", actor=owner)
    used = phone.get(page).text
    assert ("已使用" in used, 'class="q-h5-qr"' in used) == (True, False)


def test_the_code_on_the_page_leads_staff_to_the_counter(played: Played) -> None:
    phone, page = _member(played), _page()
    phone.post(page, {"number": "1"})
    picture = re.search(r'class="q-h5-qr" src="data:image/svg\+xml;base64,([^"]+)"', phone.get(page).text)
    assert picture
    there = text_of(modules(base64.b64decode(picture.group(1)).decode()))
    tenant, coupon = played.campaign.tenant, Coupon.objects.get()
    assert there == f"{settings.PUBLIC_URL}/m/{tenant.slug}/coupons/{code_shown(coupon.code)}/"


@pytest.mark.parametrize("who", ["old", "bought", "outside", "unknown", "browser", "staff", "paused", "gone"])
def test_who_gets_none_is_told_why_and_nothing_is_written(
    played: Played, owner: Actor, frozen: MovableClock, who: str
) -> None:
    tenant, person = played.campaign.tenant, played.people[0]
    phone = _member(played)
    if who == "old":
        Member.objects.filter(customer=person).update(joined_at=clock.now() - timedelta(days=4))
    elif who == "bought":
        make_order(tenant=tenant, customer=person)
    elif who == "outside":
        app = played.group.app
        phone = phone_of(app, external=make_customer(tenant=tenant, app=app, name="路人").external_userid)
    elif who == "unknown":
        phone = phone_of(played.group.app)
    elif who == "browser":
        phone = phone_of(played.group.app, agent="Mozilla/5.0")
    elif who == "staff":
        phone = phone_of(played.group.app, staff=played.staff.userid)
    elif who == "paused":
        campaign_pause(tenant=tenant, campaign_id=played.campaign.pk, is_paused=True, actor=owner)
    else:
        for number in (1, 2):
            _member(played, number).post(_page(), {"number": "1"})
    before = Award.objects.count()
    shown, sent = phone.get(_page()), phone.post(_page(), {"number": "1"})
    assert (shown.status_code, 'name="number"' in shown.text, "q-h5-say" in shown.text) == (200, False, True)
    assert (sent.status_code, Award.objects.count()) == (409, before)


@pytest.mark.parametrize("number", ["", "-1", "0", "99999999999999999999", "😀", "1' or 1=1", "²"])
def test_nonsense_takes_one_coupon_at_most(played: Played, number: str) -> None:
    phone, page = _member(played), _page()
    for _twice in range(2):
        assert phone.post(page, {"number": number}).status_code in (302, 409)
    assert Coupon.objects.count() == 1


def test_the_person_is_who_wecom_says_never_who_the_address_says(played: Played) -> None:
    phone, page = _member(played, 0), _page()
    other = played.people[1]
    claims = {"number": "1", "customer_id": other.pk, "external_userid": other.external_userid}
    phone.post(f"{page}?customer={other.pk}", claims)
    assert Coupon.objects.get().customer_id == played.people[0].pk
    assert Coupon.objects.get().code not in _member(played, 1).get(page).text.replace("-", "")


def test_the_campaigns_page_leads_to_its_coupons(played: Played) -> None:
    home = page_path(home_token(Campaign.objects.get(pk=played.campaign.pk)))
    assert f'href="{_page()}"' in _member(played).get(home).text
