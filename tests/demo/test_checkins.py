"""The demo's check-in: who finished a lesson checks in, rows of days grow, and the books hold."""

from datetime import timedelta

import pytest

from campaigns.models import CheckIn, CheckInMember
from campaigns.selectors.checkins import figures_of_checkin, plan_of_campaign
from campaigns.selectors.frame import campaign_get
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.mall import figures_of_mall
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from demo.checkins import checkin_begin, day_of_checkins
from demo.company import Company, Plan
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_who_finished_a_lesson_checks_in_and_who_missed_a_day_makes_it_up(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    plan = Plan("小芽英语", "小芽英语", "lin@example.com", "林晓", 1, 1, 6, 21)
    company = Company(plan=plan, tenant=tenant, owner=owner, corp_id="ww1", corp={})
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=8)
        fill_group(group=make_group(tenant=tenant), customers=people, staff=[make_staff(tenant=tenant)])
    campaign_id = checkin_begin(company)
    for day, learners in enumerate([people, people[:4], people[:6], people[:5], people[:5]]):
        frozen.move(days=1)
        with tenant_scope(tenant):
            behaviour_record_many(
                tenant_id=tenant.pk, source="course",
                items=[
                    BehaviourItem(
                        event_id=f"{day}-{one.pk}", kind="lesson", customer_id=one.pk,
                        occurred_at=frozen.moment - timedelta(hours=1),
                    )
                    for one in learners
                ],
            )  # fmt: skip
        assert day_of_checkins(company, campaign_id) == len(learners)
    with tenant_scope(tenant):
        row = plan_of_campaign(campaign=campaign_get(tenant_id=tenant.pk, campaign_id=campaign_id))
        assert row is not None
        figures = figures_of_checkin(plan=row, tenant=tenant)
        assert (figures.people, figures.today) == (8, 5)
        assert figures_of_mall(tenant_id=tenant.pk, campaign_id=campaign_id).redeemed >= 1
        assert CheckIn.objects.filter(kind="made").exists()
        assert max(CheckInMember.objects.values_list("streak", flat=True)) >= 3
        assert unbalanced(tenant_id=tenant.pk) == []
