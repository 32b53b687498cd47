"""What joining gives, as members see it on their phones and operators in the console."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from campaigns.models import Campaign
from campaigns.selectors.joining import token_of
from campaigns.selectors.pages import page_path
from campaigns.services.frame import campaign_clone
from contacts.models import Customer
from groups.models import Member
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import WECHAT, identity_cookie
from tests.e2e.conftest import RAW_TEXT, SHOTS, hear_out, look
from tests.factories.contacts import make_customers
from tests.factories.joins import joins, make_join
from tests.factories.team import make_staff

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_joining_can_be_looked_at(
    transactional_db: None, tenant: Tenant, owner: Actor, browser: Browser, live_server: LiveServer,
    make_page: Callable[..., Page], language: str,
) -> None:  # fmt: skip
    """Without JavaScript the phone page says what to do; the console says who got nothing and why."""
    with tenant_scope(tenant):
        played, _play = make_join(tenant=tenant, owner=owner, kind="task", name="进群填问卷送绘本")
        new = make_customers(tenant=tenant, count=3)
        Member.objects.filter(customer=played.people[0]).update(left_at=clock.now())
        joins(
            tenant=tenant,
            group=played.group,
            people=[*new, played.people[0]],
            staff=[make_staff(tenant=tenant)],
        )
        home = page_path(token_of(played.campaign))
        app = played.group.app
        campaign_clone(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
        draft = Campaign.objects.get(state="draft")
    assert app is not None

    def phone(person: Customer, name: str) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": 375, "height": 812}, user_agent=WECHAT,
            locale="en" if language == "en" else "zh-CN", java_script_enabled=False,
        )  # fmt: skip
        cookie = identity_cookie(app, external=person.external_userid)
        context.add_cookies([{"name": f"qr_{app.pk}", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.goto(home)
        for width in (375, 430):
            page.set_viewport_size({"width": width, "height": 812})
            page.screenshot(path=SHOTS / f"h5-join-{name}-{width}-{language[:2]}.png", full_page=True)
        assert RAW_TEXT.findall(page.inner_text("body")) == []
        return page

    SHOTS.mkdir(parents=True, exist_ok=True)
    page = phone(new[0], "waits")
    expect(page.locator(".q-h5-foot .q-h5-btn")).to_have_attribute("href", "https://form.example.com/1")
    expect(phone(played.people[0], "before").locator(".q-h5-say")).to_be_visible()
    User.objects.filter(pk=owner.id).update(language=language)
    desk = make_page(User.objects.get(pk=owner.id))
    for campaign, part in ((played.campaign, "join"), (played.campaign, "joiners"), (draft, "join")):
        desk.goto(f"/t/{tenant.slug}/campaigns/{campaign.pk}/{part}/")
        look(desk, f"camp-{part}-{'draft' if campaign == draft else 'running'}")
    desk.select_option("[name=kind]", "draws")
    expect(desk.locator("[name=draws]")).to_be_visible()
    expect(desk.locator("[name=task]")).to_be_hidden()
    hear_out(live_server)
