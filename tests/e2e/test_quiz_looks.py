"""A quiz as members see it on their phones, without JavaScript, and operators in the console."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from campaigns.models import Campaign
from campaigns.selectors.pages import page_path
from campaigns.selectors.quiz import token_of
from campaigns.services.frame import campaign_clone
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import WECHAT, identity_cookie
from tests.e2e.conftest import RAW_TEXT, SHOTS, hear_out, look
from tests.factories.quizzes import WRONG, answers, make_quiz

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_quiz_can_be_answered_by_hand_and_looked_at(
    transactional_db: None, tenant: Tenant, owner: Actor, browser: Browser, live_server: LiveServer,
    make_page: Callable[..., Page], language: str,
) -> None:  # fmt: skip
    with tenant_scope(tenant):
        played, quiz = make_quiz(tenant=tenant, owner=owner, name="猜题送绘本")
        answers(tenant, quiz, played.people[1].pk, WRONG)
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

    def shoot(name: str) -> None:
        for width in (375, 430):
            page.set_viewport_size({"width": width, "height": 812})
            page.screenshot(path=SHOTS / f"h5-quiz-{name}-{width}-{language[:2]}.png", full_page=True)
        assert RAW_TEXT.findall(page.inner_text("body")) == []

    page.goto(home)
    page.locator("[name=answer_1]").nth(1).check()
    page.locator("[name=answer_2]").nth(0).check()
    shoot("asks")
    page.locator(".q-h5-foot button").click()
    expect(page.locator(".q-h5-won")).to_be_visible()
    shoot("told")
    User.objects.filter(pk=owner.id).update(language=language)
    desk = make_page(User.objects.get(pk=owner.id))
    for campaign, part in ((played.campaign, "quiz"), (played.campaign, "answers"), (draft, "quiz")):
        desk.goto(f"/t/{tenant.slug}/campaigns/{campaign.pk}/{part}/")
        look(desk, f"camp-{part}-{'draft' if campaign == draft else 'running'}")
    desk.select_option("[name=kind]", "draw")
    expect(desk.locator("[name=closes_at]")).to_be_visible()
    desk.select_option("[name=kind]", "first")
    expect(desk.locator("[name=closes_at]")).to_be_hidden()
    expect(desk.locator("[name=winners]")).to_be_visible()
    hear_out(live_server)
