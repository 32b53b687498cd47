"""Approvals as people meet them: two clicks for a leader, an answer for who asked, nothing for others."""

from typing import Any

import pytest

from team.models import Approval
from team.services import approval_ask, register_approval
from tenants.enums import Role
from tenants.models import Membership, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.tenants import actor_of
from tests.team.test_views import body, sign_in

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("team.services.approvals._kinds", {})
    register_approval("tests.thing", "Thing", lambda **_told: None)


def asked(tenant: Tenant, staff: Any, number: int = 1) -> Approval:
    member = Membership.objects.get(pk=staff.membership_id)
    return approval_ask(
        tenant=tenant, actor=actor_of(member), kind="tests.thing", target=f"thing:{number}", label=f"晚八点群{number}",
        said="放宽一次", wish={"n": number}, reason="客户催 <b>😀</b>",
    )  # fmt: skip


def test_a_leader_decides_in_two_clicks_from_today(tenant: Tenant, frozen: MovableClock) -> None:
    operator, staff = sign_in(tenant)
    leader, _staff = sign_in(tenant, Role.LEADER)
    with tenant_scope(tenant):
        row = asked(tenant, staff)
    page_url = f"/t/{tenant.slug}/approvals/"
    assert f'href="{page_url}#a-{row.pk}"' in body(leader.get(f"/t/{tenant.slug}/"))
    page = body(leader.get(page_url))
    assert f'formaction="{page_url}{row.pk}/grant"' in page
    assert "客户催 &lt;b&gt;😀&lt;/b&gt;" in page
    assert leader.post(f"{page_url}{row.pk}/grant", {"note": ""}).status_code == 302
    assert "晚八点群1" not in body(leader.get(page_url)).split("q-toast")[0]
    assert "晚八点群1" in body(leader.get(f"{page_url}?tab=decided"))
    assert "晚八点群1" in body(operator.get(f"/t/{tenant.slug}/"))
    assert leader.post(f"{page_url}{row.pk}/refuse", {"note": "晚了"}).status_code == 409


def test_an_operator_sees_own_requests_and_can_only_withdraw(tenant: Tenant, frozen: MovableClock) -> None:
    operator, staff = sign_in(tenant)
    colleague, _other = sign_in(tenant)
    with tenant_scope(tenant):
        row = asked(tenant, staff)
    page_url = f"/t/{tenant.slug}/approvals/"
    own, others = (body(one.get(f"{page_url}?tab=mine")) for one in (operator, colleague))
    assert ("晚八点群1" in own, "/withdraw" in own, "/grant" in own) == (True, True, False)
    assert "晚八点群1" not in others
    assert "/grant" not in body(colleague.get(page_url))
    answers = [
        colleague.post(f"{page_url}{row.pk}/{verb}").status_code for verb in ("grant", "withdraw", "explode")
    ]
    assert answers == [403, 409, 404]
    assert operator.post(f"{page_url}{row.pk}/withdraw").status_code == 302
    with tenant_scope(tenant):
        assert Approval.objects.get().state == "withdrawn"


@pytest.mark.parametrize("count", [1, 25])
def test_the_page_costs_the_same_for_many_requests(
    tenant: Tenant, frozen: MovableClock, count: int, django_assert_max_num_queries: Any
) -> None:
    _operator, staff = sign_in(tenant)
    leader, _staff = sign_in(tenant, Role.LEADER)
    with tenant_scope(tenant):
        for number in range(count):
            asked(tenant, staff, number)
    with django_assert_max_num_queries(20):
        page = body(leader.get(f"/t/{tenant.slug}/approvals/"))
    assert page.count("q-approval") == count
