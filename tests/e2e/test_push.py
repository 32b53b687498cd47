"""The weekly push table in a browser: drag a topic and a slot, take it back, confirm; and its pictures (R61, R65)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from groups.models import Group
from sop.models import PushSlot, Touch, ValueEvent
from sop.policies.push import PLACES
from sop.selectors.push import next_monday
from sop.services.push import SlotWish, slot_put
from sop.services.push_confirm import week_confirm
from sop.services.topics import opener_mark, topics_take
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff
from tests.factories.wecom import make_app

pytestmark = pytest.mark.django_db(transaction=True)
MakePage = Callable[..., Page]
TITLES = {
    "norms": "本周打卡规则与奖励", "value": "3 个让孩子开口的小游戏", "topic": "你家几点读绘本",
    "activity": "周五亲子朗读接力", "marketing": "年课课表，逐节讲学什么",
}  # fmt: skip
KINDS = ["norms", "value", "topic", "value", "value", "marketing", "activity"]


@pytest.fixture
def group(transactional_db: None, tenant: Tenant) -> Group:
    """Five groups; the first one's next week lacks five slots."""
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        lin = make_staff(tenant=tenant, app=app, userid="linxiao", name="林晓")
        zhou = make_staff(tenant=tenant, app=app, userid="zhoulan", name="周岚")
        topics_take(tenant=tenant, actor=SYSTEM)
        opener_mark(tenant=tenant, staff_id=zhou.pk, is_opener=True, actor=SYSTEM)
        made = []
        for number in range(1, 6):
            one = make_group(
                tenant=tenant, app=app, owner=lin, state="active", kind="new_user", series="启蒙",
                name=f"启蒙{number:02d}群",
            )  # fmt: skip
            made.append(
                fill_group(group=one, customers=make_customers(tenant=tenant, count=4, app=app), staff=[lin])
            )
        for number, one in enumerate(made):
            places = PLACES if number else [place for at, place in enumerate(PLACES) if at % 4 != 2]
            for at, place in enumerate(places):
                kind = KINDS[at % len(KINDS)]
                slot_put(
                    tenant=tenant, group_id=one.pk, monday=next_monday(tenant), place=place, actor=SYSTEM,
                    wish=SlotWish(content_type=kind, title=TITLES[kind], text="大家今晚见。"),
                )  # fmt: skip
        week_confirm(tenant=tenant, group_id=made[1].pk, monday=next_monday(tenant), actor=SYSTEM)
    return made[0]


def cell(page: Page, place: str):
    return page.locator(f".q-push[data-place='{place}']")


def titles(group: Group) -> dict[str, str]:
    with tenant_scope(group.tenant):
        rows = PushSlot.objects.filter(week__group=group)
        return {f"{row.number}-{row.slot}": row.title for row in rows}


def test_a_week_is_filled_by_dragging_taken_back_and_confirmed(make_page: MakePage, group: Group) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    base = f"/t/{group.tenant.slug}/library"
    page.goto(f"{base}/week/?group={group.pk}&pick=topics")
    look(page, "week")
    before = titles(group)
    topic = page.locator(".q-item[data-what]").first
    name = topic.get_attribute("data-title") or ""
    topic.drag_to(cell(page, "1-evening"))
    expect(cell(page, "1-evening").locator(".q-ttl")).to_have_text(name)
    cell(page, "1-evening").drag_to(cell(page, "3-noon"))
    expect(cell(page, "3-noon").locator(".q-ttl")).to_have_text(name)
    assert titles(group)["1-evening"] == before["3-noon"]
    with page.expect_navigation():
        page.locator(".q-toast button").last.click()
    expect(cell(page, "1-evening").locator(".q-ttl")).to_have_text(name)
    cell(page, "3-morning").locator("button").click()
    page.fill("#q-drawer input[name=title]", "感恩绘本共读单")
    page.fill("#q-drawer textarea[name=text]", "今晚一起读。")
    look(page, "week-slot")
    with page.expect_navigation():
        page.locator("#q-drawer button[type=submit].btn-primary").click()
    expect(cell(page, "3-morning").locator(".q-ttl")).to_have_text("感恩绘本共读单")
    page.locator("#q-week-go button").click()
    expect(page.locator("#q-week-go .q-tag")).to_be_visible()
    with tenant_scope(group.tenant):
        assert Touch.objects.filter(group=group, state="planned").count() == len(before) + 2
    look(page, "week-confirmed")


def test_the_topic_bank_and_the_copy_drawer_stand(make_page: MakePage, group: Group) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    base = f"/t/{group.tenant.slug}/library"
    page.goto(f"{base}/topics/")
    look(page, "topics")
    page.locator("main table a").first.click()
    expect(page.locator("#q-drawer h2")).to_be_visible()
    look(page, "topic")
    with tenant_scope(group.tenant):
        following = next_monday(group.tenant) + timedelta(days=7)
    page.goto(f"{base}/week/?group={group.pk}")
    page.locator(".q-acts .dropdown button").first.click()
    page.locator(".q-acts .dropdown-item").first.click()
    expect(page.locator("#q-drawer select[name=to_week]")).to_have_value(following.isoformat())
    look(page, "week-copy")
    with page.expect_navigation():
        page.locator("#q-drawer button[type=submit].btn-primary").click()
    expect(page.locator(".q-push .q-ttl")).to_have_count(len(titles(group)))


def test_an_event_is_planned_and_its_pages_stand(make_page: MakePage, group: Group) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    base = f"/t/{group.tenant.slug}/library"
    page.goto(f"{base}/events/")
    look(page, "events-empty")
    page.goto(f"{base}/events/new/")
    page.fill("input[name=title]", "绘本怎么选")
    page.fill("input[name=host]", "周岚老师")
    page.fill("input[name=link]", "https://live.example.com/9")
    page.select_option("select[name=groups]", [str(group.pk)])
    look(page, "event-new")
    with page.expect_navigation():
        page.locator("main form button[type=submit]").click()
    expect(page.locator("h1")).to_contain_text("绘本怎么选")
    look(page, "event")
    with tenant_scope(group.tenant):
        token = ValueEvent.objects.get().token
        assert Touch.objects.filter(run__version__template__kind="event", state="planned").count() == 3
    page.goto(f"/r/e/{token}")
    expect(page.locator("h1")).to_have_text("绘本怎么选")
    look(page, "event-phone")
