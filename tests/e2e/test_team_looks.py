"""Pictures of the team's pages, and a request decided in two clicks from Today."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from groups.services.approvals import check_ask, kinds_ask
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Membership, Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.groups import make_group
from tests.factories.team import make_staff
from tests.factories.tenants import actor_of, make_member, make_user

pytestmark = pytest.mark.django_db(transaction=True)
MakePage = Callable[..., Page]


@pytest.fixture
def people(transactional_db: None, tenant: Tenant, owner: Actor) -> Tenant:
    """An owner and an operator, each linked to a staff member, and two groups that need an exception."""
    with tenant_scope(tenant):
        member = Membership.objects.get(tenant=tenant, user_id=owner.id)
        make_staff(tenant=tenant, membership=member, name="周岚")
        member = make_member(tenant=tenant, role=Role.OPERATOR, user=make_user(name="何静"))
        make_staff(tenant=tenant, membership=member, name="何静")
        live = make_group(tenant=tenant, name="小芽启蒙03群", kind="flash", state="active")
        planned = make_group(tenant=tenant, name="小芽启蒙04群", kind="new_user")
        he = actor_of(member)
        kinds_ask(
            tenant=tenant,
            group_ids=[live.pk],
            kind="new_user",
            actor=he,
            reason="快闪活动结束，成员想留下来继续学习",
        )
        check_ask(tenant=tenant, group_id=planned.pk, code="STAFF-01", reason="下周补一位助教", actor=he)
    return tenant


def test_two_clicks_from_today_decide_a_request(people: Tenant, make_page: MakePage, owner: Actor) -> None:
    home = f"/t/{people.slug}/"
    page = make_page(User.objects.get(pk=owner.id))
    page.goto(f"{home}approvals/")
    look(page, "team-approvals")
    page.goto(home)
    look(page, "team-today-approvals")
    page.locator(".q-todo a.btn", has_text="去审批").first.click()
    page.get_by_role("button", name="同意").first.click()
    expect(page.locator(".q-approval")).to_have_count(1)
