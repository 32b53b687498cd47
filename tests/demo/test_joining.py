"""The demo's join play: whoever joins and hands in a first assignment gets a red packet, within its budget."""

import pytest

from campaigns.handlers import on_join_tasks
from campaigns.models import Award, Joiner
from campaigns.selectors.frame import campaign_get, missing_of
from campaigns.selectors.ledger import unbalanced
from contacts.events import BehavioursRecorded
from demo.company import Company, Plan
from demo.joining import joining_begin
from groups.models import Group
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.joins import joins
from tests.factories.team import make_staff

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_who_joins_the_camp_and_hands_in_gets_the_packet(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    plan = Plan("小芽英语", "小芽英语", "lin@example.com", "林晓", 1, 1, 6, 21)
    company = Company(plan=plan, tenant=tenant, owner=owner, corp_id="ww1", corp={})
    with tenant_scope(tenant):
        old = make_customers(tenant=tenant, count=2)
        group: Group = fill_group(
            group=make_group(tenant=tenant), customers=old, staff=[make_staff(tenant=tenant)]
        )
    campaign_id = joining_begin(company)
    with tenant_scope(tenant):
        assert missing_of(campaign=campaign_get(tenant_id=tenant.pk, campaign_id=campaign_id)) == []
        new = make_customers(tenant=tenant, count=3)
        joins(tenant=tenant, group=group, people=new)
        frozen.move(hours=20)
        for one in (new[0], old[0]):
            made = make_behaviour(tenant=tenant, customer=one, kind="assignment", occurred_at=clock.now())
            told = BehavioursRecorded(
                tenant_id=tenant.pk, occurred_at=clock.now(), customer_ids=[one.pk], behaviour_ids=[made.pk],
                kinds=["assignment"], first_at=clock.now(), last_at=clock.now(),
            )  # fmt: skip
            on_join_tasks(tenant_id=tenant.pk, events=[told])
        assert [one.customer_id for one in Award.objects.all()] == [new[0].pk]
        assert sorted(Joiner.objects.values_list("state", flat=True)) == ["got", "waiting", "waiting"]
        assert unbalanced(tenant_id=tenant.pk) == []
