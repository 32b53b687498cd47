"""An operator's trial: the bootcamp copied, adapted, flown, started on five groups, its first day done by phone."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.db import transaction
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from sop.enums import TouchState
from sop.handlers import on_send_finished
from sop.models import Flight, Run, Step, Touch, Version
from sop.services import results
from sop.services.dispatch import dispatch_due
from sop.services.flights import flight_fly
from sop.services.results import results_poll
from tenants import clock
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.e2e.conftest import look
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.sop import make_run, make_version
from tests.factories.team import make_staff
from tests.factories.wecom import make_app
from tests.phone import phone_session
from tests.sop.conftest import befriend
from wecom.events import SendFinished
from wecom.selectors import MassSendResults

pytestmark = pytest.mark.django_db(transaction=True)
MakePage = Callable[..., Page]
WORDS = "大家好，我是{老师称呼}，这八天都在。明天 20:00 开营。"
DAY_ONE_10 = datetime(2026, 3, 3, 2, 1, tzinfo=UTC)  # the day after the frozen clock's, Shanghai
DAY_ONE_15 = datetime(2026, 3, 3, 7, 1, tzinfo=UTC)
DAY_ONE_20 = datetime(2026, 3, 3, 12, 31, tzinfo=UTC)


class Hand:
    """Clicks, counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def click(self, locator: str) -> None:
        self.page.locator(locator).first.click()
        self.clicks += 1

    def go(self, locator: str) -> None:
        """A click that loads another page."""
        with self.page.expect_navigation():
            self.click(locator)


@pytest.fixture
def company(transactional_db: None, tenant: Tenant, frozen: MovableClock) -> Tenant:
    """Five live groups of new users, one of them old and busy with another camp, and one of another type."""
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        crew = [make_staff(tenant=tenant, app=app, userid=f"s{name}", name=name) for name in ("林晓", "周岚")]
        for number in range(7):
            kind = "delivery" if number == 6 else "new_user"
            owner = crew[number % 2]
            group = make_group(
                tenant=tenant, app=app, owner=owner, state="active", kind=kind, name=f"启蒙{number + 1:02d}群"
            )
            people = make_customers(tenant=tenant, count=4, app=app)
            befriend(owner, people)
            fill_group(group=group, customers=people, staff=crew)
            if number == 5:
                camp = make_version(tenant=tenant, days=30, steps=[{}])
                make_run(tenant=tenant, version=camp, groups=[group], name="启蒙营第5期")
    return tenant


def fly(tenant: Tenant) -> None:
    """What the worker does with a flight."""
    with tenant_scope(tenant):
        flight_fly(tenant_id=tenant.pk, flight_id=Flight.objects.get().pk)


def hand_over(tenant: Tenant, frozen: MovableClock, moment: datetime) -> None:
    """What the worker does with what is due."""
    frozen.set(moment)
    with tenant_scope(tenant):
        dispatch_due(tenant_id=tenant.pk)


def copied_adapted_and_flown(hand: Hand, tenant: Tenant) -> None:
    page = hand.page
    page.goto(f"/t/{tenant.slug}/")
    hand.go("nav a:has-text('SOP')")
    hand.go(".q-tabs a[href$='/sop/']")
    hand.go("form[action*='bootcamp5'] button")
    hand.click("#sop-plan button:has-text('自我介绍与安排')")
    page.locator("#sop-step textarea[name=text]").fill(WORDS)
    at, checks = page.locator("#sop-step input[name=at]"), page.locator("#sop-checks")
    at.fill("23:00")  # what is wrong is told while one types
    expect(checks).to_contain_text("QUIET-01")
    look(page, "trial-fault-as-typed")
    at.fill("10:00")
    expect(checks).not_to_contain_text("QUIET-01")
    hand.click("#step-save")
    expect(page.locator(".q-toast").last).to_contain_text("自我介绍与安排")
    hand.click("#sop-step [data-dock-close]")
    expect(page.locator(".q-loads")).to_contain_text("分")  # minutes of whoever runs the groups, day by day
    hand.click("button[hx-get*='/flight/']")
    page.locator("#q-drawer input[name=groups]").fill("5")
    hand.go("#q-drawer .q-foot button[type=submit]")
    fly(tenant)
    expect(page.locator("#q-flight table").first).to_be_visible()
    expect(page.locator("#q-flight")).to_contain_text("最忙员工")
    look(page, "trial-flight")
    hand.go("header.q-head a.btn-primary")


def started_on_five_groups(hand: Hand, tenant: Tenant) -> None:
    page = hand.page
    hand.go("form[action*='publish'] button")
    hand.go("header.q-head a.btn-primary")
    boxes = page.locator("#run-groups input")
    ticked = [boxes.nth(number).is_checked() for number in range(boxes.count())]
    assert ticked == [True] * 5 + [False] * 2
    expect(page.locator("#run-groups label").nth(5)).to_contain_text("启蒙营第5期")
    page.fill("input[name=interaction_url]", "https://live.example.com/7")
    page.fill("input[name=product_title]", "启蒙年课")
    page.fill("input[name=product_url]", "https://shop.example.com/p/2")
    expect(page.locator("#q-preview .q-kv")).to_be_visible()
    look(page, "trial-run-new")
    hand.go("#run-form button[type=submit]")
    expect(page.locator("table.q-cal")).to_be_visible()


