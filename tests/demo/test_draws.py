"""The demo's lottery: other members draw each day, within their limit, and the public record holds."""

import json
from datetime import timedelta

import pytest

from campaigns.models import Award, Draw, Lottery
from campaigns.policies.lottery import record_check
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.lottery import record_head, record_lines
from demo.company import Company, Plan
from demo.draws import A_DAY, day_of_draws, lottery_begin
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_members_draw_each_day_others_and_what_came_out_can_be_repeated(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    plan = Plan("小芽英语", "小芽英语", "lin@example.com", "林晓", 1, 1, 6, 21)
    company = Company(plan=plan, tenant=tenant, owner=owner, corp_id="ww1", corp={})
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=A_DAY + 5)
        fill_group(group=make_group(tenant=tenant), customers=people, staff=[make_staff(tenant=tenant)])
    campaign_id = lottery_begin(company)
    assert [day_of_draws(company, campaign_id, day) for day in (0, 0, 1, 2)] == [2 * A_DAY, 2 * A_DAY, 10, 0]
    frozen.set(frozen.moment + timedelta(hours=1))
    with tenant_scope(tenant):
        assert Draw.objects.count() == 2 * len(people)
        won = Draw.objects.filter(outcome="won").count()
        assert won == Award.objects.count()
        assert 0 < won < len(people) * 2
        lottery = Lottery.objects.get()
        head = record_head(lottery=lottery, is_over=True)
        assert record_check(
            json.loads(json.dumps({**head, "draws": list(record_lines(lottery=lottery))}))
        ).holds
        assert unbalanced(tenant_id=tenant.pk) == []
