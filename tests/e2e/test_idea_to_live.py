"""A new group from the idea to live by the pages alone, as an operator walks it: counted and looked at."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from groups.models import Group
from groups.services import comparing, reading
from simulator.world import groups as acts
from simulator.world.entities import Staff as Colleague
from simulator.world.model import Corp
from team.models import Staff
from tenants import clock
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.sop import make_version
from tests.factories.team import make_staff
from tests.factories.wecom import make_app
from tests.groups.world import Vendor, deliver
from wecom.models import App

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "小芽英语启蒙09群"
TYPED = {
    "positioning_audience": "3–6 岁孩子的家长",
    "positioning_not_for": "同行、代购",
    "positioning_outcome": "30 天养成听读习惯",
    "positioning_actions": "每晚跟读、交作业、提问",
    "value_proposition": "30 天养成听读习惯",
    "deliverable_promises": "每晚 20:00 老师带读\n作业 24 小时内点评",
    "positioning_age": "28–38 岁",
    "replies": "课表：每晚 20:00 带读",
    "management_duties": "林晓立规矩、审核进群，周岚断争执",
}


class Hand:
    """What an operator does with mouse and keys, counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.presses, self.typed = page, 0, 0

    def press(self, locator: str) -> None:
        self.page.locator(locator).first.click()
        self.presses += 1

    def go(self, locator: str) -> None:
        """A press that loads a page."""
        with self.page.expect_navigation():
            self.press(locator)

    def type(self, name: str, words: str) -> None:
        self.page.locator(f"[name={name}]").first.fill(words)
        self.typed += 1

    def choose(self, name: str, value: str) -> None:
        self.page.locator(f"select[name={name}]").select_option(value)
        self.presses += 1


@pytest.fixture
def company(transactional_db: None, tenant: Tenant) -> Tenant:
    """A company that runs one group already and has a crew of three."""
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        crew = [make_staff(tenant=tenant, app=app, name=name) for name in ("林晓", "周岚", "何静")]
        group = make_group(tenant=tenant, app=app, owner=crew[0], state="active", name="小芽英语启蒙08群")
        fill_group(group=group, staff=crew, customers=make_customers(tenant=tenant, count=5, app=app))
        make_version(tenant=tenant, steps=[{}])
    User.objects.update(language="zh-hans")
    return tenant


@pytest.fixture
def wecom(company: Tenant, monkeypatch: pytest.MonkeyPatch) -> Vendor:
    """The company's WeCom, simulated: it knows the crew, and what people do there calls back."""
    with tenant_scope(company):
        app = App.objects.get()
        corp = Corp(corp_id=app.corp_id, name=company.name, seed=1)
        corp.callback.url = "http://127.0.0.1/never-called"
        for one in Staff.objects.order_by("pk"):
            corp.staff[one.userid] = Colleague(one.userid, one.name, [1])
    made = Vendor(app, corp)
    for module in (reading, comparing):
        monkeypatch.setattr(module, "client_for", lambda tenant_id, app_id=None: made)
    return made


def open_in_wecom(wecom: Vendor, notice: str) -> None:
    """The owner opens the chat under the planned name, posts the announcement, brings a colleague in."""
    now = clock.now().timestamp()
    owner, second, _third = wecom.corp.staff
    chat_id = acts.create(wecom.corp, owner=owner, name=NAME, at=now).chat_id
    acts.set_notice(wecom.corp, chat_id=chat_id, notice=notice, at=now, now=now)
    acts.join(wecom.corp, chat_id=chat_id, person_ids=[second], at=now, now=now)
    deliver(wecom.take_events())


@pytest.mark.parametrize(("width", "language"), [("wide", "zh-hans"), ("phone", "en")])
def test_an_operator_takes_a_group_from_the_idea_to_live_by_the_pages_alone(
    company: Tenant, wecom: Vendor, make_page: Callable[..., Page], width: str, language: str
) -> None:
    User.objects.update(language=language)
    page = make_page(User.objects.get(email="lin@example.com"), width=width)
    hand = Hand(page)
    today = clock.local_date(clock.now(), company.timezone)
    page.goto(f"/t/{company.slug}/groups/")
    look(page, f"walk-{width}-1-list")
    hand.go("header.q-head a[href$='/groups/new/']")
    look(page, f"walk-{width}-2-new")
    hand.type("name", NAME)
    hand.choose("kind", "new_user")
    hand.type("starts_on", today.isoformat())
    hand.go("main button[type=submit] >> nth=-1")
    look(page, f"walk-{width}-3-ready")
    if width == "phone":  # what keeps it from going live stands beside the button there too, one press away
        expect(page.locator("#go-box a[href='#gate']")).to_be_visible()
    hand.press("[name=payment_basis][value=low_price]")
    hand.choose("purpose", "conversion")
    hand.choose("scenario", "camp")
    for name, words in TYPED.items():
        hand.type(name, words)
    for box in page.locator("[name=crew]").all():
        if not box.is_checked():
            box.check()
            hand.presses += 1
    look(page, f"walk-{width}-4-answered")
    for what in ("week", "red-lines", "ending", "crisis", "welcome", "rules"):
        hand.go(f"button[form=fix-{what}]")
    look(page, f"walk-{width}-5-green")
    assert page.evaluate(
        "[...document.querySelectorAll('.q-plan tbody th')].every(e => e.scrollWidth <= e.clientWidth)"
    )
    hand.go("button[form=go-form]")
    expect(page.locator("#why-unknown")).to_contain_text(NAME)
    look(page, f"walk-{width}-6-live")
    with tenant_scope(company):
        group = Group.objects.get(planned_name=NAME)
        assert group.state == "active"
    assert hand.presses <= 16
    assert hand.typed <= 11
    left = page.locator("#next-steps li:not([data-done])")
    expect(left).to_have_count(6)
    expect(left.first).to_contain_text(NAME)
    hand.go("#next-steps [data-next=seats] a")
    expect(page.locator("#setup-steps")).to_be_visible()
    look(page, f"walk-{width}-7-seats")
    with tenant_scope(company):
        open_in_wecom(wecom, group.announcement)
    page.goto(f"/t/{company.slug}/groups/{group.pk}/")
    expect(left).to_have_count(4)
    expect(page.locator("#why-unknown")).to_have_count(
        0
    )  # two of the crew sit in it, and nobody else: that is known
    expect(page.locator("#checks")).to_contain_text("STAFF-01")  # and the third is asked for
    look(page, f"walk-{width}-b-opened")
    hand.go("#next-steps [data-next=plan] a")
    expect(page.locator("#run-groups")).to_contain_text(NAME)
    look(page, f"walk-{width}-8-sop")
    page.go_back()
    hand.go("#next-steps [data-next=welcome] a")
    expect(page.locator("[name=text]")).to_have_value(group.welcome)
    look(page, f"walk-{width}-9-welcome")
    page.go_back()
    hand.go("#next-steps [data-next=way] a")
    expect(page.locator("[name=group_1]")).to_have_value(str(group.pk))
    expect(page.locator("[name=name]")).to_have_value(NAME)
    look(page, f"walk-{width}-a-code")
