"""The demo's exceptions and ratings: one refused, one that waits, and customers who say how service was."""

from datetime import date, timedelta
from typing import Any

import pytest

from contacts.selectors.prices import anchor_of
from contacts.selectors.ratings import ratings
from contacts.selectors.service import ALL, Wanted
from demo.asking import (
    anchor_granted,
    another_type_refused,
    later_end_asked,
    ratings_ask,
    ratings_come,
    ratings_end,
    sku_begin,
)
from demo.camp import PRODUCT
from demo.company import Company, Plan
from team.models import WorkItem
from team.selectors import approvals_decided, approvals_waiting
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers, make_order
from tests.factories.groups import fill_group, make_group
from tests.factories.sop import make_run, make_version
from tests.factories.team import make_staff
from tests.factories.tenants import make_member, make_user
from tests.sop.conftest import befriend

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def company(tenant: Tenant, owner: Actor, frozen: MovableClock) -> Any:
    plan = Plan("小芽英语", "小芽英语", "lin@example.com", "林晓", 6, 1, 1, 1)
    with tenant_scope(tenant):
        make_member(tenant=tenant, role=Role.OPERATOR, user=make_user())
        staff = make_staff(tenant=tenant)
        group = make_group(tenant=tenant, app=staff.app, owner=staff, state="active", kind="new_user")
        crowd = make_customers(tenant=tenant, count=12, app=staff.app)
        fill_group(group=group, customers=crowd, staff=[staff])
        befriend(staff, crowd)
        version = make_version(tenant=tenant, steps=[{}], days=30)
        ends_at = frozen.moment + timedelta(hours=5)
        make_run(
            tenant=tenant, version=version, groups=[group], starts_on=date(2026, 3, 2), offer_ends_at=ends_at
        )
    return Company(plan=plan, tenant=tenant, owner=owner, corp_id="", corp={})


def test_one_exception_is_refused_and_one_waits_on_the_owners_list(company: Company) -> None:
    assert another_type_refused(company)
    assert later_end_asked(company)
    with tenant_scope(company.tenant):
        assert [row.state for row in approvals_decided(tenant_id=company.tenant.pk)] == ["refused"]
        (row,) = approvals_waiting(tenant_id=company.tenant.pk)
        assert row.kind == "sop.deadline"


def test_after_the_offer_nothing_is_asked_and_nothing_breaks(company: Company, frozen: MovableClock) -> None:
    frozen.move(days=40)
    assert not later_end_asked(company)


def test_the_price_that_people_paid_is_compared_with_once_somebody_paid_it(
    company: Company, frozen: MovableClock
) -> None:
    tenant, code = company.tenant, str(PRODUCT["id"])
    assert not anchor_granted(company)  # nothing is sold
    sku_begin(company)
    assert not anchor_granted(company)  # nobody has bought
    with tenant_scope(tenant):
        (buyer,) = make_customers(tenant=tenant, count=1)
        make_order(
            tenant=tenant,
            customer=buyer,
            sku_id=code,
            amount_fen=PRODUCT["price_fen"],
            ordered_at=frozen.moment,
        )
    later_end_asked(company)
    assert anchor_granted(company)
    with tenant_scope(tenant):
        now = anchor_of(tenant_id=tenant.pk, code=code)
        assert now is not None
        assert (now.anchor.price_fen, now.holds) == (PRODUCT["price_fen"], True)
        assert [row.kind for row in approvals_waiting(tenant_id=tenant.pk)] == ["sop.deadline"]


def test_some_rate_the_service_and_the_rest_leave_everybodys_list(
    company: Company, frozen: MovableClock
) -> None:
    assert ratings_ask(company) == 12
    given = sum(ratings_come(company) for _day in range(3))
    assert 3 <= given <= 5  # each of them once
    ratings_end(company)
    ratings_come(company)
    with tenant_scope(company.tenant):
        now = frozen.moment
        wanted = Wanted(now - timedelta(days=1), now + timedelta(days=1))
        found = ratings(tenant_id=company.tenant.pk, wanted=wanted, zone=company.tenant.timezone)[ALL][None]
        assert found.count == given
        assert not WorkItem.objects.filter(source_kind="contacts.survey", state="open").exists()
