"""The demo's people answer a form, get stuck and are helped: the pages of forms and obstacles show something."""

import pytest

from contacts.models import Customer, Obstacle, ProfileFact, SurveyLink
from demo.company import Company, Plan
from demo.stumbling import OBSTACLES, form_answers, form_ask, obstacles_noted, obstacles_solved
from team.models import WorkItem
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers, make_follow
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff
from tests.factories.wecom import make_app

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def company(tenant: Tenant, owner: Actor, frozen: MovableClock) -> Company:
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        staff = make_staff(tenant=tenant, app=app)
        people = make_customers(tenant=tenant, count=12, app=app)
        for one in people:
            make_follow(tenant=tenant, customer=one, staff=staff)
        fill_group(group=make_group(tenant=tenant, app=app, state="active"), customers=people, staff=[staff])
    plan = Plan("小芽英语", "小芽英语", "lin@example.com", "林晓", 1, 1, 12, 1)
    return Company(plan=plan, tenant=tenant, owner=owner, corp_id=app.corp_id, corp=None)


def test_most_answer_the_form_into_their_profiles_and_no_task_is_left(company: Company) -> None:
    assert form_ask(company) == 12
    assert form_answers(company) == 9
    assert form_answers(company) == 0
    with tenant_scope(company.tenant):
        assert SurveyLink.objects.filter(answered_at__isnull=False).count() == 9
        assert ProfileFact.objects.filter(field="city", source="form").count() == 9
        assert not WorkItem.objects.filter(state="open").exists()


def test_who_tries_it_gets_stuck_and_some_are_helped(company: Company) -> None:
    assert obstacles_noted(company) == 0
    with tenant_scope(company.tenant):
        Customer.objects.update(stage=4)
    assert obstacles_noted(company) == len(OBSTACLES)
    assert obstacles_solved(company) == 2
    with tenant_scope(company.tenant):
        assert Obstacle.objects.filter(solved_at=None).count() == len(OBSTACLES) - 2
