"""A list in the browser: filters go into the URL, and become a view with a name."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tenants import audit
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.contacts import make_customer
from tests.factories.groups import make_group, make_member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def trail(tenant: Tenant) -> str:
    """Sixty entries of two people; returns the list's path."""
    with tenant_scope(tenant):
        for number in range(60):
            who = Actor(kind="user", id=None, name="周岚" if number % 2 else "林晓")
            verb = "groups.group.frozen" if number % 3 else "leads.lead.assigned"
            audit.record(tenant=tenant, actor=who, verb=verb, target=tenant, changes={"limit": [3, number]})
    return f"/t/{tenant.slug}/settings/audit/"


def test_filters_change_the_table_and_the_url_and_are_kept_as_a_view(
    tenant: Tenant, make_page: Callable[..., Page], trail: str
) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(trail)
    look(page, "list-full")

    page.fill("#q-list-search", "周岚")
    expect(page.locator(".q-pager")).to_contain_text("共 30 条")
    page.get_by_role("button", name="操作", exact=True).click()
    page.get_by_label("操作", exact=True).fill("改派")
    page.keyboard.press("Enter")
    expect(page.locator(".q-pager")).to_contain_text("共 10 条")
    expect(page.locator(".q-chip")).to_have_text("操作： 改派")
    assert "verb=%E6%94%B9%E6%B4%BE" in page.url
    look(page, "list-filtered")

    page.get_by_role("button", name="存为视图").click()
    drawer = page.locator("#q-drawer")
    expect(drawer).to_be_visible()
    drawer.get_by_label("视图名称").fill("周岚的改派")
    look(page, "list-drawer")
    drawer.get_by_role("button", name="保存").click()

    tab = page.get_by_role("navigation", name="已存视图").get_by_role("link", name="周岚的改派")
    expect(tab).to_have_attribute("aria-current", "page")
    expect(page.locator(".q-pager")).to_contain_text("共 10 条")
    expect(page.locator(".q-toast")).to_contain_text("周岚的改派")

    page.get_by_role("link", name="去掉条件：操作").click()
    expect(page.locator(".q-pager")).to_contain_text(
        "共 31 条"
    )  # and the saved view, which is named after her


def test_heads_sort_and_a_question_mark_lists_the_keys(
    tenant: Tenant, make_page: Callable[..., Page], trail: str
) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(trail)
    page.get_by_role("link", name="操作人").click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("操作人")
    assert "sort=actor_name" in page.url

    page.keyboard.press("?")

    expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()


@pytest.fixture
def groups(tenant: Tenant) -> str:
    """Twenty groups; returns the path of the customer list, which can be narrowed to one of them."""
    with tenant_scope(tenant):
        member = make_member(
            group=make_group(tenant=tenant, name="启蒙英语 19"), customer=make_customer(tenant=tenant)
        )
        make_customer(tenant=tenant)
        for number in range(19):
            make_group(tenant=tenant, name=f"启蒙英语 {number:02}", app=member.group.app)
    return f"/t/{tenant.slug}/customers/"


def test_a_group_is_found_among_many_and_narrows_the_list(
    tenant: Tenant, make_page: Callable[..., Page], groups: str
) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(groups)
    page.get_by_role("button", name="群", exact=True).click()
    expect(page.get_by_label("启蒙英语 03")).to_be_visible()
    look(page, "list-choices")

    page.get_by_role("searchbox", name="在选项里搜索").press_sequentially("英语 19")
    expect(page.get_by_label("启蒙英语 03")).to_be_hidden()
    page.keyboard.press("Enter")
    page.get_by_label("启蒙英语 19").check()

    expect(page.locator(".q-chip")).to_have_text("群： 启蒙英语 19")
    expect(page.locator(".q-pager")).to_contain_text("共 1 条")
    assert "choices" not in page.url
    page.reload()
    page.get_by_role("button", name="群", exact=True).click()
    expect(page.get_by_label("启蒙英语 19")).to_be_checked()
