"""Notices in a real browser: the bell, the page, what one chooses."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from team.models import NoticeChoice
from team.services.notices import messages_hand, notify
from tenants.models import Membership, Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.team import make_staff

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told(transactional_db: None, tenant: Tenant) -> Tenant:
    """A company whose owner was told eight things."""
    with tenant_scope(tenant):
        lin = make_staff(tenant=tenant, name="林晓", userid="linxiao", membership=Membership.objects.get())
        rows = [
            ("lead", "王女士: 回复「年课现在报，还送绘本吗？」", "小芽英语·启蒙03群 · S 级须 10 分钟内回复"),
            ("incident", "群里有人冒充客服加好友", "小芽英语·启蒙01群"),
            ("question", "周女士问「昨晚的回放在哪里看」", "小芽英语·启蒙01群 · 已等 1 小时"),
            ("new_members", "欢迎 6 位新成员", "小芽英语·启蒙05群"),
            ("alert", "快闪群还没解散", "结束时间 11月13日 22:00 · FLASH-01"),
            ("approval", "何静申请超过 200 人", "小芽英语·启蒙02群"),
            ("handover", "何静把 3 个群交接给你", ""),
            ("alert", "下周推送表缺 5 格", "小芽英语·启蒙03群"),
        ]
        for number, (kind, title, detail) in enumerate(rows):
            notify(
                tenant_id=tenant.pk, staff_ids=[lin.pk], kind=kind, title=title, detail=detail,
                url=f"/t/{tenant.slug}/customers/", key=f"k{number}",
            )  # fmt: skip
        messages_hand(tenant_id=tenant.pk)
    return tenant


def test_notice_pages_look_right_in_every_size_and_theme(
    told: Tenant, make_page: Callable[..., Page]
) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    for name, path in {"notices": "notices/", "notice-settings": "notices/settings/"}.items():
        page.goto(f"/t/{told.slug}/{path}")
        look(page, name)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator(".q-bell").click()
    expect(page.locator(".q-bell-list").get_by_text("王女士")).to_be_visible()
    look(page, "notices-bell")


def test_one_turns_a_kind_off_mutes_and_reads(told: Tenant, make_page: Callable[..., Page]) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{told.slug}/notices/settings/")
    page.locator("select[name=lead__app]").select_option("off")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("select[name=lead__app]")).to_have_value("off")
    page.get_by_role("button", name="静音 1 小时").click()
    expect(page.get_by_role("button", name="恢复通知")).to_be_visible()
    with tenant_scope(told):
        assert NoticeChoice.objects.get().choices["lead"]["app"] == "off"
    page.goto(f"/t/{told.slug}/notices/")
    page.get_by_role("link", name="快闪群还没解散").click()
    page.wait_for_url("**/customers/")
    page.goto(f"/t/{told.slug}/notices/")
    expect(page.locator(".q-list").get_by_text("快闪群还没解散")).to_have_count(0)
    page.get_by_role("button", name="全部已读").click()
    expect(page.get_by_text("没有未读通知").first).to_be_visible()
