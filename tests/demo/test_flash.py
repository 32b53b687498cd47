"""The demo's flash group: through the gate, four nodes posted, gifts, a relay of reservations, orders of the shop."""

from datetime import timedelta

import pytest

from campaigns.handlers import on_orders_of_deals
from campaigns.models import Award, Campaign, Deal, FlashNode, GroupPost, Reservation
from contacts.models import Order
from demo.company import Company, Plan
from demo.flash import STOCK, flash_begin, flash_goes_on
from groups.models import Group
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


class _Told:
    def __init__(self, customer_ids: list[int]) -> None:
        self.customer_ids, self.kinds = customer_ids, ["order"]


def test_a_planned_group_becomes_a_flash_group_and_lives_its_three_days(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    plan = Plan("小芽英语", "小芽英语", "lin@example.com", "林晓", 1, 1, 6, 21)
    company = Company(plan=plan, tenant=tenant, owner=owner, corp_id="ww1", corp={})
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=60)
        staff = [make_staff(tenant=tenant) for _number in range(2)]
        group = fill_group(group=make_group(tenant=tenant, owner=staff[0]), customers=people, staff=staff)
    campaign_id = flash_begin(company)
    assert campaign_id
    with tenant_scope(tenant):
        found = Group.objects.get(pk=group.pk)
        assert (found.kind, found.state) == ("flash", "active")
    for _visit in range(12):
        flash_goes_on(company, campaign_id)
        with tenant_scope(tenant):
            on_orders_of_deals(
                tenant_id=tenant.pk,
                events=[_Told([one.pk for one in people])],  # type: ignore[list-item]
            )
        frozen.move(hours=6)
    with tenant_scope(tenant):
        assert FlashNode.objects.exclude(posted_at=None).count() == 4
        assert Award.objects.filter(source="flash").count() == 20
        assert Reservation.objects.filter(state="ordered").count() == Order.objects.count() > 3
        assert Deal.objects.get().taken <= STOCK
        assert {one.kind for one in GroupPost.objects.all()} == {"relay", "stream"}
        ends_at = Campaign.objects.get(pk=campaign_id).ends_at
        assert ends_at is not None
    frozen.set(ends_at + timedelta(seconds=1))
    flash_goes_on(company, campaign_id)
