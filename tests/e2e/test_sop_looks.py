"""Pictures of the SOP pages, and starting a camp as an operator does it: from template to running."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from groups.selectors import groups_open
from sop.models import Run, Step, Touch, Version
from sop.services.dispatch import dispatch_due
from sop.services.runs import RunWish, run_start
from sop.services.staff import touch_submit
from sop.services.templates import template_clone, version_draft, version_publish
from tenants import clock
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


@pytest.fixture
def settled(transactional_db: None, tenant: Tenant) -> Tenant:
    """A company with three live groups, one still planned, and two staff."""
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        lin = make_staff(tenant=tenant, app=app, userid="linxiao", name="林晓")
        zhou = make_staff(tenant=tenant, app=app, userid="zhoulan", name="周岚")
        for number, owner in enumerate((lin, zhou, lin), 1):
            group = make_group(
                tenant=tenant,
                app=app,
                owner=owner,
                state="active",
                kind="new_user",
                name=f"启蒙{number:02d}群",
            )
            people = make_customers(tenant=tenant, count=20 + number, app=app)
            fill_group(group=group, customers=people, staff=[lin, zhou])
        make_group(tenant=tenant, app=app, owner=lin, name="启蒙04群")
    return tenant


@pytest.fixture
def running(settled: Tenant) -> Run:
    """A camp in its second day: things done, missed, blocked and still planned."""
    with tenant_scope(settled):
        version = template_clone(tenant=settled, code="camp30", language="zh", actor=SYSTEM)
        version_publish(tenant=settled, version_id=version.pk, actor=SYSTEM)
        today = clock.local_date(clock.now(), settled.timezone)
        wish = RunWish(
            version_id=version.pk,
            name="启蒙营第6期",
            group_ids=_live(settled),
            starts_on=today,
            key_interaction="live",
            interaction_url="https://live.example.com/6",
            product_title="年课",
            product_url="https://shop.example.com/p/1",
            offer_ends_at=clock.now() + timedelta(days=18),
        )
        run = run_start(tenant=settled, wish=wish, actor=SYSTEM)
        now = clock.now()
        soon = list(Touch.objects.order_by("planned_at", "pk")[:12])
        for number, touch in enumerate(soon):
            touch.planned_at = touch.due_at = now - timedelta(minutes=number)
            touch.window_ends_at = now + timedelta(minutes=90)
            touch.channel = "staff_task"
            touch.save()
        Step.objects.update(is_service=True, evidence="note")
        dispatch_due(tenant_id=settled.pk)
        touch_submit(tenant=settled, touch_id=soon[0].pk, actor=SYSTEM)
        touch_submit(tenant=settled, touch_id=soon[3].pk, actor=SYSTEM, note="9 人回复")
        Touch.objects.filter(pk=soon[6].pk).update(
            state="blocked", rule_code="CAP-01", reason="今天的消息已到上限"
        )
        Touch.objects.filter(pk=soon[7].pk).update(
            state="expired", rule_code="SOP-04", reason="没有在窗口内发出"
        )
    return run


def _live(tenant: Tenant) -> list[int]:
    return [one.pk for one in groups_open(tenant_id=tenant.pk) if one.state == "active"]


def signed_in(make_page: MakePage) -> Page:
    return make_page(User.objects.get(email="lin@example.com"))


def test_new_operator_signs_in_and_has_a_camp_running_in_a_few_clicks(
    settled: Tenant, make_page: MakePage
) -> None:
    page = make_page()
    page.goto("/accounts/login/")
    page.fill("input[name=login]", "lin@example.com")
    page.fill("input[name=password]", "correct-horse-9")
    page.click("main button[type=submit]")
    page.wait_for_url(f"**/t/{settled.slug}/")
    page.locator("nav").get_by_role("link", name="SOP", exact=True).first.click()
    page.locator(".q-empty a.btn-primary").click()  # nothing runs yet: the empty page says where to begin
    page.wait_for_url("**/sop/")
    look(page, "sop-templates-first")
    page.locator("form[action*='camp30'] button").click()
    expect(page.locator("h1")).to_contain_text("30")
    look(page, "sop-version-draft")
    page.get_by_role("button", name="开班仪式").click()
    expect(page.locator("#sop-step h2")).to_have_text("开班仪式")
    look(page, "sop-step")
    page.locator("#sop-step [data-dock-close]").first.click()
    with page.expect_navigation():
        page.locator("form[action*='publish'] button").click()
    with page.expect_navigation():
        page.locator("header.q-head a.btn-primary").click()
    expect(page.locator("#q-preview .q-kv")).to_be_visible()
    page.fill("input[name=interaction_url]", "https://live.example.com/6")
    page.fill("input[name=product_title]", "年课")
    page.fill("input[name=product_url]", "https://shop.example.com/p/1")
    look(page, "sop-run-new")
    page.locator("#run-form button[type=submit]").click()
    page.wait_for_url("**/sop/runs/*/")
    expect(page.locator("table.q-cal")).to_be_visible()
    with tenant_scope(settled):
        assert Run.objects.get().touches.count() > 150


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_of_a_running_camp_look_right(running: Run, make_page: MakePage, language: str) -> None:
    User.objects.update(language=language)
    page = signed_in(make_page)
    tenant = Tenant.objects.get(pk=running.tenant_id)
    base = f"/t/{tenant.slug}/sop"
    with tenant_scope(tenant):
        version = Version.objects.get()
        touch = Touch.objects.filter(state="handed").first()
        draft = version_draft(tenant=tenant, version_id=version.pk, reason="第6期配额撞车", actor=SYSTEM)
        Step.objects.filter(version=draft, key="d04_tip").update(text="改过的小知识")
        assert touch is not None
    day = f"{clock.local(clock.now(), tenant.timezone):%Y-%m-%d}"
    pages = {
        "runs": f"{base}/runs/", "calendar": f"{base}/runs/{running.pk}/?day={day}&group={touch.group_id}",
        "touches": f"{base}/touches/", "templates": f"{base}/", "version": f"{base}/versions/{version.pk}/",
        "diff": f"{base}/versions/{draft.pk}/changes/", "versions": f"{base}/versions/{draft.pk}/?tab=versions",
    }  # fmt: skip
    for name, path in pages.items():
        page.goto(path)
        look(page, f"sop-{name}")
    page.goto(pages["calendar"])
    page.locator(".q-ledger tbody button").first.click()
    expect(page.locator("#q-drawer h2")).to_be_visible()
    look(page, "sop-touch")


def test_staff_page_on_the_phone_looks_right(
    running: Run, make_page: MakePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = Tenant.objects.get(pk=running.tenant_id)
    with tenant_scope(tenant):
        touch = Touch.objects.filter(state="handed").select_related("staff").first()
        assert touch is not None
        Touch.objects.filter(pk=touch.pk).update(channel="group_forward")
        staff = touch.staff
    monkeypatch.setattr("team.phone.base.session_staff", lambda request, tenant: staff)
    page = make_page(width="phone")
    page.goto(f"/m/{tenant.slug}/send/{touch.pk}/")
    look(page, "sop-send")
    with page.expect_navigation():
        page.locator(f"form[action$='/send/{touch.pk}/'] button[type=submit]").click()
    with tenant_scope(tenant):
        touch.refresh_from_db()
        assert touch.state == "submitted"
