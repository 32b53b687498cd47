"""Today and the staff list as a signed-in person meets them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from team.models import Staff, WorkItem
from tenants.enums import Role
from tenants.models import Membership, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.team import make_department, make_staff, make_work_item
from tests.factories.tenants import make_member, make_user
from tests.factories.wecom import make_app

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def home(tenant: Tenant, frozen: MovableClock) -> str:
    return f"/t/{tenant.slug}/"


@pytest.fixture
def bare_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page without what other apps put into its frame and rail: their queries are counted in their own tests."""
    for part in ("items", "freshness", "bells"):
        monkeypatch.setattr(f"console.nav.{part}", list)
    monkeypatch.setattr("team.selectors.beside._rail", [])
    monkeypatch.setattr("team.selectors.beside._loads", [])


def sign_in(tenant: Tenant, role: str = Role.OPERATOR) -> tuple[Client, Staff]:
    """A client of a new member of this role, linked to a new staff member."""
    user = make_user()
    client = Client(headers={"accept-language": "en"})
    user.language = "en"
    user.save()
    with tenant_scope(tenant):
        member = make_member(tenant=tenant, role=role, user=user)
        staff = make_staff(tenant=tenant, membership=member, name="何静")
    client.force_login(user)
    return client, staff


def body(response: Any) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_today_shows_own_items_in_the_work_order_with_the_first_open(
    tenant: Tenant, home: str, frozen: MovableClock
) -> None:
    client, staff = sign_in(tenant)
    with tenant_scope(tenant):
        soon = {"due_at": frozen.moment + timedelta(minutes=5), "script": "您好，今晚八点开课"}
        late = {
            "due_at": frozen.moment - timedelta(minutes=8),
            "tier": "S",
            "rule_code": "SLA-S",
            "url": "/x",
        }
        make_work_item(tenant=tenant, staff=staff, title="转发预告", **soon)
        make_work_item(
            tenant=tenant, staff=staff, title="回复王女士", script="好的", script_source="FAQ 018", **late
        )
        make_work_item(tenant=tenant, staff=make_staff(tenant=tenant), title="别人的事")
        make_work_item(tenant=tenant, title="谁都可以做", bucket="suggest")
    page = body(client.get(home))
    assert page.index("回复王女士") < page.index("转发预告") < page.index("谁都可以做")
    assert "别人的事" not in page
    assert page.count("is-focus") == 1
    assert ("FAQ 018" in page, "您好，今晚八点开课" in page, "SLA-S" in page) == (True, False, True)


def test_done_removes_the_row_and_offers_undo(tenant: Tenant, home: str) -> None:
    client, staff = sign_in(tenant)
    with tenant_scope(tenant):
        item = make_work_item(tenant=tenant, staff=staff, title="转发预告")
    answer = client.post(f"{home}today/items/{item.pk}/done", headers={"HX-Request": "true"})
    assert "q-todo " not in body(answer)
    assert f"{home}today/items/{item.pk}/undo" in answer.headers["HX-Trigger"]
    assert "转发预告" in body(client.get(f"{home}?bucket=done"))
    client.post(f"{home}today/items/{item.pk}/undo", headers={"HX-Request": "true"})
    with tenant_scope(tenant):
        assert WorkItem.objects.get(pk=item.pk).state == "open"


def test_viewer_cannot_finish_and_sales_cannot_finish_anothers(tenant: Tenant, home: str) -> None:
    with tenant_scope(tenant):
        item = make_work_item(tenant=tenant, staff=make_staff(tenant=tenant))
    for role, code in ((Role.VIEWER, 403), (Role.SALES, 409), (Role.OPERATOR, 200)):
        client, _staff = sign_in(tenant, role)
        answer = client.post(f"{home}today/items/{item.pk}/done", headers={"HX-Request": "true"})
        assert (role, answer.status_code) == (role, code)


