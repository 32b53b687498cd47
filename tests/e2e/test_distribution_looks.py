"""Distribution as members see it on their phones, without JavaScript, and operators and leaders in the console."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from campaigns.models import Campaign, Seller
from campaigns.selectors.distribution import seller_token, token_of
from campaigns.selectors.pages import page_path
from campaigns.services.distribution import seller_ask
from campaigns.services.frame import campaign_clone
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import WECHAT, identity_cookie
from tests.e2e.conftest import RAW_TEXT, SHOTS, hear_out, look
from tests.factories.contacts import make_customer
from tests.factories.sellers import NOTE, buys, make_distribution, make_seller

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_leader_switches_it_on_and_the_pages_can_be_looked_at(
    transactional_db: None, tenant: Tenant, owner: Actor, browser: Browser, live_server: LiveServer,
    make_page: Callable[..., Page], language: str,
) -> None:  # fmt: skip
    with tenant_scope(tenant):
        played, row = make_distribution(tenant=tenant, owner=owner, name="推荐年课得佣金")
        seller = make_seller(tenant=tenant, played=played, owner=owner, person=played.people[0])
        seller_ask(distribution=row, person_id=played.people[1].pk)
        friend = make_customer(tenant=tenant, name="小满爸爸")
        for number, who in enumerate(
            (friend, make_customer(tenant=tenant, name="朵朵妈妈"), played.people[0])
        ):
            buys(tenant=tenant, buyer=who, number=f"D{number}", code=seller.code)
        buys(tenant=tenant, buyer=friend, number="D0", kind="refund")
        home, app = page_path(token_of(played.campaign)), played.group.app
        theirs = page_path(seller_token(campaign=played.campaign, seller=Seller.objects.get(pk=seller.pk)))
        campaign_clone(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
        draft = Campaign.objects.get(state="draft")
    assert app is not None
    SHOTS.mkdir(parents=True, exist_ok=True)

    def phone(external: str) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": 375, "height": 812}, user_agent=WECHAT,
            locale="en" if language == "en" else "zh-CN", java_script_enabled=False,
        )  # fmt: skip
        cookie = identity_cookie(app, external=external)
        context.add_cookies([{"name": f"qr_{app.pk}", "value": cookie, "url": live_server.url}])
        return context.new_page()

    def shoot(page: Page, name: str) -> None:
        for width in (375, 430):
            page.set_viewport_size({"width": width, "height": 812})
            page.screenshot(path=SHOTS / f"h5-{name}-{width}-{language[:2]}.png", full_page=True)
        assert RAW_TEXT.findall(page.inner_text("body")) == []

    mine = phone(played.people[0].external_userid)
    mine.goto(home)
    shoot(mine, "distributor")
    mine.goto(f"{theirs}poster/")
    assert mine.locator("img.q-h5-picture").count() == 1
    other = phone(played.people[2].external_userid)
    other.goto(home)
    other.locator(".q-h5-foot button").click()
    expect(other.locator(".q-h5-foot button")).to_have_count(0)
    shoot(other, "distributor-asked")
    visitor = phone(friend.external_userid)
    visitor.goto(theirs)
    shoot(visitor, "recommended")
    User.objects.filter(pk=owner.id).update(language=language)
    desk = make_page(User.objects.get(pk=owner.id))
    base = f"/t/{tenant.slug}/campaigns"
    for part in ("distribution", "distributors", "distributors/new", "sales"):
        desk.goto(f"{base}/{played.campaign.pk}/{part}/")
        look(desk, f"camp-{part.replace('/', '-')}-running")
    desk.goto(f"{base}/{draft.pk}/distribution/")
    look(desk, "camp-distribution-draft")
    desk.locator("[hx-get$='/distribution/on/']").click()
    expect(desk.locator("#q-drawer .htmx-added")).to_have_count(0)
    for name in ("one_level", "no_fee", "no_recruiting"):
        desk.check(f"#q-drawer [name={name}]")
    desk.locator("#q-drawer [name=note]").press_sequentially(NOTE)
    desk.screenshot(path=SHOTS / f"camp-distribution-switch-{language[:2]}.png")
    desk.locator("#q-drawer [type=submit]").click()
    expect(desk.locator(".q-note", has_text=NOTE).first).to_be_visible()
    hear_out(live_server)
