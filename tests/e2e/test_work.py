"""Today, customers, the staff list, an import and the phone in a real browser: looked at, and worked with."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.backends.cached_db import SessionStore
from playwright.sync_api import Page, expect

from contacts.models import Customer
from team.models import Staff, WorkItem
from tenants import clock
from tenants.models import Membership, Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.contacts import (
    make_behaviour,
    make_customer,
    make_customer_tag,
    make_follow,
    make_order,
    make_tag,
)
from tests.factories.team import make_department, make_staff, make_work_item

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company(transactional_db: None, tenant: Tenant) -> Tenant:
    """A day's work and a few customers."""
    now = clock.now()
    with tenant_scope(tenant):
        lin = make_staff(tenant=tenant, name="林晓", membership=Membership.objects.get(), department_ids=[1])
        make_staff(tenant=tenant, name="何静", department_ids=[1])
        make_department(tenant=tenant, dept_id=1, name="社群运营部")
        _work(tenant, lin)
        tag = make_tag(tenant=tenant, name="抖音信息流")
        for number, name in enumerate(("刘女士", "陈先生", "", "周女士")):
            person = make_customer(tenant=tenant, name=name, gender=2, kind=1, phone="13800136027")
            make_follow(tenant=tenant, customer=person, staff=lin, remark="果果妈妈")
            make_customer_tag(tenant=tenant, customer=person, tag=tag)
            for kind, title in (
                ("lesson", "第16课"),
                ("purchase_click", "年课链接"),
                ("message", ""),
                ("checkin", ""),
            ):
                make_behaviour(
                    tenant=tenant, customer=person, kind=kind, object_title=title, text="课有回放吗？",
                    occurred_at=now - timedelta(hours=7 * number + 2),
                )  # fmt: skip
            if number < 2:
                make_order(tenant=tenant, customer=person, ordered_at=now - timedelta(days=1))
    return tenant


def _work(tenant: Tenant, lin: Staff) -> None:
    now = clock.now()
    rows = [
        (
            "王女士",
            "问「年课现在报，还送绘本吗？」",
            "S",
            "lead",
            "must",
            -494,
            "在群里直接询问课程，S 级须 10 分钟内回复",
            "",
        ),
        (
            "刘女士",
            "点了支付，没有下单（年课 ¥1,980）",
            "A+",
            "lead",
            "must",
            170,
            "A+ 级须 30 分钟内跟进",
            "",
        ),
        (
            "快闪群还没解散",
            "小芽英语·双11快闪群",
            "",
            "alert",
            "must",
            -604800,
            "快闪群不得长期运行",
            "FLASH-01",
        ),
        ("转发「分享班会预告」", "还差启蒙03群", "", "sop_task", "must", 5760, "启蒙营第6期 第 17 天", ""),
        (
            "6 位新成员",
            "4 位还没自我介绍",
            "",
            "new_members",
            "remind",
            27000,
            "其中 2 位入群已满 24 小时",
            "",
        ),
        ("写启蒙营第5期复盘", "已结束 6 天", "", "check", "suggest", None, "结论会带入第7期", ""),
    ]
    for title, detail, tier, kind, bucket, left_s, reason, code in rows:
        due = None if left_s is None else now + timedelta(seconds=left_s)
        make_work_item(
            tenant=tenant, staff=lin, title=title, detail=detail, tier=tier, kind=kind, bucket=bucket,
            reason=reason, rule_code=code, due_at=due, starts_at=due and due - timedelta(minutes=30),
            url=f"/t/{tenant.slug}/customers/", phone_url=f"/m/{tenant.slug}/", verb_label="打开会话",
            script="王女士好，送的。今晚 20:00 开始报年课，送一套 12 本分级绘本。" if tier == "S" else "",
            script_source="常见问题 018" if tier == "S" else "",
        )  # fmt: skip
    make_work_item(
        tenant=tenant, staff=lin, title="「限时优惠预告」到自然拼读02群", state="blocked", rule_code="QUOTA-01",
        reason="今天的群发已被成员自发用掉", kind="sop_task",
    )  # fmt: skip
    make_work_item(tenant=tenant, staff=lin, title="回复赵先生", state="done", done_at=now, done_by="林晓")


def test_work_pages_look_right_in_every_size_and_theme(
    company: Tenant, make_page: Callable[..., Page]
) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    with tenant_scope(company):
        person = company_customer()
    for name, path in {
        "today": "", "today-one": "?one=1", "today-done": "?bucket=done", "team": "team/",
        "customers": "customers/", "customer": f"customers/{person}/", "import": "customers/import/",
    }.items():  # fmt: skip
        page.goto(f"/t/{company.slug}/{path}")
        look(page, f"work-{name}")


def company_customer() -> int:
    return Customer.objects.get(name="刘女士").pk


def test_phone_pages_look_right(company: Tenant, make_page: Callable[..., Page]) -> None:
    page = make_page(width="phone")
    with tenant_scope(company):
        held = SessionStore()
        staff_id = Staff.objects.get(name="林晓").pk
        held[f"phone.{company.pk}"] = {"staff_id": staff_id, "until": "2099-01-01T00:00:00+00:00"}
        held.save()
        external = Customer.objects.get(name="刘女士").external_userid
    page.goto("/accounts/login/")
    origin = page.url.removesuffix("accounts/login/")
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": str(held.session_key), "url": origin}]
    )
    for name, path in {"tasks": "", "customer": f"customer/{external}/"}.items():
        page.goto(f"/m/{company.slug}/{path}")
        look(page, f"phone-{name}")
    page.goto(f"/m/{company.slug}/")
    page.locator(".q-focus button", has_text="完成").first.click()
    expect(page.locator(".q-todo")).to_have_count(3)


def test_keys_move_finish_and_undo(company: Tenant, make_page: Callable[..., Page]) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{company.slug}/")
    rows = page.locator(".q-todo")
    expect(rows).to_have_count(6)
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(rows).to_have_count(5)
    with tenant_scope(company):
        assert WorkItem.objects.filter(title="王女士").values_list("state", flat=True).get() == "done"
    page.locator(".q-toast button").click()
    expect(page.locator(".q-todo")).to_have_count(6)
    page.keyboard.press("j")
    page.keyboard.press("s")
    expect(page.locator(".q-todo")).to_have_count(5)


def test_opt_out_from_the_drawer(company: Tenant, make_page: Callable[..., Page]) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    with tenant_scope(company):
        person = company_customer()
    page.goto(f"/t/{company.slug}/customers/{person}/")
    page.locator(".q-acts button").first.click()
    page.locator("#q-drawer input[name=reason]").fill("微信里说别再发")
    page.locator("#q-drawer button[type=submit]").click()
    expect(page.locator(".q-rail")).to_contain_text("OPT-01")


def test_file_is_checked_in_the_browser(company: Tenant, make_page: Callable[..., Page]) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{company.slug}/customers/import/")
    text = "event_id,kind,occurred_at,external_userid\ne1,lesson,2026-03-02 08:00,wm1\ne2,oops,2026-03-02 08:00,wm1\n"
    page.set_input_files(
        "input[type=file]", {"name": "课程.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.locator("main button[type=submit]").click()
    expect(page.locator("#faults")).to_be_visible()
    look(page, "work-import-checked")
