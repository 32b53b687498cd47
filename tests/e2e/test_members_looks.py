"""Members' pages as they see them on their phones, in both languages and at both widths."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from campaigns.enums import PrizeKind
from campaigns.models import Campaign
from campaigns.selectors.lottery import token_of
from campaigns.selectors.pages import home_token, page_path
from campaigns.services.awards import award_by_hand, award_hand_over
from campaigns.services.frame import campaign_clone
from campaigns.services.life import campaign_end
from campaigns.services.lottery import draw_make
from campaigns.services.payouts import payouts_run
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import WECHAT, identity_cookie
from tests.e2e.conftest import RAW_TEXT, SHOTS, hear_out, look
from tests.factories.campaigns import Played, make_campaign
from tests.factories.lotteries import make_lottery

pytestmark = pytest.mark.django_db(transaction=True)
WIDTHS = (375, 430)
PRIZES = [
    ("点读笔", PrizeKind.GOODS, 9_600, 5),
    ("分级绘本一本", PrizeKind.GOODS, 1_800, 40),
    ("小红包", PrizeKind.RED_PACKET, 288, 9),
]

MANY = [
    ("点读笔", PrizeKind.GOODS, 9_600, 3), ("分级绘本一本", PrizeKind.GOODS, 1_800, 26),
    ("小红包", PrizeKind.RED_PACKET, 288, 40), ("体验课一节", PrizeKind.SERVICE, 1_200, 36),
]  # fmt: skip


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
            drawn = "img => img.complete && img.naturalWidth"
            assert page.locator("img.q-h5-picture").evaluate(drawn) == 1080
        look_at(page, part or "home")
    stranger = open_phone(played, language, is_known=False)
    stranger.goto(page_path(token))
    look_at(stranger, "stranger")
    stranger.goto(page_path("nothing"))
    look_at(stranger, "missing")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("kind", ["grid", "wheel", "box"])
def test_a_lottery_is_drawn_by_hand_and_can_be_looked_at(
    transactional_db: None, tenant: Tenant, owner: Actor, open_phone: Callable[..., Page],
    make_page: Callable[..., Page], language: str, kind: str,
) -> None:  # fmt: skip
    """A member draws, with JavaScript and without, and checks every draw once it has ended."""
    with tenant_scope(tenant):
        played, lottery = make_lottery(
            tenant=tenant, owner=owner, prizes=MANY, percents=(1, 8, 90, 1), kind=kind, people=9, free=2,
            name="周末抽绘本",
        )  # fmt: skip
        for number, one in enumerate(played.people[1:]):
            draw_make(tenant=tenant, lottery=lottery, person_id=one.pk, key=f"{number}")
        home = page_path(token_of(played.campaign))
    page = open_phone(played, language)
    page.goto(home)
    look_at(page, f"lottery-{kind}")
    page.locator("form[data-draw] button").first.click()
    page.wait_for_url("**/?draw=1*")
    look_at(page, f"lottery-{kind}-drawn")
    plain = open_phone(played, language, scripts=False)
    plain.goto(home)
    plain.locator("form[data-draw] button").first.click()
    plain.wait_for_url("**/?draw=2*")
    expect(plain.locator("form[data-draw] button").first).to_be_disabled()
    if kind != "grid":
        return
    page.goto(f"{home}log/")
    look_at(page, "lottery-log")
    User.objects.filter(pk=owner.id).update(language="en" if language == "en" else "zh-hans")
    desk = make_page(User.objects.get(pk=owner.id))
    there = f"/t/{tenant.slug}/campaigns/{played.campaign.pk}/"
    for part in ("", "lottery/", "draws/"):
        desk.goto(f"{there}{part}")
        look(desk, f"camp-lottery-{part.strip('/') or 'detail'}")
    with tenant_scope(tenant):
        campaign_clone(tenant=tenant, campaign_id=played.campaign.pk, actor=owner)
        draft = Campaign.objects.get(state="draft")
        campaign_end(tenant=tenant, campaign_id=played.campaign.pk, reason="完", actor=owner)
    for part in ("lottery/", "set-up/play/"):
        desk.goto(f"/t/{tenant.slug}/campaigns/{draft.pk}/{part}")
        look(desk, f"camp-lottery-draft-{part.split('/')[0]}")
    page.goto(f"{home}log/")
    page.locator("[data-check]").click()
    expect(page.locator("[data-checked]")).to_contain_text("10")
    expect(page.locator("[data-checked]")).to_have_class(re.compile("is-ok"))
    look_at(page, "lottery-log-ended")
    page.goto(home)
    look_at(page, "lottery-ended")
