"""New members on the list of the group's owner until somebody says hello (R123)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from groups.events import MemberJoined
from groups.handlers import on_newcomers
from groups.models import Group
from team.models import Notice, Staff, WorkItem
from team.selectors import work_item_list
from team.services import work_item_act, work_items_sweep
from team.services.notices import work_tell
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    with translation.override("zh-hans"):
        yield


@pytest.fixture
def group(tenant: Tenant, frozen: MovableClock) -> Group:
    with tenant_scope(tenant):
        return make_group(tenant=tenant, owner=make_staff(tenant=tenant), state="active", name="启蒙03群")


def join(group: Group, count: int, at: datetime) -> MemberJoined:
    people = make_customers(tenant=group.tenant, count=count)
    for person in people:
        make_member(group=group, customer=person, joined_at=at)
    ids = [one.pk for one in people]
    return MemberJoined(
        tenant_id=group.tenant_id,
        group_id=group.pk,
        customer_ids=ids,
        staff_ids=[],
        joined_at=at,
        occurred_at=at,
    )


def hear(group: Group, *events: MemberJoined) -> None:
    on_newcomers(tenant_id=group.tenant_id, events=list(events))


def waiting(staff: Staff) -> list[tuple[str, str]]:
    return [(one.kind, one.title) for one in work_item_list(tenant_id=staff.tenant_id, staff_id=staff.pk)]


def test_who_came_is_one_item_until_said_hello_and_who_comes_after_is_the_next(
    tenant: Tenant, owner: Actor, group: Group, frozen: MovableClock
) -> None:
    staff: Any = group.owner
    with tenant_scope(tenant):
        first = join(group, 2, frozen.moment)
        frozen.move(minutes=5)
        second = join(group, 3, frozen.moment)
        hear(group, second)
        hear(group, first, second)  # late, and twice
        assert waiting(staff) == [("new_members", "启蒙03群新进 5 人")]
        item = WorkItem.objects.get()
        assert item.due_at == first.joined_at + timedelta(hours=4)
        assert item.url.endswith(f"/groups/{group.pk}/?tab=members")
        frozen.move(minutes=5)
        work_item_act(tenant=tenant, item_id=item.pk, verb="done", actor=owner, staff_ids=[staff.pk])
        hear(group, first, second)  # once more: they were greeted
        assert waiting(staff) == []
        frozen.move(minutes=5)
        hear(group, join(group, 1, frozen.moment))
        assert waiting(staff) == [("new_members", "启蒙03群新进 1 人")]


def test_nobody_is_brought_up_a_day_late_or_where_nobody_could_greet(
    tenant: Tenant, group: Group, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        hear(group, join(group, 2, frozen.moment - timedelta(hours=24)))
        planned = make_group(tenant=tenant, owner=group.owner, state="planning")
        nobodys = make_group(tenant=tenant, state="active")
        for one in (planned, nobodys):
            hear(one, join(one, 2, frozen.moment))
        staff_only = MemberJoined(
            tenant_id=tenant.pk,
            group_id=group.pk,
            customer_ids=[],
            staff_ids=[1],
            joined_at=frozen.moment,
            occurred_at=frozen.moment,
        )
        hear(group, staff_only)
        gone = join(group, 1, frozen.moment)
        group.members.update(left_at=frozen.moment)
        hear(group, gone)  # came and left at once
        assert not WorkItem.objects.exists()


def test_it_leaves_the_list_after_a_day_and_the_owner_is_told_once(
    tenant: Tenant, group: Group, frozen: MovableClock
) -> None:
    staff: Any = group.owner
    with tenant_scope(tenant):
        for _ in range(3):
            hear(group, join(group, 1, frozen.moment))
            work_tell(tenant_id=tenant.pk)
        assert [(one.kind, one.staff_id) for one in Notice.objects.all()] == [("new_members", staff.pk)]
        frozen.move(hours=24)
        work_items_sweep(tenant_id=tenant.pk)
        assert waiting(staff) == []


@pytest.mark.parametrize("count", [1, 12])
def test_a_batch_costs_the_same_for_any_number_of_groups(
    tenant: Tenant, group: Group, frozen: MovableClock, count: int, django_assert_max_num_queries: Any
) -> None:
    with tenant_scope(tenant):
        groups = [make_group(tenant=tenant, owner=group.owner, state="active") for _ in range(count)]
        events = [join(one, 3, frozen.moment) for one in groups]
        with django_assert_max_num_queries(12):
            hear(group, *events)
        assert WorkItem.objects.count() == count
