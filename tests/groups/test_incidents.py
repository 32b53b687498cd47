"""The incident room: the freeze, drills, the playbook, how it ends (R25)."""

import pytest

from groups.enums import IncidentKind
from groups.errors import GroupUnknown, IncidentOver, ReasonNeeded
from groups.models import Incident
from groups.policies.incidents import PLAYBOOKS
from groups.selectors.incidents import frozen_by
from groups.services.freezing import group_freeze
from groups.services.incident_freeze import incident_freeze, incident_unfreeze
from groups.services.incident_tasks import task_add, task_assign, task_set_done
from groups.services.incidents import (
    incident_close,
    incident_dismiss,
    incident_judge,
    incident_review,
    incident_state,
)
from outbox.models import EventRow
from team.models import WorkItem
from team.services import work_item_act
from tenants import clock
from tenants.audit import SYSTEM
from tenants.scoping import tenant_scope
from tests.factories.team import make_staff
from tests.groups.incidents import frozen_ids, opened


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
class TestRoom:
    def test_opening_freezes_nothing_and_one_press_freezes_all(self, tenant, groups):
        with tenant_scope(tenant):
            incident = opened(tenant, groups[:2])
            assert frozen_ids(tenant) == set()
            assert incident.tasks.count() == len(PLAYBOOKS[IncidentKind.COMPLAINT])
            incident = incident_freeze(tenant=tenant, incident_id=incident.pk, actor=SYSTEM)
            assert frozen_ids(tenant) == {one.pk for one in groups[:2]}
            assert incident.freeze_ms is not None
            assert incident.tasks.get(key="freeze").done_at is not None
            (event,) = EventRow.objects.filter(name="groups.group.frozen")
            assert event.payload["group_ids"] == sorted(one.pk for one in groups[:2])

    def test_a_drill_freezes_nothing_and_says_so(self, tenant, groups):
        with tenant_scope(tenant):
            incident = opened(tenant, groups, is_drill=True)
            incident_freeze(tenant=tenant, incident_id=incident.pk, actor=SYSTEM)
            assert frozen_ids(tenant) == set()
            assert not EventRow.objects.filter(name="groups.group.frozen").exists()
            assert incident.entries.filter(kind="freeze").count() == 1
            item = WorkItem.objects.get(source_kind="groups.incident")
            assert item.title != incident.title
            assert incident.title in item.title

    def test_closing_resumes_only_what_it_froze_itself_and_no_other_holds(self, tenant, groups):
        with tenant_scope(tenant):
            group_freeze(tenant=tenant, group_ids=[groups[2].pk], reason="维护", actor=SYSTEM)
            first, second = opened(tenant, groups), opened(tenant, groups[1:2])
            for one in (first, second):
                incident_freeze(tenant=tenant, incident_id=one.pk, actor=SYSTEM)
            with pytest.raises(ReasonNeeded):
                incident_close(tenant=tenant, incident_id=first.pk, outcome=" ", lift_reason="", actor=SYSTEM)
            incident_close(
                tenant=tenant,
                incident_id=first.pk,
                outcome="已逐一退款",
                lift_reason="全部处理完",
                actor=SYSTEM,
            )
            assert frozen_ids(tenant) == {groups[1].pk, groups[2].pk}
            with pytest.raises(IncidentOver):
                incident_freeze(tenant=tenant, incident_id=first.pk, actor=SYSTEM)
            assert not WorkItem.objects.filter(
                source_id=first.pk, source_kind="groups.incident", state="open"
            )
            with pytest.raises(ReasonNeeded):
                incident_unfreeze(tenant=tenant, incident_id=second.pk, reason="", actor=SYSTEM)
            assert incident_unfreeze(tenant=tenant, incident_id=second.pk, reason="已澄清", actor=SYSTEM) == 1
            assert frozen_ids(tenant) == {groups[2].pk}

    def test_pressing_again_keeps_what_the_first_press_did(self, tenant, groups, frozen):
        with tenant_scope(tenant):
            incident = opened(tenant, groups[:2])
            press = {"tenant": tenant, "incident_id": incident.pk, "actor": SYSTEM}
            first = incident_freeze(**press, group_ids=[groups[0].pk]).frozen_at
            frozen.move(minutes=5)
            assert incident_freeze(**press, group_ids=[groups[0].pk]).frozen_at == first
            assert incident.entries.filter(kind="freeze").count() == 1
            assert incident_freeze(**press).frozen_at == clock.now()
            assert frozen_by(tenant_id=tenant.pk, incident_id=incident.pk).count() == 2

    def test_closing_without_a_reason_leaves_the_groups_frozen(self, tenant, groups):
        with tenant_scope(tenant):
            incident = opened(tenant, groups[:1])
            incident_freeze(tenant=tenant, incident_id=incident.pk, actor=SYSTEM)
            incident_close(
                tenant=tenant, incident_id=incident.pk, outcome="转法务", lift_reason="", actor=SYSTEM
            )
            assert frozen_ids(tenant) == {groups[0].pk}
            assert frozen_by(tenant_id=tenant.pk, incident_id=incident.pk).count() == 1

    def test_another_kind_brings_its_playbook_and_keeps_what_is_done(self, tenant, groups):
        with tenant_scope(tenant):
            incident = opened(tenant, groups[:1])
            step = incident.tasks.get(key="collect")
            task_set_done(tenant=tenant, task_id=step.pk, is_done=True, actor=SYSTEM)
            incident_judge(
                tenant=tenant, incident_id=incident.pk, kind=IncidentKind.SABOTAGE, level=3, owner_id=None,
                actor=SYSTEM,
            )  # fmt: skip
            keys = set(incident.tasks.values_list("key", flat=True))
            assert keys == {play.key for play in PLAYBOOKS[IncidentKind.SABOTAGE]}
            assert incident.tasks.get(key="collect").done_at is not None

    def test_what_an_incident_that_is_over_left_undone_leaves_today(self, tenant, groups):
        with tenant_scope(tenant):
            incident = opened(tenant, groups[:1])
            staff, step = make_staff(tenant=tenant), incident.tasks.get(key="speak")
            task_assign(tenant=tenant, task_id=step.pk, staff_id=staff.pk, actor=SYSTEM)
            incident_dismiss(tenant=tenant, incident_id=incident.pk, reason="玩笑", actor=SYSTEM)
            assert not WorkItem.objects.filter(state="open").exists()

    def test_steps_that_go_with_their_kind_leave_today(self, tenant, groups):
        with tenant_scope(tenant):
            incident = opened(tenant, groups[:1])
            staff, step = make_staff(tenant=tenant), incident.tasks.get(key="speak")
            task_assign(tenant=tenant, task_id=step.pk, staff_id=staff.pk, actor=SYSTEM)
            judge = {
                "tenant": tenant,
                "incident_id": incident.pk,
                "level": 3,
                "owner_id": None,
                "actor": SYSTEM,
            }
            incident_judge(**judge, kind=IncidentKind.COMPLAINT)
            item = WorkItem.objects.get(source_kind="groups.incident_task", source_id=step.pk)
            assert item.state == "open"
            incident_judge(**judge, kind=IncidentKind.SABOTAGE)
            item.refresh_from_db()
            assert item.state == "cancelled"

    def test_a_tick_taken_back_puts_the_task_on_today_again(self, tenant, groups):
        with tenant_scope(tenant):
            incident = opened(tenant, groups[:1])
            staff, step = make_staff(tenant=tenant), incident.tasks.get(key="speak")
            task_assign(tenant=tenant, task_id=step.pk, staff_id=staff.pk, actor=SYSTEM)
            item = WorkItem.objects.get(source_kind="groups.incident_task", source_id=step.pk)
            for is_done, state in ((True, "done"), (False, "open")):
                task_set_done(tenant=tenant, task_id=step.pk, is_done=is_done, actor=SYSTEM)
                item.refresh_from_db()
                assert item.state == state
            for verb, state in (("done", "done"), ("undo", "open")):
                work_item_act(tenant=tenant, item_id=item.pk, verb=verb, actor=SYSTEM)
                item.refresh_from_db()
                step.refresh_from_db()
                assert (item.state, step.done_at is not None) == (state, state == "done")

    def test_a_task_stands_on_today_and_is_done_from_there(self, tenant, groups):
        with tenant_scope(tenant):
            staff = make_staff(tenant=tenant)
            incident = opened(tenant, groups[:1])
            task = task_add(
                tenant=tenant,
                incident_id=incident.pk,
                text="联系王女士",
                staff_id=None,
                due_at=None,
                actor=SYSTEM,
            )
            task_assign(tenant=tenant, task_id=task.pk, staff_id=staff.pk, actor=SYSTEM)
            item = WorkItem.objects.get(source_kind="groups.incident_task", source_id=task.pk)
            assert item.staff_id == staff.pk
            work_item_act(tenant=tenant, item_id=item.pk, verb="done", actor=SYSTEM)
            task.refresh_from_db()
            assert task.done_at is not None
            assert incident.entries.filter(kind="task", text__contains="联系王女士").count() == 1

    def test_a_statement_enters_the_timeline_once_when_it_was_said(self, tenant, groups):
        with tenant_scope(tenant):
            incident = opened(tenant, groups[:1])
            say = {"tenant": tenant, "incident_id": incident.pk, "text": "情况说明", "actor": SYSTEM}
            incident_state(**say, is_published=False)
            assert not incident.entries.filter(kind="statement").exists()
            for _again in range(2):
                incident_state(**say, is_published=True)
            assert incident.entries.filter(kind="statement").count() == 1

    def test_a_review_needs_a_cause_and_a_change(self, tenant, groups):
        with tenant_scope(tenant):
            incident = opened(tenant, groups[:1])
            with pytest.raises(ReasonNeeded):
                incident_review(
                    tenant=tenant,
                    incident_id=incident.pk,
                    cause="发货延迟",
                    went_well="",
                    change="",
                    actor=SYSTEM,
                )

    def test_a_foreign_group_opens_nothing(self, tenant, groups):
        with tenant_scope(tenant):
            with pytest.raises(GroupUnknown):
                opened(tenant, groups, group_ids=[groups[0].pk, 10**9])
            assert not Incident.objects.filter(tenant=tenant).exists()
