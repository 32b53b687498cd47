"""Coupons as members, staff and operators see them: pictures in both languages, widths and themes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from campaigns.models import Coupon, CouponOffer
from campaigns.policies.coupons import code_shown
from campaigns.selectors.pages import offer_token, page_path
from campaigns.services.coupons import coupon_claim, coupon_viewed
from campaigns.services.frame import campaign_clone
from campaigns.services.redeeming import coupon_redeem
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import WECHAT, identity_cookie
from tests.e2e.conftest import RAW_TEXT, SHOTS, hear_out, look
from tests.factories.campaigns import Played, coupon_wish, make_campaign
from tests.phone import phone_session

pytestmark = pytest.mark.django_db(transaction=True)
PERCENT = {
    "name": "新人首单八折券",
    "kind": "percent",
    "off_percent": 20,
    "off_most_fen": 20_000,
    "off_fen": 0,
}


@pytest.fixture
def played(transactional_db: None, tenant: Tenant, owner: Actor) -> Played:
    """Two coupons, three people who have one: looked at, used, idle."""
    with tenant_scope(tenant):
        wishes = [
            coupon_wish(url="https://shop.example.com/", how="付款前给老师看"),
            coupon_wish(**PERCENT, joined_days=7),
        ]
        made = make_campaign(tenant=tenant, actor=owner, prizes=[], coupons=wishes, people=5, name="进群领券")
        offer = CouponOffer.objects.order_by("pk")[0]
        for person in made.people[1:4]:
            coupon_claim(tenant=tenant, offer_id=offer.pk, customer_id=person.pk, number=1)
        looked, used, _idle = Coupon.objects.select_related("award", "offer__prize").order_by("pk")
        coupon_viewed(tenant=tenant, coupon=looked)
        coupon_redeem(tenant=tenant, raw=used.code, order_no="NO-20261123-88", actor=owner)
        campaign_clone(tenant=tenant, campaign_id=made.campaign.pk, actor=owner)
    return made


@pytest.fixture
def context_of(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., BrowserContext]]:
    contexts: list[BrowserContext] = []

    def make(
        language: str, width: int, cookies: list[tuple[str, str]], theme: Any = "light"
    ) -> BrowserContext:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 812}, locale=language, user_agent=WECHAT,
            reduced_motion="reduce", color_scheme=theme,
        )  # fmt: skip
        context.add_cookies([{"name": name, "value": told, "url": live_server.url} for name, told in cookies])
        contexts.append(context)
        return context

    yield make
    for one in contexts:
        one.close()
    hear_out(live_server)


def _picture(page: Page, name: str, widths: tuple[int, ...]) -> int:
    """Pictures of a page at these widths; how many pixels hang over the edge at worst."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    over = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 812})
        page.screenshot(path=SHOTS / f"{name}-{width}.png", full_page=True)
        over.append(
            page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        )
    return max(over)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_member_takes_a_coupon_and_staff_redeem_it(
    played: Played, tenant: Tenant, context_of: Callable[..., BrowserContext], language: str
) -> None:
    with tenant_scope(tenant):
        app = played.group.app
        assert app is not None
        offers = CouponOffer.objects.filter(prize__campaign=played.campaign).order_by("pk")
        pages = [page_path(offer_token(one)) for one in offers.select_related("prize__campaign")]
        external, session = played.people[0].external_userid, phone_session(tenant, played.staff)
    short = language[:2]
    phone = context_of(language, 375, [(f"qr_{app.pk}", identity_cookie(app, external=external))]).new_page()
    phone.goto(pages[1])
    over = [_picture(phone, f"coupon-percent-{short}", (375, 430))]
    phone.goto(pages[0])
    over.append(_picture(phone, f"coupon-offer-{short}", (375, 430)))
    phone.locator(".q-h5-foot button").click()
    code = phone.locator(".q-h5-code p")
    expect(code).to_be_visible()
    over.append(_picture(phone, f"coupon-taken-{short}", (375, 430)))
    assert RAW_TEXT.findall(phone.inner_text("body")) == []
    told = code.inner_text()
    theme = "dark" if short == "en" else "light"
    cookies = [(settings.SESSION_COOKIE_NAME, session)]
    staff = context_of(language, 390, cookies, theme).new_page()
    staff.goto(f"/m/{tenant.slug}/coupons/")
    over.append(_picture(staff, f"counter-find-{short}", (390,)))
    staff.locator("input[name=code]").press_sequentially(told.lower())
    staff.locator("main button[type=submit]").click()
    over.append(_picture(staff, f"counter-coupon-{short}", (390,)))
    staff.locator("button[form=q-redeem]").click()
    expect(staff.locator(".q-note.is-ok")).to_be_visible()
    over.append(_picture(staff, f"counter-done-{short}", (390,)))
    staff.goto(f"/m/{tenant.slug}/coupons/?code=4827")
    expect(staff.locator(".q-note.is-bad")).to_contain_text("COUPON-11")
    over.append(_picture(staff, f"counter-wrong-{short}", (390,)))
    phone.reload()
    over.append(_picture(phone, f"coupon-used-{short}", (375, 430)))
    assert max(over) <= 0


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_pages_of_coupons_in_the_console(
    played: Played, tenant: Tenant, owner: Actor, make_page: Callable[..., Page], language: str
) -> None:
    User.objects.filter(pk=owner.id).update(language=language)
    page = make_page(User.objects.get(pk=owner.id))
    home = f"/t/{tenant.slug}/campaigns/"
    with tenant_scope(tenant):
        coupon = Coupon.objects.order_by("pk")[0]
    for name, path in (
        ("list", f"{played.campaign.pk}/coupons/"), ("redeem", "redeem/"),
        ("redeem-one", f"redeem/{code_shown(coupon.code)}/"),
    ):  # fmt: skip
        page.goto(f"{home}{path}")
        look(page, f"coupon-{name}")
    page.goto(f"{home}{played.campaign.pk + 1}/set-up/prizes/")
    page.locator("button[hx-get*='/coupons/new/']").click()
    drawer = page.locator("#q-drawer")
    expect(drawer.locator("input[name=off_yuan]")).to_be_visible()
    expect(drawer.locator("input[name=off_percent]")).to_be_hidden()
    drawer.locator("select[name=kind]").select_option("percent")
    expect(drawer.locator("input[name=off_percent]")).to_be_visible()
    look(page, "coupon-drawer")
