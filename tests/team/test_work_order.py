"""The one work order: the rows of Today as the database sorts them, a page at a time."""

import random
from datetime import timedelta

import pytest
from django.db.models import F

from team.models import WorkItem
from team.selectors import in_work_order, work_item_list
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.team import make_staff, make_work_item
from tests.team.work_order import in_order

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
MINUTES = (None, -90, -30, -1, 0, 1, 90, 90)
TIERS = ("S", "A+", "A", "B", "")


@pytest.fixture
def rows(tenant: Tenant, frozen: MovableClock) -> list[WorkItem]:
    """Items of every standing, made in any order."""
    wanted = [(after, tier) for after in MINUTES for tier in TIERS]
    random.Random(7).shuffle(wanted)
    with tenant_scope(tenant):
        return [
            make_work_item(
                tenant=tenant, tier=tier, due_at=None if after is None else frozen.moment + timedelta(minutes=after)
            )
            for after, tier in wanted
        ]  # fmt: skip


def test_the_database_sorts_as_the_order_is_told(
    tenant: Tenant, frozen: MovableClock, rows: list[WorkItem]
) -> None:
    told = in_order([(row.due_at, row.tier, row.pk) for row in rows], frozen.moment)
    with tenant_scope(tenant):
        assert [row.pk for row in work_item_list(tenant_id=tenant.pk)] == told


def test_pages_of_the_order_are_its_parts(tenant: Tenant, rows: list[WorkItem]) -> None:
    with tenant_scope(tenant):
        whole = work_item_list(tenant_id=tenant.pk)
        ids = [row.pk for row in whole]
        parts = [[row.pk for row in whole[start : start + 7]] for start in range(0, len(ids), 7)]
    assert [pk for part in parts for pk in part] == ids
    assert sorted(ids) == sorted(row.pk for row in rows)


def test_a_rank_of_ones_own_stands_for_the_tier(tenant: Tenant, frozen: MovableClock) -> None:
    late = frozen.moment - timedelta(minutes=1)
    with tenant_scope(tenant):
        staff = make_staff(tenant=tenant)
        first = make_work_item(tenant=tenant, staff=staff, tier="B", due_at=late)
        second = make_work_item(tenant=tenant, staff=staff, tier="S", due_at=late)
        found = in_work_order(WorkItem.objects.all(), due="due_at", tier=F("pk") * 1, now=frozen.moment)
        assert [row.pk for row in found] == [first.pk, second.pk]
