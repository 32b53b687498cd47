"""Today (R123): whatever kind of work stands there is settled in two clicks, at the desk and on the phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from team.enums import WorkKind
from team.models import WorkItem
from tenants.models import Membership, Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.team import make_staff, make_work_item

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = [
    WorkKind.SOP_TASK,
    WorkKind.LEAD,
    WorkKind.QUESTION,
    WorkKind.NEW_MEMBERS,
    WorkKind.ALERT,
    WorkKind.CHECK,
]


@pytest.fixture
def company(transactional_db: None, tenant: Tenant) -> Tenant:
    """One item of each kind, all of the owner's own."""
    with tenant_scope(tenant):
        lin = make_staff(tenant=tenant, name="林晓", membership=Membership.objects.get())
        for kind in KINDS:
            make_work_item(
                tenant=tenant, staff=lin, kind=kind, title=f"一件{kind.value}", reason="小芽英语·启蒙03群，今天要做",
                bucket="remind", url=f"/t/{tenant.slug}/customers/", tier="A" if kind == WorkKind.LEAD else "",
            )  # fmt: skip
    return tenant


@pytest.mark.parametrize("width", ["wide", "phone"])
def test_each_kind_is_done_or_put_off_in_two_clicks(
    company: Tenant, make_page: Callable[..., Page], width: str
) -> None:
    page = make_page(User.objects.get(email="lin@example.com"), width=width)
    page.goto(f"/t/{company.slug}/")
    for number, kind in enumerate(KINDS):
        row = page.locator(".q-todo").filter(has_text=f"一件{kind.value}")
        expect(row).to_contain_text("小芽英语·启蒙03群，今天要做")  # why and where
        row.locator("[data-bs-toggle=dropdown]").click()  # one
        row.locator(".dropdown-menu button", has_text="完成" if number % 2 else "等客户").click()  # two
        expect(page.locator(".q-todo").filter(has_text=f"一件{kind.value}")).to_have_count(0)
    with tenant_scope(company):
        states = dict(WorkItem.objects.values_list("kind", "state"))
    assert states == {kind: "done" if number % 2 else "snoozed" for number, kind in enumerate(KINDS)}
    expect(page.get_by_text("暂时都做完了")).to_be_visible()
    look(page, f"today-empty-{width}")
    page.goto(f"/t/{company.slug}/?bucket=snoozed")
    look(page, f"today-snoozed-{width}")
    page.get_by_role("button", name="拿回来").first.click()
    expect(page.locator(".q-todo")).to_have_count(2)
