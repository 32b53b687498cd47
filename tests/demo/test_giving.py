"""The demo's campaign: only who handed in assignments gets something, within the budget, and parcels are sent."""

import pytest

from campaigns.enums import AwardState, CampaignState
from campaigns.models import Award, Campaign, Coupon
from campaigns.selectors.ledger import unbalanced
from demo.company import Company, Plan
from demo.giving import BUDGET_FEN, campaign_begin, day_of_giving
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_customers, make_order
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_who_hands_in_assignments_gets_what_was_promised_and_nobody_else(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    plan = Plan("小芽英语", "小芽英语", "lin@example.com", "林晓", 1, 1, 6, 21)
    company = Company(plan=plan, tenant=tenant, owner=owner, corp_id="ww1", corp={})
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=6)
        fill_group(group=make_group(tenant=tenant), customers=people, staff=[make_staff(tenant=tenant)])
    campaign_id = campaign_begin(company)
    with tenant_scope(tenant):
        for person, count in zip(people, (1, 3, 5, 0, 0, 0), strict=True):
            for _number in range(count):
                make_behaviour(tenant=tenant, customer=person, kind="assignment")
    assert (day_of_giving(company, campaign_id), day_of_giving(company, campaign_id)) == (6, 0)
    frozen.move(days=3)
    day_of_giving(company, campaign_id)
    with tenant_scope(tenant):
        given = [(one.prize.name, one.customer_id) for one in Award.objects.select_related("prize")]
        assert sorted(given) == sorted(
            [("小红包", one.pk) for one in people[:3]]
            + [("分级绘本一本", one.pk) for one in people[1:3]]
            + [("点读笔", people[2].pk)]
        )
        assert not Award.objects.filter(state=AwardState.HELD).exists()
        assert Campaign.objects.get(state=CampaignState.RUNNING).budget_fen == BUDGET_FEN
        assert Campaign.objects.get(state=CampaignState.DRAFT).cloned_from_id == campaign_id
        assert unbalanced(tenant_id=tenant.pk) == []


def test_who_looks_at_the_shop_takes_a_coupon_and_uses_it_on_the_order(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    plan = Plan("小芽英语", "小芽英语", "lin@example.com", "林晓", 1, 1, 6, 21)
    company = Company(plan=plan, tenant=tenant, owner=owner, corp_id="ww1", corp={})
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=3)
        fill_group(group=make_group(tenant=tenant), customers=people, staff=[make_staff(tenant=tenant)])
    campaign_id = campaign_begin(company)
    with tenant_scope(tenant):
        for person in people[:2]:
            make_behaviour(tenant=tenant, customer=person, kind="purchase_click")
    day_of_giving(company, campaign_id)
    frozen.move(hours=5)
    with tenant_scope(tenant):
        make_order(tenant=tenant, customer=people[0], order_no="NO-1")
    day_of_giving(company, campaign_id)
    day_of_giving(company, campaign_id)
    with tenant_scope(tenant):
        found = dict(Coupon.objects.values_list("customer_id", "order_no"))
        assert found == {people[0].pk: "NO-1", people[1].pk: ""}
        assert unbalanced(tenant_id=tenant.pk) == []