def test_unknown_item_and_unknown_verb_are_not_found(tenant: Tenant, home: str) -> None:
    client, staff = sign_in(tenant)
    with tenant_scope(tenant):
        item = make_work_item(tenant=tenant, staff=staff)
    assert client.post(f"{home}today/items/999999999/done").status_code == 404
    assert client.post(f"{home}today/items/{item.pk}/explode").status_code == 404


def test_lead_looks_at_one_person_and_at_everyone(tenant: Tenant, home: str) -> None:
    client, staff = sign_in(tenant, Role.LEADER)
    with tenant_scope(tenant):
        other = make_staff(tenant=tenant, name="陆远")
        make_work_item(tenant=tenant, staff=staff, title="自己的事")
        make_work_item(tenant=tenant, staff=other, title="陆远的事")
    own, his, everyone = (
        body(client.get(home + query)) for query in ("", f"?staff={other.pk}", "?staff=all")
    )
    assert [("自己的事" in page, "陆远的事" in page) for page in (own, his, everyone)] == [
        (True, False), (False, True), (True, True),
    ]  # fmt: skip
    assert client.get(f"{home}?staff=999999999").status_code == 404


def test_operator_asking_for_anothers_list_sees_own(tenant: Tenant, home: str) -> None:
    client, _staff = sign_in(tenant)
    with tenant_scope(tenant):
        other = make_staff(tenant=tenant)
        make_work_item(tenant=tenant, staff=other, title="别人的事")
    assert "别人的事" not in body(client.get(f"{home}?staff={other.pk}"))


def test_login_without_staff_is_told_what_to_do(tenant: Tenant, home: str) -> None:
    client, staff = sign_in(tenant)
    with tenant_scope(tenant):
        Staff.objects.filter(pk=staff.pk).update(membership=None)
    assert "not linked to a staff member" in body(client.get(home))


def test_blocked_tab_names_the_rule(tenant: Tenant, home: str) -> None:
    client, staff = sign_in(tenant)
    with tenant_scope(tenant):
        make_work_item(tenant=tenant, staff=staff, title="预告", state="blocked", rule_code="QUOTA-01")
    assert "QUOTA-01" in body(client.get(f"{home}?bucket=blocked"))


@pytest.mark.usefixtures("bare_shell")
@pytest.mark.parametrize("count", [1, 3])
def test_today_asks_the_same_number_of_queries_for_any_number_of_items(
    tenant: Tenant, home: str, count: int, django_assert_num_queries: Any
) -> None:
    client, staff = sign_in(tenant)
    with tenant_scope(tenant):
        for _ in range(count):
            for bucket in ("must", "remind", "suggest"):
                make_work_item(tenant=tenant, staff=staff, bucket=bucket)
            make_work_item(tenant=tenant, staff=staff, state="blocked")
    client.get(home)
    with django_assert_num_queries(9):
        client.get(home)
    client.get(f"{home}?bucket=remind")
    with django_assert_num_queries(8):
        client.get(f"{home}?bucket=remind")


def test_a_long_list_shows_its_first_rows_and_the_rest_on_pages_of_its_kind(
    tenant: Tenant, home: str, frozen: MovableClock
) -> None:
    client, staff = sign_in(tenant)
    with tenant_scope(tenant):
        for number in range(60):
            due = frozen.moment + timedelta(minutes=number)
            make_work_item(tenant=tenant, staff=staff, title=f"第{number:02}件", due_at=due)
        for number in range(30):
            make_work_item(
                tenant=tenant,
                staff=staff,
                title=f"完成{number:02}",
                state="done",
                done_at=frozen.moment,
                done_by="何",
            )
        for number in range(7):
            make_work_item(tenant=tenant, staff=staff, title=f"拦下{number}", state="blocked")
    page = body(client.get(home))
    assert [f"第{number:02}件" in page for number in (0, 24, 25)] == [True, True, False]
    assert "35 more" in page
    assert ("30 items done" in page, "5 more" in page) == (True, True)
    assert ("7 items did not go out" in page, page.count("拦下")) == (True, 5)
    first, second = (body(client.get(f"{home}?bucket=must&page={one}")) for one in (1, 2))
    assert [f"第{number:02}件" in first for number in (0, 49, 50)] == [True, True, False]
    assert [f"第{number:02}件" in second for number in (49, 50, 59)] == [False, True, True]
    assert all(f"完成{number:02}" in body(client.get(f"{home}?bucket=done")) for number in range(30))


