"""Milestones as members see them on their phones, without JavaScript, and operators in the console."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from campaigns.models import Campaign, MilestoneHit
from campaigns.selectors.milestones import token_of
from campaigns.selectors.pages import page_path
from campaigns.services.frame import campaign_clone
from campaigns.services.milestones import share_take
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import WECHAT, identity_cookie
from tests.e2e.conftest import RAW_TEXT, SHOTS, hear_out, look
from tests.factories.milestones import fills, make_milestones

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_share_is_taken_with_a_tap_and_the_pages_can_be_looked_at(
    transactional_db: None, tenant: Tenant, owner: Actor, browser: Browser, live_server: LiveServer,
    make_page: Callable[..., Page], language: str,
) -> None:  # fmt: skip
    with tenant_scope(tenant):
        played, _row = make_milestones(tenant=tenant, owner=owner, name="群满发红包")
        fills(tenant=tenant, group=played.group, count=62)
        small = MilestoneHit.objects.get(threshold=50)
        for one in played.people[1:5]:
            share_take(tenant=tenant, hit_id=small.pk, customer_id=one.pk)
        home, app = page_path(token_of(played.campaign)), played.group.app
        campaign_clone(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
        draft = Campaign.objects.get(state="draft")
    assert app is not None
    SHOTS.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 375, "height": 812}, user_agent=WECHAT,
        locale="en" if language == "en" else "zh-CN", java_script_enabled=False,
    )  # fmt: skip
    cookie = identity_cookie(app, external=played.people[0].external_userid)
    context.add_cookies([{"name": f"qr_{app.pk}", "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(home)
    expect(page.locator("[name=hit]")).to_have_count(2)
    page.locator("[name=hit] + button").first.click()
    expect(page.locator(".q-h5-say.is-ok")).to_be_visible()
    for width in (375, 430):
        page.set_viewport_size({"width": width, "height": 812})
        page.screenshot(path=SHOTS / f"h5-milestones-{width}-{language[:2]}.png", full_page=True)
    assert RAW_TEXT.findall(page.inner_text("body")) == []
    User.objects.filter(pk=owner.id).update(language=language)
    desk = make_page(User.objects.get(pk=owner.id))
    for campaign in (played.campaign, draft):
        desk.goto(f"/t/{tenant.slug}/campaigns/{campaign.pk}/milestones/")
        look(desk, f"camp-milestones-{'draft' if campaign == draft else 'running'}")
    hear_out(live_server)
