"""Flash runs as operators and members see them: pictures in both languages and sizes."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from campaigns.models import Campaign, FlashRun
from campaigns.selectors.deals import deals_token
from campaigns.selectors.flash import nodes_of, token_of
from campaigns.selectors.pages import page_path
from campaigns.services.deals import deadline_move, reserve
from campaigns.services.flash import flash_wake, node_settle
from campaigns.services.frame import campaign_clone
from contacts.services.prices import anchor_set
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.campaigns.phones import WECHAT, identity_cookie
from tests.conftest import MovableClock
from tests.e2e.conftest import RAW_TEXT, SHOTS, hear_out, look
from tests.factories.campaigns import Played
from tests.factories.contacts import make_behaviour, make_customers, make_order
from tests.factories.deals import make_deal
from tests.factories.flash import make_flash
from tests.factories.groups import fill_group

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def played(transactional_db: None, tenant: Tenant, owner: Actor, frozen: MovableClock) -> Played:
    """A run at its first node: posted, a gift taken, orders in it, a long-term group beside; a copy as a draft."""
    with tenant_scope(tenant):
        made, run, target = make_flash(tenant=tenant, owner=owner, people=40, name="分级绘本快闪")
        others = make_customers(tenant=tenant, count=60)
        fill_group(group=target, customers=[*others, *made.people[:6]])
        frozen.move(hours=1, minutes=20)
        node_settle(tenant=tenant, node_id=nodes_of(run=run)[0].pk, is_posted=True, actor=owner)
        run.campaign.refresh_from_db()
        flash_wake(tenant=tenant, run=run, person_id=made.people[1].pk)
        for person in made.people[:22]:
            make_behaviour(tenant=tenant, customer=person, kind="link_click")
        for person in [*made.people[:5], *others[:3]]:
            make_order(tenant=tenant, customer=person, amount_fen=19_900)
        frozen.move(minutes=5)
        campaign_clone(tenant=tenant, campaign_id=made.campaign.pk, actor=owner)
    return made


@pytest.fixture
def context_of(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., BrowserContext]]:
    contexts: list[BrowserContext] = []

    def make(language: str, width: int, cookies: list[tuple[str, str]]) -> BrowserContext:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 812}, locale=language, user_agent=WECHAT,
            reduced_motion="reduce",
        )  # fmt: skip
        context.add_cookies([{"name": name, "value": told, "url": live_server.url} for name, told in cookies])
        contexts.append(context)
        return context

    yield make
    for one in contexts:
        one.close()
    hear_out(live_server)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_an_operator_sees_what_is_due_what_happened_and_who_comes_along(
    played: Played, tenant: Tenant, owner: Actor, make_page: Callable[..., Page], language: str
) -> None:
    User.objects.filter(pk=owner.id).update(language=language)
    page = make_page(User.objects.get(pk=owner.id))
    home = f"/t/{tenant.slug}/campaigns/"
    page.goto(f"{home}{played.campaign.pk}/flash/")
    expect(page.locator("main table").first).to_contain_text("995")
    look(page, "flash-run")
    page.goto(f"{home}{played.campaign.pk}/flash/?edit")
    expect(page.locator("select[name=rhythm]")).to_be_disabled()
    with tenant_scope(tenant):
        draft = Campaign.objects.get(state="draft")
    page.goto(f"{home}{draft.pk}/flash/")
    look(page, "flash-form")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_member_answers_the_wake_up(
    played: Played, tenant: Tenant, context_of: Callable[..., BrowserContext], language: str
) -> None:
    with tenant_scope(tenant):
        app = played.group.app
        assert app is not None
        home = page_path(token_of(FlashRun.objects.order_by("pk")[0].campaign))
        person = played.people[0].external_userid
    cookies: list[tuple[str, Any]] = [(f"qr_{app.pk}", identity_cookie(app, external=person))]
    page = context_of(language, 375, cookies).new_page()
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.goto(home)
    page.screenshot(path=SHOTS / f"h5-flash-{language}-375.png", full_page=True)
    page.locator("footer button").click()
    expect(page.locator(".q-h5-won")).to_contain_text("叫醒红包")
    page.set_viewport_size({"width": 430, "height": 812})
    page.screenshot(path=SHOTS / f"h5-flash-got-{language}-430.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
    assert not RAW_TEXT.search(page.content())


@pytest.fixture
def sold(transactional_db: None, tenant: Tenant, owner: Actor, frozen: MovableClock) -> Played:
    """A flash sale with a proven price, a step, a moved deadline, reservations and orders."""
    with tenant_scope(tenant):
        ends_at = clock.now() + timedelta(hours=8)
        made, deal = make_deal(
            tenant=tenant, owner=owner, people=12, is_started=True,
            wish={"steps": {timedelta(hours=6): 21_900}, "ends_at": ends_at},
        )  # fmt: skip
        for person in made.people[:4]:
            make_order(
                tenant=tenant, customer=person, sku_id=deal.sku.code, amount_fen=29_900,
                ordered_at=clock.now() - timedelta(days=9),
            )  # fmt: skip
        anchor_set(tenant=tenant, sku_id=deal.sku_id, price_fen=29_900, reason="平时价", actor=owner)
        for number, person in enumerate(made.people[1:7]):
            reserve(
                tenant=tenant, deal_id=deal.pk, person_id=person.pk, pieces=1 + number % 2,
                wish="蓝色" if number % 3 else "", key=f"k{number}",
            )  # fmt: skip
        make_order(tenant=tenant, customer=made.people[2], sku_id=deal.sku.code, amount_fen=19_900)
        deadline_move(
            tenant=tenant, campaign_id=made.campaign.pk, deal_id=deal.pk, reason="快递停一天", actor=owner,
            ends_at=ends_at + timedelta(hours=4),
        )  # fmt: skip
    return made


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_an_operator_sees_what_is_left_and_makes_a_text(
    sold: Played, tenant: Tenant, owner: Actor, make_page: Callable[..., Page], language: str
) -> None:
    User.objects.filter(pk=owner.id).update(language=language)
    page = make_page(User.objects.get(pk=owner.id))
    page.goto(f"/t/{tenant.slug}/campaigns/{sold.campaign.pk}/deals/")
    look(page, "deals-run")
    page.locator("main section header button").first.click()
    page.locator("#q-drawer button[type=submit]").click()
    expect(page.locator("#post-text")).to_contain_text("绘本礼盒")
    look(page, "deals-text")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_member_joins_the_relay(
    sold: Played, tenant: Tenant, context_of: Callable[..., BrowserContext], language: str
) -> None:
    with tenant_scope(tenant):
        app = sold.group.app
        assert app is not None
        home = page_path(deals_token(Campaign.objects.get(pk=sold.campaign.pk)))
        person = sold.people[0].external_userid
    cookies: list[tuple[str, Any]] = [(f"qr_{app.pk}", identity_cookie(app, external=person))]
    page = context_of(language, 375, cookies).new_page()
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.goto(home)
    page.screenshot(path=SHOTS / f"h5-deals-{language}-375.png", full_page=True)
    page.locator("input[name=wish]").press_sequentially("蓝色")
    page.locator("form.q-h5-ask button[type=submit]").click()
    expect(page.locator("main")).to_contain_text("豆**")
    page.set_viewport_size({"width": 430, "height": 812})
    page.screenshot(path=SHOTS / f"h5-deals-mine-{language}-430.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
    assert not RAW_TEXT.search(page.content())
