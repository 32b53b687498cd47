"""Work items and staff as a person notices them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from team.errors import MemberUnknown, NotYours, WorkItemGone
from team.models import Department, Staff, WorkItem
from team.selectors import staff_for_membership, staff_for_user, work_counts, work_item_list
from team.services import (
    StaffSeen,
    departments_store,
    staff_link_member,
    staff_store,
    work_item_act,
    work_item_close,
    work_item_put,
    work_items_sweep,
)
from tenants.audit import SYSTEM, Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.team import make_staff, make_work_item
from tests.factories.tenants import actor_of, make_member
from tests.factories.wecom import make_app

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


def put(tenant: Tenant, source_id: int = 1, **fields: Any) -> WorkItem:
    return work_item_put(
        tenant_id=tenant.pk,
        source_kind="sop.touch",
        source_id=source_id,
        **{"kind": "sop_task", "title": "发早安", **fields},
    )


def test_same_matter_put_twice_is_one_item_with_the_newest_words(scoped: Tenant) -> None:
    staff = make_staff(tenant=scoped)
    put(scoped, staff_id=staff.pk)
    put(scoped, staff_id=staff.pk, title="发晚安", tier="S")
    item = WorkItem.objects.get()
    assert (item.title, item.tier, item.state, item.staff_id) == ("发晚安", "S", "open", staff.pk)


def test_unknown_field_is_a_mistake(scoped: Tenant) -> None:
    with pytest.raises(TypeError):
        put(scoped, colour="red")


def test_closed_item_is_closed_once_and_put_again_is_open(scoped: Tenant) -> None:
    put(scoped)
    close = {"tenant_id": scoped.pk, "source_kind": "sop.touch", "source_id": 1}
    assert [work_item_close(**close, state="cancelled"), work_item_close(**close, state="cancelled")] == [
        True,
        False,
    ]
    assert WorkItem.objects.get().state == "cancelled"
    assert put(scoped).state == "open"
    assert WorkItem.objects.get().done_at is None


def test_done_and_undo_are_audited_and_repeatable(scoped: Tenant) -> None:
    member = make_member(tenant=scoped)
    item = put(scoped)
    for verb in ("done", "done", "undo"):
        work_item_act(tenant=scoped, item_id=item.pk, verb=verb, actor=actor_of(member))
    assert WorkItem.objects.get().state == "open"
    verbs = list(
        AuditEntry.objects.filter(verb__startswith="team.").order_by("pk").values_list("verb", flat=True)
    )
    assert verbs == ["team.work_item.done", "team.work_item.reopened"]


def test_missed_item_cannot_be_done(scoped: Tenant, owner: Actor) -> None:
    item = make_work_item(tenant=scoped, state="missed")
    with pytest.raises(WorkItemGone):
        work_item_act(tenant=scoped, item_id=item.pk, verb="done", actor=owner)


def test_someone_elses_item_needs_an_operator(scoped: Tenant) -> None:
    item = put(scoped, staff_id=make_staff(tenant=scoped).pk)
    sales, viewer = (actor_of(make_member(tenant=scoped, role=role)) for role in (Role.SALES, Role.VIEWER))
    with pytest.raises(NotYours):
        work_item_act(tenant=scoped, item_id=item.pk, verb="done", actor=sales)
    with pytest.raises(NotPermitted):
        work_item_act(tenant=scoped, item_id=item.pk, verb="done", actor=viewer)
    assert (
        work_item_act(
            tenant=scoped, item_id=item.pk, verb="done", actor=sales, staff_ids=[item.staff_id]
        ).state
        == "done"
    )


def test_snoozed_item_comes_back_and_a_closed_window_is_missed(
    scoped: Tenant, frozen: MovableClock, owner: Actor
) -> None:
    snoozed = put(scoped, 1)
    put(scoped, 2, window_ends_at=frozen.moment + timedelta(minutes=20))
    work_item_act(tenant=scoped, item_id=snoozed.pk, verb="snooze", actor=owner)
    assert work_items_sweep(tenant_id=scoped.pk) == (0, 0)
    frozen.move(minutes=30)
    assert work_items_sweep(tenant_id=scoped.pk) == (1, 1)
    assert work_items_sweep(tenant_id=scoped.pk) == (0, 0)
    assert dict(WorkItem.objects.values_list("source_id", "state")) == {1: "open", 2: "missed"}


def test_list_shows_own_and_anyones_in_the_work_order(scoped: Tenant, frozen: MovableClock) -> None:
    one, two = make_staff(tenant=scoped), make_staff(tenant=scoped)
    due = frozen.moment
    put(scoped, 1, staff_id=one.pk, due_at=due + timedelta(hours=1))
    put(scoped, 2, staff_id=one.pk, due_at=due - timedelta(hours=1), tier="B")
    put(scoped, 3, due_at=due - timedelta(minutes=1), tier="S", bucket="remind")
    put(scoped, 4, staff_id=two.pk, due_at=due)
    assert [row.source_id for row in work_item_list(tenant_id=scoped.pk, staff_id=one.pk)] == [3, 2, 1]
    assert len(work_item_list(tenant_id=scoped.pk)) == 4
    counts = work_counts(tenant_id=scoped.pk, staff_id=one.pk, since=due)
    assert (counts["all"], counts["must"], counts["remind"], counts["late"]) == (3, 2, 1, 2)


def test_leaver_becomes_inactive_and_keeps_the_row(scoped: Tenant) -> None:
    app = make_app(tenant=scoped)
    where = {"tenant_id": scoped.pk, "app_id": app.pk, "is_complete": True}
    people = [StaffSeen("he", "何静", (1,)), StaffSeen("lu", "陆远", (1, 2))]
    assert staff_store(**where, people=people, contactable={"he"}) == 2
    assert staff_store(**where, people=people, contactable={"he"}) == 0
    assert staff_store(**where, people=people[1:], contactable={"lu"}) == 2
    held = {row.userid: (row.name, row.is_active, row.can_contact) for row in Staff.objects.all()}
    assert held == {"he": ("何静", False, False), "lu": ("陆远", True, True)}


def test_only_what_differs_of_the_staff_is_written(scoped: Tenant) -> None:
    app = make_app(tenant=scoped)
    where = {"tenant_id": scoped.pk, "app_id": app.pk}
    people = [StaffSeen(f"u{number}", f"名{number}", (1,)) for number in range(5)]
    staff_store(**where, people=people, contactable={"u0"}, is_complete=True)
    with CaptureQueriesContext(connection) as queries:
        assert staff_store(**where, people=people, contactable={"u0"}, is_complete=True) == 0
    assert [one["sql"] for one in queries if one["sql"].startswith("UPDATE")] == []
    people[3] = StaffSeen("u3", "新名", (1, 2))
    with CaptureQueriesContext(connection) as queries:
        assert staff_store(**where, people=[people[3]], contactable=set(), is_complete=False) == 0
    assert not any("'u0'" in one["sql"] for one in queries)  # an event of one locks and writes nobody else
    held = {row.userid: (row.name, row.is_active, row.can_contact) for row in Staff.objects.all()}
    assert (held["u3"], held["u0"]) == (("新名", True, False), ("名0", True, True))


def test_department_that_is_gone_is_removed(scoped: Tenant) -> None:
    app = make_app(tenant=scoped)
    told = [{"id": 1, "parentid": 0, "name": "总部"}, {"id": 2, "parentid": 1, "name": "运营"}]
    departments_store(tenant_id=scoped.pk, app_id=app.pk, departments=told)
    departments_store(tenant_id=scoped.pk, app_id=app.pk, departments=[{**told[0], "name": "集团"}])
    assert list(Department.objects.values_list("dept_id", "name")) == [(1, "集团")]


def test_leader_links_a_login_to_one_staff_member(scoped: Tenant, owner: Actor) -> None:
    app = make_app(tenant=scoped)
    first, second = make_staff(tenant=scoped, app=app), make_staff(tenant=scoped, app=app)
    member = make_member(tenant=scoped)
    for staff in (first, second):
        staff_link_member(tenant=scoped, staff_id=staff.pk, member_id=member.pk, actor=owner)
    assert staff_for_membership(tenant_id=scoped.pk, membership_id=member.pk) == second
    assert staff_for_user(tenant_id=scoped.pk, user_id=member.user_id) == second
    first.refresh_from_db()
    assert first.membership_id is None
    with pytest.raises(NotPermitted):
        staff_link_member(tenant=scoped, staff_id=first.pk, member_id=None, actor=actor_of(member))
    with pytest.raises(MemberUnknown):
        staff_link_member(tenant=scoped, staff_id=first.pk, member_id=999_999_999, actor=SYSTEM)
