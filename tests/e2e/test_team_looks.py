"""Pictures of the team's pages, and a request decided in two clicks from Today."""

from collections.abc import Callable
from datetime import time

import pytest
from playwright.sync_api import Page, expect

from groups.services.approvals import check_ask, kinds_ask
from team.selectors import staff_list
from team.services import profile_set, shifts_set
from tenants.audit import SYSTEM, Actor
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
    page.locator(".q-todo.is-focus a.btn-primary").click()
    page.get_by_role("button", name="同意").first.click()
    expect(page.locator(".q-approval")).to_have_count(1)


def test_a_leader_sets_a_kind_and_shifts_and_finds_the_week(
    people: Tenant, make_page: MakePage, owner: Actor
) -> None:
    with tenant_scope(people):
        he = next(one for one in staff_list(tenant_id=people.pk) if one.name == "何静")
        chief = next(one for one in staff_list(tenant_id=people.pk) if one.name == "周岚")
        profile_set(
            tenant=people, staff_id=chief.pk, kind="ops_sales", own_metric="leads_won", strengths="逼单、直播答疑",
            backup_id=he.pk, actor=SYSTEM,
        )  # fmt: skip
        week = {day: (time(22), time(6)) if day == 4 else (time(9), time(18)) for day in range(5)}
        shifts_set(tenant=people, staff_id=chief.pk, week=week, actor=SYSTEM)
    page = make_page(User.objects.get(pk=owner.id))
    page.goto(f"/t/{people.slug}/team/load/")
    look(page, "team-load")
    page.get_by_role("button", name="运营型").first.click()
    page.get_by_role("link", name="何静").first.click()
    look(page, "team-profile")
    page.goto(f"/t/{people.slug}/team/{chief.pk}/")
    look(page, "team-profile-full")
    page.goto(f"/t/{people.slug}/team/roles/")
    look(page, "team-roles")
    expect(page.locator("h1")).to_have_text("谁能做什么")
