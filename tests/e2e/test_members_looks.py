"""Members' pages as they see them on their phones, in both languages and at both widths."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from campaigns.enums import PrizeKind
from campaigns.models import Campaign
from campaigns.selectors.pages import home_token, page_path
from campaigns.services.awards import award_by_hand, award_hand_over
from campaigns.services.payouts import payouts_run
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.campaigns.phones import WECHAT, identity_cookie
from tests.e2e.conftest import RAW_TEXT, SHOTS, hear_out
from tests.factories.campaigns import Played, make_campaign

pytestmark = pytest.mark.django_db(transaction=True)
WIDTHS = (375, 430)
PRIZES = [
    ("点读笔", PrizeKind.GOODS, 9_600, 5),
    ("分级绘本一本", PrizeKind.GOODS, 1_800, 40),
    ("小红包", PrizeKind.RED_PACKET, 288, 9),
]


@pytest.fixture
def open_phone(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """open_phone(played, language) -> a page in which the first member is known to WeCom."""
    contexts: list[BrowserContext] = []

    def make(played: Played, language: str = "zh-CN", is_known: bool = True, scripts: bool = True) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": 375, "height": 812}, locale=language, user_agent=WECHAT,
            reduced_motion="reduce", java_script_enabled=scripts,
        )  # fmt: skip
        contexts.append(context)
        with tenant_scope(played.campaign.tenant_id):
            app = played.group.app
        assert app is not None
        external = played.people[0].external_userid if is_known else ""
        cookie = identity_cookie(app, external=external)
        context.add_cookies([{"name": f"qr_{app.pk}", "value": cookie, "url": live_server.url}])
        return context.new_page()

    yield make
    for one in contexts:
        one.close()
    hear_out(live_server)


def look_at(page: Page, name: str) -> None:
    """A picture at each width; nothing hangs over the edge, nothing is left raw."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    language = page.locator("html").get_attribute("lang") or ""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 812})
        page.screenshot(path=SHOTS / f"h5-{name}-{width}-{language[:2]}.png", full_page=True)
        box = page.locator(".q-h5-page").bounding_box()
        assert box is not None
        assert box["width"] <= width
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{name} hangs {over} px over the edge at {width} px"
    assert RAW_TEXT.findall(page.inner_text("body")) == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_what_every_member_page_shares_can_be_looked_at(
    transactional_db: None, tenant: Tenant, owner: Actor, open_phone: Callable[..., Page], language: str
) -> None:
    with tenant_scope(tenant):
        played = make_campaign(tenant=tenant, actor=owner, prizes=PRIZES, name="交作业送绘本")
        who = {"tenant": tenant, "campaign_id": played.campaign.pk, "actor": owner}
        for number in range(6):
            award = award_by_hand(
                **who, prize_id=played.prizes[number % 3].pk, customer_id=played.people[0].pk, key=str(number),
                note="好",
            )  # fmt: skip
            if number == 0:
                award_hand_over(tenant=tenant, award_id=award.pk, proof="SF1", actor=owner)
            if number == 2:
                payouts_run(tenant=tenant)
        token = home_token(Campaign.objects.get(pk=played.campaign.pk))
    page = open_phone(played, language)
    for part in ("", "prizes", "rules", "poster"):
        page.goto(page_path(token, part))
        if part == "poster":
            expect(page.locator("img[data-poster]")).to_have_attribute("src", re.compile("^data:image/png"))
        look_at(page, part or "home")
    stranger = open_phone(played, language, is_known=False)
    stranger.goto(page_path(token))
    look_at(stranger, "stranger")
    stranger.goto(page_path("nothing"))
    look_at(stranger, "missing")