@pytest.mark.usefixtures("bare_shell")
@pytest.mark.parametrize("count", [1, 3])
def test_staff_list_shows_departments_and_figures_in_constant_queries(
    tenant: Tenant, home: str, count: int, django_assert_num_queries: Any
) -> None:
    client, _staff = sign_in(tenant, Role.LEADER)
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        make_department(tenant=tenant, app=app, dept_id=7, name="社群运营部")
        for number in range(count):
            person = make_staff(tenant=tenant, app=app, name=f"陆{number}", department_ids=[7])
            make_work_item(tenant=tenant, staff=person)
    page = body(client.get(f"{home}team/"))
    assert ("社群运营部" in page, "陆0" in page) == (True, True)
    with django_assert_num_queries(8):
        client.get(f"{home}team/")


def test_owner_links_a_login_in_the_drawer(tenant: Tenant, home: str) -> None:
    client, _staff = sign_in(tenant, Role.OWNER)
    lead, _staff = sign_in(tenant, Role.LEADER)
    with tenant_scope(tenant):
        person = make_staff(tenant=tenant)
        member = make_member(tenant=tenant)
    url = f"{home}team/{person.pk}/login/"
    assert member.user.email in body(client.get(url, headers={"HX-Request": "true"}))
    assert client.post(url, {"member": member.pk}, headers={"HX-Request": "true"}).status_code == 204
    with tenant_scope(tenant):
        assert Staff.objects.get(pk=person.pk).membership_id == member.pk
    operator, _ = sign_in(tenant)
    for other in (operator, lead):  # a link is a way in: who may not manage members may not give one
        assert other.post(url, {"member": ""}).status_code == 403


def test_foreign_staff_is_not_found(
    tenant: Tenant, other_tenant: Tenant, home: str, make_user: Callable[..., User]
) -> None:
    client, _staff = sign_in(tenant, Role.OWNER)
    with tenant_scope(other_tenant):
        foreign = make_staff(tenant=other_tenant)
        assert Membership.objects.count() == 1
    assert client.get(f"{home}team/{foreign.pk}/login/").status_code == 404


def test_put_off_for_a_reason_stands_apart_and_comes_back(
    tenant: Tenant, home: str, frozen: MovableClock
) -> None:
    client, staff = sign_in(tenant)
    with tenant_scope(tenant):
        item = make_work_item(tenant=tenant, staff=staff, title="转发预告")
    act = f"{home}today/items/{item.pk}"
    assert client.post(f"{act}/snooze", {"why": "laziness"}).status_code == 404
    client.post(f"{act}/snooze", {"why": "tomorrow"}, headers={"HX-Request": "true"})
    with tenant_scope(tenant):
        row = WorkItem.objects.get(pk=item.pk)
        local = row.snoozed_until and row.snoozed_until.astimezone(ZoneInfo("Asia/Shanghai"))
        assert (row.state, local) == ("snoozed", datetime(2026, 3, 3, 9, tzinfo=ZoneInfo("Asia/Shanghai")))
    page = body(client.get(home))
    assert ("All done for now" in page, "转发预告" in page) == (True, True)  # what comes next is named
    page = body(client.get(f"{home}?bucket=snoozed"))
    assert ("Tomorrow morning" in page, "Bring back" in page) == (True, True)
    client.post(f"{act}/undo", headers={"HX-Request": "true"})
    with tenant_scope(tenant):
        row.refresh_from_db()
        assert (row.state, row.snooze_reason, row.snoozed_until) == ("open", "", None)