def phone_of(make_page: MakePage, tenant: Tenant, url: str) -> Page:
    page = make_page(width="phone")
    with tenant_scope(tenant):
        staff = Run.objects.get(name__contains="五环节").run_groups.first().group.owner
        key = phone_session(tenant, staff)
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": url}])
    return page


def confirmed_in_wecom(tenant: Tenant, monkeypatch: pytest.MonkeyPatch, frozen: MovableClock) -> None:
    """What colleagues do in WeCom's own mass-send assistant, and what WeCom tells of it afterwards."""
    told = MassSendResults(2, clock.now(), [])
    monkeypatch.setattr(results, "mass_send_results", lambda **_asked: told)
    with tenant_scope(tenant):
        sent = Touch.objects.filter(step__key="d1_intro", state=TouchState.HANDED)
        done = [
            SendFinished(
                tenant_id=tenant.pk, occurred_at=clock.now(), send_id=one.send_id or 0, kind="mass_send",
                ref_kind="sop.touch", ref_id=one.pk, state="done", vendor_id=f"msg-{one.pk}",
            )
            for one in sent
        ]  # fmt: skip
        with transaction.atomic():
            on_send_finished(tenant_id=tenant.pk, events=done)
        frozen.move(minutes=15)
        results_poll(tenant_id=tenant.pk)


def open_task(hand: Hand, tasks: str, title: str) -> None:
    """From the list of tasks to the page of one of them."""
    hand.page.goto(tasks)
    hand.go(f"#q-tasks article:has-text('{title}') a.btn, #q-tasks li:has-text('{title}') a.btn")


def talked_on_the_phone(hand: Hand, tasks: str) -> None:
    """The one-to-one records of the first afternoon, group by group: whom to talk to, with words, and the word that it
    is done."""
    phone = hand.page
    open_task(hand, tasks, "一对一建档")
    for group, other in (("启蒙02群", "启蒙04群"), ("启蒙04群", "")):
        people = phone.locator("section:has(#s-p)")
        expect(people).to_contain_text(group if other else "客户")
        assert "{" not in phone.locator("main").inner_text()  # each is called by their own name
        expect(phone.locator("form[id^=f] button[type=submit]")).to_have_count(1)
        if other:  # the other group's people are one press away, not to be answered for unseen
            expect(phone.locator(f".q-send li:has-text('{other}') a.btn")).to_have_text("看要聊的人")
            look(phone, "trial-phone-record")
        hand.go("form[id^=f] button[type=submit]")
        expect(phone.locator(f".q-send li:has-text('{group}')")).to_contain_text("已确认")
    look(phone, "trial-phone-record-done")


def posted_on_moments(hand: Hand, tasks: str) -> None:
    open_task(hand, tasks, "开营预告")
    look(hand.page, "trial-phone-moments")
    expect(hand.page.get_by_text("要聊的人")).to_have_count(0)
    hand.go("form[id^=f] button[type=submit]")


def test_a_camp_is_copied_flown_started_on_five_groups_and_its_first_day_done_by_phone(
    company: Tenant, frozen: MovableClock, make_page: MakePage, live_server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    hand = Hand(make_page(User.objects.get(email="lin@example.com")))
    copied_adapted_and_flown(hand, company)
    started_on_five_groups(hand, company)
    assert hand.clicks <= 13
    with tenant_scope(company):
        version = Version.objects.get(template__code__contains="bootcamp5")
        assert Step.objects.get(version=version, key="d1_intro").text == WORDS
        run = Run.objects.get(version=version)
        assert run.run_groups.count() == 5
    phone = Hand(phone_of(make_page, company, live_server.url))
    tasks = f"/m/{company.slug}/"
    hand_over(company, frozen, DAY_ONE_10)
    phone.page.goto(tasks)
    # Its window's end: it is not late at once.
    expect(phone.page.locator("#q-tasks")).to_contain_text("今天 12:00 前")
    look(phone.page, "trial-phone-tasks")
    open_task(phone, tasks, "自我介绍与安排")
    expect(phone.page.locator("main")).to_contain_text("大家好，我是林晓")
    confirmed_in_wecom(company, monkeypatch, frozen)
    phone.page.reload()
    expect(phone.page.locator(".q-send li:has-text('已确认')")).to_have_count(3)
    hand_over(company, frozen, DAY_ONE_15)
    talked_on_the_phone(phone, tasks)
    hand_over(company, frozen, DAY_ONE_20)
    posted_on_moments(phone, tasks)
    with tenant_scope(company):
        told = Touch.objects.filter(run=run, step__key="d1_moments", state=TouchState.SUBMITTED)
        # One post counts for every group of hers.
        assert sorted(one.group.name for one in told) == ["启蒙01群", "启蒙03群", "启蒙05群"]
    phone.page.goto(tasks)
    expect(phone.page.locator("main")).to_contain_text("现在没有待办")
    look(phone.page, "trial-phone-day-done")
    assert phone.clicks <= 6
