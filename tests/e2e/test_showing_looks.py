"""Showing an order as members see it on their phones, without JavaScript, and staff in the console."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from campaigns.models import Campaign
from campaigns.policies.pictures import code_png
from campaigns.selectors.pages import page_path
from campaigns.selectors.showing import token_of
from campaigns.services.frame import campaign_clone
from campaigns.services.showing import shown_grant
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import WECHAT, identity_cookie
from tests.e2e.conftest import RAW_TEXT, SHOTS, hear_out, look
from tests.factories.showing import bought, make_show, shows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_an_order_can_be_shown_by_hand_and_looked_at(
    transactional_db: None, tenant: Tenant, owner: Actor, browser: Browser, live_server: LiveServer,
    make_page: Callable[..., Page], language: str,
) -> None:  # fmt: skip
    picture = {"name": "a.png", "mimeType": "image/png", "buffer": code_png("https://example.com/box")}
    with tenant_scope(tenant):
        played, play = make_show(tenant=tenant, owner=owner, name="晒单送绘本", wish={"needs_picture": True})
        first, second = played.people[:2]
        bought(tenant, first, title="分级绘本礼盒")
        other = shows(
            tenant, play, second, bought(tenant, second), is_permitted=True,
            picture=("b.png", code_png("https://example.com/other")),
        )  # fmt: skip
        home, app = page_path(token_of(played.campaign)), played.group.app
        campaign_clone(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
        draft = Campaign.objects.get(state="draft")
    assert app is not None
    SHOTS.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 375, "height": 812}, user_agent=WECHAT,
        locale="en" if language == "en" else "zh-CN", java_script_enabled=False,
    )  # fmt: skip
    cookie = identity_cookie(app, external=first.external_userid)
    context.add_cookies([{"name": f"qr_{app.pk}", "value": cookie, "url": live_server.url}])
    page = context.new_page()

    def shoot(name: str) -> None:
        for width in (375, 430):
            page.set_viewport_size({"width": width, "height": 812})
            page.screenshot(path=SHOTS / f"h5-show-{name}-{width}-{language[:2]}.png", full_page=True)
        assert RAW_TEXT.findall(page.inner_text("body")) == []

    page.goto(home)
    page.fill("[name=text]", "孩子翻了三遍，第 8 页有点皱。")
    page.set_input_files("[name=picture]", picture)  # type: ignore[arg-type]
    shoot("asks")
    page.locator(".q-h5-foot button").click()
    expect(page.locator(".q-h5-own")).to_be_visible()
    shoot("waits")
    User.objects.filter(pk=owner.id).update(language=language)
    desk = make_page(User.objects.get(pk=owner.id))
    for campaign, part in ((played.campaign, "show"), (played.campaign, "shown"), (draft, "show")):
        desk.goto(f"/t/{tenant.slug}/campaigns/{campaign.pk}/{part}/")
        look(desk, f"camp-{part}-{'draft' if campaign == draft else 'running'}")
    desk.goto(f"/t/{tenant.slug}/campaigns/{played.campaign.pk}/show/")
    desk.locator("button[hx-get*='/shown/']").first.click()
    expect(desk.locator("#q-drawer [name=verdict]")).to_be_visible()
    look(desk, "camp-shown-decide")
    with tenant_scope(tenant):
        shown_grant(tenant=tenant, campaign_id=played.campaign.pk, shown_id=other.pk, actor=owner)
    hear_out(live_server)
