"""Coupons as a play: the wizard and the tabs know them, their dates fit the campaign's, and My prizes leads to each."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime
from hypothesis import given
from hypothesis import strategies as st

from campaigns.enums import Missing
from campaigns.enums.coupons import VALID_DAYS_MOST, SpanFault
from campaigns.errors import CampaignInvalid
from campaigns.models import Campaign, CouponOffer
from campaigns.policies.coupons import span_fault
from campaigns.selectors.frame import missing_of
from campaigns.selectors.pages import KEPT, coupon_path, home_token, page_path
from campaigns.services.coupons import coupon_claim, offer_save
from campaigns.services.frame import campaign_set_place
from campaigns.services.redeeming import coupon_redeem
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import phone_of
from tests.conftest import MovableClock
from tests.factories.campaigns import coupon_wish, make_campaign

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def client(client: Client, owner: Actor) -> Client:
    client.force_login(User.objects.get(pk=owner.id))
    return client


def _url(tenant: Tenant, name: str, pk: int, **kwargs: Any) -> str:
    return reverse(f"campaigns:{name}", kwargs={"tenant_slug": tenant.slug, "pk": pk, **kwargs})


def test_the_wizard_and_the_tabs_know_coupons(scope: Tenant, owner: Actor, client: Client) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False)
    pk = played.campaign.pk
    coupons = _url(scope, "coupons", pk)
    assert coupons in client.get(_url(scope, "step", pk, step="play")).text
    assert coupons not in client.get(_url(scope, "detail", pk)).text
    assert "还没有优惠券" in client.get(coupons).text
    offer_save(tenant=scope, campaign_id=pk, wish=coupon_wish(), actor=owner)
    assert coupons in client.get(_url(scope, "detail", pk)).text
    assert "年课券" in client.get(coupons).text


@pytest.mark.parametrize(
    ("days", "said"), [(-0.5, "活动还没开始，券就过期了"), (7 + 62, "只保留到活动结束后 60 天"), (7 + 60, "")]
)
def test_the_form_says_at_the_field_when_a_span_does_not_fit(
    scope: Tenant, owner: Actor, client: Client, days: float, said: str
) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False)
    until = localtime(clock.now() + timedelta(days=days))
    drawer = {
        "name": "年课券", "kind": "amount", "off_yuan": "100", "valid": "span", "stock": "4", "per_person": "1",
        "valid_from": f"{until - timedelta(days=90):%Y-%m-%dT%H:%M}", "valid_until": f"{until:%Y-%m-%dT%H:%M}",
    }  # fmt: skip
    answer = client.post(_url(scope, "offer_new", played.campaign.pk), drawer, headers=HTMX)
    assert said in answer.text
    assert CouponOffer.objects.exists() == (not said)
    wish = coupon_wish(
        valid_days=None, valid_from=until - timedelta(days=90), valid_until=until, name="另一张"
    )
    if said:
        with pytest.raises(CampaignInvalid):
            offer_save(tenant=scope, campaign_id=played.campaign.pk, wish=wish, actor=owner)


def test_dates_that_move_after_the_span_was_set_keep_the_campaign_from_its_start(
    scope: Tenant, owner: Actor, client: Client
) -> None:
    played = make_campaign(tenant=scope, actor=owner, is_started=False)
    now, who = clock.now(), {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    offer_save(**who, wish=coupon_wish(valid_days=None, valid_from=now, valid_until=now + timedelta(days=3)))
    assert missing_of(campaign=played.campaign) == []
    later = {"starts_at": now + timedelta(days=4), "ends_at": now + timedelta(days=9)}
    campaign_set_place(**who, group_ids=[played.group.pk], **later)
    assert missing_of(campaign=Campaign.objects.get(pk=played.campaign.pk)) == [Missing.COUPON]
    assert "CAMP-19" in client.get(_url(scope, "detail", played.campaign.pk)).text


def test_my_prizes_leads_to_each_coupon_and_says_where_it_stands(scope: Tenant, owner: Actor) -> None:
    played = make_campaign(
        tenant=scope, actor=owner, prizes=[], coupons=[coupon_wish(), coupon_wish(name="小券")]
    )
    person = played.people[0]
    first, second = CouponOffer.objects.order_by("pk")
    for one in (first, second):
        made = coupon_claim(tenant=scope, offer_id=one.pk, customer_id=person.pk, number=1)
    coupon_redeem(tenant=scope, raw=made.code, order_no="", actor=owner)
    phone = phone_of(played.group.app, external=person.external_userid)
    page = phone.get(page_path(home_token(played.campaign), "prizes")).content.decode()
    for one in (first, second):
        there = coupon_path(campaign=played.campaign, offer_id=one.pk)
        assert f'href="{there}"' in page
        assert phone.get(there).status_code == 200
    assert "还没用，" in page
    assert "已使用" in page
    home = phone.get(page_path(home_token(played.campaign))).content.decode()
    assert home.count(coupon_path(campaign=played.campaign, offer_id=first.pk)) == 1


@given(until=st.integers(-400, 4_000), start=st.integers(-200, 200), length=st.integers(1, 400))
def test_a_span_ends_after_the_start_and_while_its_page_is_there(until: int, start: int, length: int) -> None:
    now = clock.now()
    at = {"starts_at": now + timedelta(hours=start), "ends_at": now + timedelta(hours=start + length)}
    found = span_fault(now + timedelta(hours=until), **at, kept=KEPT)
    is_late = until > start + length + 24 * KEPT.days
    assert found == (SpanFault.EARLY if until <= start else SpanFault.LATE if is_late else None)
    assert span_fault(None, **at, kept=KEPT) is None
    assert KEPT.days > VALID_DAYS_MOST
