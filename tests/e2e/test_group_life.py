"""A group from the idea to live, guided, with nothing forgotten; and the pages of its life."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from groups.models import Group
from groups.services.intros import intro_rule_set
from groups.services.moving import group_move
from groups.services.setup import group_edit_plan, group_plan
from groups.services.violations import violation_record
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_answers, make_group
from tests.factories.team import make_staff
from tests.factories.wecom import make_app

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_the_idea_to_live_with_nothing_forgotten(
    transactional_db: None, tenant: Tenant, make_page: Callable[..., Page]
) -> None:
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        crew = [make_staff(tenant=tenant, app=app) for _ in range(3)]
        people = make_customers(tenant=tenant, count=3)
        today = clock.local_date(clock.now(), tenant.timezone)
    User.objects.update(language="zh-hans")
    page = make_page(User.objects.get(email="lin@example.com"))

    page.goto(f"/t/{tenant.slug}/groups/new/")
    page.locator("[name=name]").fill("小芽英语启蒙09群")
    page.locator("[name=kind]").select_option("new_user")
    page.locator("[name=starts_on]").fill(today.isoformat())
    page.locator("[name=leader]").select_option(str(crew[0].pk))
    page.locator("main button[type=submit]").last.click()
    page.wait_for_url("**/readiness/")
    steps = page.locator("#setup-steps [data-step]")
    done = page.locator("#setup-steps [data-step][data-done]")
    expect(steps).to_have_count(6)
    expect(done).to_have_count(0)
    expect(page.locator("button[form=go-form]")).to_be_disabled()
    look(page, "setup-begun")

    with tenant_scope(tenant):
        group = Group.objects.get(planned_name="小芽英语启蒙09群")
        make_answers(group=group)
        group_edit_plan(
            tenant=tenant, group_id=group.pk, actor=SYSTEM, value_proposition="30 天养成听读习惯",
            welcome="欢迎。30 天养成听读习惯，每晚 20:00 带读。请先介绍一下孩子的年龄。",
            announcement="每晚 20:00 带读。不发违法与不实信息；不私加成员；不发无关广告和链接。",
            ends_on=today + timedelta(days=30),
        )  # fmt: skip
        Group.objects.filter(pk=group.pk).update(
            app=app, chat_id="wr-live", name="小芽英语启蒙09群", payment_basis="low_price", owner=crew[0],
            purpose="conversion", scenario="camp", owner_userid=crew[0].userid, admin_userids=[crew[1].userid],
        )  # fmt: skip
        group.refresh_from_db()
        fill_group(group=group, staff=crew, customers=people)
    page.reload()
    expect(done).to_have_count(5)
    page.locator("button[form=setup-tick-koc]").click()
    expect(done).to_have_count(6)
    page.locator("button[form=go-form]").click()
    page.wait_for_url(f"**/groups/{group.pk}/")
    with tenant_scope(tenant):
        assert Group.objects.get(pk=group.pk).state == "active"
    look(page, "group-first-days")


ANSWERS = {
    "positioning_audience": "3–6 岁孩子的家长", "positioning_not_for": "同行",
    "positioning_outcome": "30 天养成听读习惯", "positioning_actions": "每晚跟读、交作业",
    "value_proposition": "30 天养成听读习惯",
    "deliverable_promises": "每晚 20:00 老师带读\n作业 24 小时内点评", "management_duties": "林晓立规矩，周岚断争执",
}  # fmt: skip


def test_every_answer_is_given_in_the_browser_and_no_press_loses_what_was_typed(
    transactional_db: None, tenant: Tenant, make_page: Callable[..., Page]
) -> None:
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        crew = [make_staff(tenant=tenant, app=app) for _ in range(3)]
        group = group_plan(
            tenant=tenant, name="小芽英语启蒙10群", kind="new_user", leader_id=crew[0].pk, actor=SYSTEM,
            starts_on=clock.local_date(clock.now(), tenant.timezone),
        )  # fmt: skip
    User.objects.update(language="zh-hans")
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{tenant.slug}/groups/{group.pk}/readiness/")
    # What saves by itself while somebody types never arrives: only the presses carry the words.
    page.route(
        "**/readiness/",
        lambda call: call.fulfill(status=204) if call.request.headers.get("hx-request") else call.continue_(),
    )
    expect(page.locator(".is-super").first).to_be_hidden()
    page.locator("[name=payment_basis][value=low_price]").check()
    page.locator("[name=purpose]").select_option("conversion")
    page.locator("[name=scenario]").select_option("camp")
    for name, words in ANSWERS.items():
        page.locator(f"[name={name}]").fill(words)
    for one in crew[1:]:
        page.locator(f"[name=crew][value='{one.pk}']").check()
    for what in ("week", "red-lines", "ending", "crisis", "welcome", "rules"):
        with page.expect_navigation():
            page.locator(f"button[form=fix-{what}]").click()
    for name, words in ANSWERS.items():
        expect(page.locator(f"[name={name}]")).to_have_value(words)
    with page.expect_navigation(url=f"**/groups/{group.pk}/"):
        page.locator("button[form=go-form]").click()
    with tenant_scope(tenant):
        assert Group.objects.get(pk=group.pk).state == "active"


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_pages_of_a_groups_life_look_right(
    transactional_db: None, tenant: Tenant, make_page: Callable[..., Page], language: str
) -> None:
    with tenant_scope(tenant):
        following = make_group(tenant=tenant, name="启蒙进阶群", state="active")
        group = make_group(tenant=tenant, owner=make_staff(tenant=tenant), state="active")
        make_answers(group=group)
        people = make_customers(tenant=tenant, count=4)
        fill_group(group=group, customers=people)
        fill_group(group=following, customers=people[:1])
        for _ in range(2):
            violation_record(
                tenant=tenant, group_id=group.pk, userid=people[0].external_userid, actor=SYSTEM,
                rule="不发无关广告和链接", evidence="加我微信领红包", evidence_url="https://example.com/shot.png",
            )  # fmt: skip
        intro_rule_set(
            tenant=tenant,
            group_id=group.pk,
            template="城市：\n年龄：",
            pattern="城市-名字",
            is_on=True,
            actor=SYSTEM,
        )
        group_move(tenant=tenant, group_id=group.pk, state="closing", actor=SYSTEM)
    User.objects.update(language=language)
    page = make_page(User.objects.get(email="lin@example.com"))
    for tab in ("violations", "intros", "ending", "members"):
        page.goto(f"/t/{tenant.slug}/groups/{group.pk}/?tab={tab}")
        look(page, f"group-{tab}")
    page.goto(f"/t/{tenant.slug}/groups/{group.pk}/?tab=violations")
    page.locator("button[hx-get*='violations/new']").first.click()
    expect(page.locator("#q-drawer [name=evidence]")).to_be_visible()
