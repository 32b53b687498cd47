"""From the idea to live, guided: six steps with owner, day and state; late ones stand before their owners (R12)."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from console.pages import tenant_url
from contacts.models import Channel
from groups.enums import SetupKind, State
from groups.errors import StepInvalid
from groups.models import Group, JoinWay, JoinWayRoom, SetupStep, WelcomeTemplate
from groups.policies.setup_steps import STEPS, due_days
from groups.selectors.setup_steps import checklists
from groups.services import setup_steps
from groups.services.life import plans_look, tenants_with_plans
from groups.services.setup import group_edit_plan, group_plan, readiness_answer
from groups.services.setup_steps import setup_step_assign, setup_step_tick
from team.enums import WorkState
from team.models import WorkItem
from team.services import work_item_act
from tenants import clock
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.models import AuditEntry, User
from tenants.scoping import tenant_scope, unscoped
from tests.factories.contacts import make_customers
from tests.factories.groups import ANSWERS, fill_group, make_answers, make_group, make_ready_group
from tests.factories.team import make_staff
from tests.factories.wecom import make_app
from tests.groups.test_member_file import signed_in
from wecom.enums import KeptState

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def scope(tenant):
    with tenant_scope(tenant):
        yield tenant


def steps_of(tenant, group):
    found = checklists(tenant=tenant, groups=[Group.objects.get(pk=group.pk)])[group.pk]
    return {step.kind: step for step in found.steps}


def items(tenant):
    return WorkItem.objects.filter(tenant=tenant, source_kind="groups.setup_step")


@given(
    starts=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    planned=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    lead=st.integers(0, 60),
)
def test_days_run_in_order_to_the_start_and_never_lie_before_the_planning(starts, planned, lead):
    days = due_days(starts_on=starts, planned_on=planned, lead_days=lead)
    listed = [days[kind] for kind in STEPS]
    assert listed == sorted(listed)
    assert listed[-1] == max(starts, planned)
    assert min(listed) >= min(planned, starts - timedelta(days=lead))
    assert all(day >= planned for day in listed)


def test_without_a_start_nothing_is_due():
    assert due_days(starts_on=None, planned_on=date(2026, 3, 2), lead_days=5) == {}


def test_a_planned_group_begins_with_six_open_steps_laid_out_to_its_start(scope):
    leader = make_staff(tenant=scope)
    group = group_plan(
        tenant=scope, name="小芽英语03群", actor=SYSTEM, starts_on=date(2026, 3, 12), leader_id=leader.pk
    )
    found = checklists(tenant=scope, groups=[group])[group.pk]
    assert (found.done, found.total) == (0, 6)
    assert [step.due_on for step in found.steps] == [date(2026, 3, 7 + n) for n in range(6)]
    assert {step.owner for step in found.steps} == {leader}
    assert not found.late


def test_what_the_product_sees_counts_by_itself(scope):
    group = make_ready_group(tenant=scope, admin_userids=["someone"], owner_userid="boss")
    fill_group(group=group, customers=make_customers(tenant=scope, count=1))
    done = {kind for kind, step in steps_of(scope, group).items() if step.is_done}
    assert done == {"members", "rules", "content", "name", "welcome"}
    readiness_answer(tenant=scope, group_id=group.pk, question="rules", answer={}, actor=SYSTEM)
    assert not steps_of(scope, group)["rules"].is_done


def test_seating_follows_the_first_three_steps_and_is_done_part_by_part(scope):
    group = make_group(tenant=scope, starts_on=date(2026, 3, 12))
    with pytest.raises(StepInvalid):  # nobody is seated before steps 1 to 3
        setup_step_tick(tenant=scope, group_id=group.pk, kind="koc", is_done=True, actor=SYSTEM)
    ready = make_ready_group(tenant=scope)
    for kind in ("admins", "koc", "ordinary"):
        assert not steps_of(scope, ready)["seats"].is_done
        setup_step_tick(tenant=scope, group_id=ready.pk, kind=kind, is_done=True, actor=SYSTEM)
    seats = steps_of(scope, ready)["seats"]
    assert seats.is_done
    assert {part.kind: bool(part.ticked_by) for part in seats.parts} == {
        "admins": True, "koc": True, "atmosphere": False, "ordinary": True,
    }  # fmt: skip
    assert AuditEntry.objects.filter(verb="groups.setup.ticked").count() == 3
    setup_step_tick(tenant=scope, group_id=ready.pk, kind="koc", is_done=False, actor=SYSTEM)
    assert not steps_of(scope, ready)["seats"].is_done


@pytest.mark.parametrize("kind", ["rules", "content", "members", "welcome", "seats", "nonsense"])
def test_what_can_be_seen_is_not_ticked_by_hand(scope, kind):
    group = make_group(tenant=scope)
    with pytest.raises(StepInvalid):
        setup_step_tick(tenant=scope, group_id=group.pk, kind=kind, is_done=True, actor=SYSTEM)


def test_a_late_step_stands_before_its_owner_and_goes_by_itself(scope, frozen):
    leader, other = make_staff(tenant=scope), make_staff(tenant=scope)
    group = group_plan(
        tenant=scope, name="小芽英语03群", actor=SYSTEM, starts_on=date(2026, 3, 3), leader_id=leader.pk
    )
    assert plans_look(tenant_id=scope.pk) == 0
    frozen.move(days=1)
    assert plans_look(tenant_id=scope.pk) == 5  # all but seating, which is due on the start day
    assert plans_look(tenant_id=scope.pk) == 0  # once a day
    assert items(scope).filter(staff=leader, state=WorkState.OPEN).count() == 5
    setup_step_assign(
        tenant=scope, group_id=group.pk, kind="content", owner_id=other.pk, due_on=None, actor=SYSTEM
    )
    assert items(scope).get(staff=other).title.endswith(str(SetupKind.CONTENT.label))
    readiness_answer(tenant=scope, group_id=group.pk, question="rules", answer=ANSWERS["rules"], actor=SYSTEM)
    group_edit_plan(tenant=scope, group_id=group.pk, actor=SYSTEM, announcement=ANSWERS["rules"]["lines"])
    states = {one.title.rpartition(" ")[2]: one.state for one in items(scope)}
    assert sorted(states.values()).count(WorkState.DONE) == 1
    setup_step_assign(
        tenant=scope,
        group_id=group.pk,
        kind="content",
        owner_id=other.pk,
        due_on=date(2026, 4, 1),
        actor=SYSTEM,
    )
    assert not items(scope).filter(staff=other, state=WorkState.OPEN).exists()


def test_who_was_assigned_stands_in_the_record_by_name(scope):
    leader, other = make_staff(tenant=scope, name="周岚"), make_staff(tenant=scope, name="林晓")
    group = group_plan(
        tenant=scope, name="小芽英语03群", actor=SYSTEM, starts_on=date(2026, 3, 12), leader_id=leader.pk
    )
    for owner, day in ((leader, None), (other, date(2026, 3, 9))):
        setup_step_assign(
            tenant=scope, group_id=group.pk, kind="rules", owner_id=owner.pk, due_on=day, actor=SYSTEM
        )
    told = AuditEntry.objects.filter(verb="groups.setup.assigned").order_by("pk")
    assert [one.changes["rules"] for one in told] == [[[], ["周岚"]], [["周岚"], ["林晓", "2026-03-09"]]]


def test_late_steps_of_many_groups_are_told_slice_by_slice(scope, frozen, monkeypatch):
    monkeypatch.setattr(setup_steps, "CHUNK", 2)
    for number in range(5):
        group_plan(tenant=scope, name=f"小芽英语0{number}群", actor=SYSTEM, starts_on=date(2026, 3, 3))
    frozen.move(days=1)
    assert setup_steps.setup_night(tenant_id=scope.pk) == 25
    assert items(scope).filter(state=WorkState.OPEN).count() == 25


def test_the_item_of_a_hand_step_ticks_it_and_undo_takes_it_back(scope, frozen):
    group = make_ready_group(tenant=scope, planned_name="小芽英语03群", added_at=clock.now())
    Group.objects.filter(pk=group.pk).update(chat_id="", name="", app=None)
    frozen.move(days=2)
    plans_look(tenant_id=scope.pk)
    row = SetupStep.objects.get(group=group, kind="name")
    item = items(scope).get(source_id=row.pk)
    work_item_act(tenant=scope, item_id=item.pk, verb="done", actor=SYSTEM)
    assert steps_of(scope, group)["name"].is_done
    assert WorkItem.objects.get(pk=item.pk).state == WorkState.DONE
    work_item_act(tenant=scope, item_id=item.pk, verb="undo", actor=SYSTEM)
    assert not steps_of(scope, group)["name"].is_done
    assert WorkItem.objects.get(pk=item.pk).state == WorkState.OPEN


def test_the_tick_asks_each_company_once_a_day(tenant, other_tenant, frozen):
    with tenant_scope(tenant):
        make_group(tenant=tenant)
    with tenant_scope(other_tenant):
        make_group(tenant=other_tenant, state=State.ARCHIVED)
    with unscoped("a test asks as the tick does"):
        assert tenants_with_plans() == [tenant.pk]
    with tenant_scope(tenant):
        plans_look(tenant_id=tenant.pk)
    with unscoped("a test asks as the tick does"):
        assert tenants_with_plans() == []
    frozen.move(days=1)
    with unscoped("a test asks as the tick does"):
        assert tenants_with_plans() == [tenant.pk]


def test_planning_leads_to_a_checklist_and_the_list_counts_it(tenant):
    User.objects.update(language="en")
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    with tenant_scope(tenant):
        leader = make_staff(tenant=tenant)
    start = clock.local_date(clock.now(), tenant.timezone) + timedelta(days=7)
    data = {"name": "小芽英语09群", "series": "", "kind": "new_user", "starts_on": start.isoformat(),
            "leader": leader.pk}  # fmt: skip
    answer = web.post(tenant_url(tenant, "groups:plan"), data)
    page = web.get(answer["Location"]).content.decode()
    assert page.count("data-step=") == 6
    assert str(leader) in page
    with tenant_scope(tenant):
        group = Group.objects.get(planned_name="小芽英语09群")
        make_answers(group=group, management=None)
    listed = web.get(tenant_url(tenant, "groups:list")).content.decode()
    assert "of 6" in listed
    tab = web.get(f"{tenant_url(tenant, 'groups:detail', pk=group.pk)}?tab=setup").content.decode()
    assert tab.count("data-step=") == 6
    drawer = tenant_url(tenant, "groups:setup_step", pk=group.pk, kind="rules")
    assert web.get(drawer).status_code == 200
    assert web.post(drawer, {"owner": leader.pk, "due_on": "2026-05-01"}).status_code == 204
    with tenant_scope(tenant):
        assert SetupStep.objects.get(group=group, kind="rules").due_on == date(2026, 5, 1)
    tick = tenant_url(tenant, "groups:setup_tick", pk=group.pk, kind="rules", verb="tick")
    assert 400 <= web.post(tick).status_code < 500


def test_owner_and_admins_are_named_and_filtered(tenant):
    User.objects.update(language="en")
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    with tenant_scope(tenant):
        owner, admin, helper = (make_staff(tenant=tenant, name=name) for name in ("周岚", "林晓", "何静"))
        group = make_group(tenant=tenant, owner_userid=owner.userid, admin_userids=[admin.userid])
        fill_group(
            group=group, staff=[owner, admin, helper], customers=make_customers(tenant=tenant, count=1)
        )
    page = f"{tenant_url(tenant, 'groups:detail', pk=group.pk)}?tab=members"
    leads = web.get(f"{page}&which=leads").content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
    assert "周岚" in leads
    assert "林晓" in leads
    assert "何静" not in leads
    assert leads.count("<tr>") == 2


def test_a_group_that_went_live_says_what_is_left_until_all_of_it_is_done(tenant):
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        group = make_ready_group(
            tenant=tenant, app=app, chat_id="", name="", planned_name="小芽英语启蒙09群", notice=""
        )
        Group.objects.filter(pk=group.pk).update(state="active", goes_live_at=clock.now(), created_at=None)
    client = signed_in(tenant, Role.OPERATOR)

    def left():
        page = client.get(tenant_url(tenant, "groups:detail", pk=group.pk)).text
        return re.findall(r'<li data-next="(\w+)">', page), page

    open_steps, page = left()
    assert open_steps == ["chat", "words", "welcome", "seats", "way", "plan"]
    assert '<span class="q-sm d-block" id="next-chat">小芽英语启蒙09群</span>' in page
    code = f"{tenant_url(tenant, 'groups:code_new')}?group={group.pk}"
    assert code not in page  # WeCom makes no code for a chat that is not there
    assert 'href="?tab=setup"' in page  # the checklist stays within reach in the first days
    with tenant_scope(tenant):
        Group.objects.filter(pk=group.pk).update(chat_id="wr-09", notice="每晚 20:00 带读")
    open_steps, page = left()
    assert open_steps == ["welcome", "seats", "way", "plan"]
    assert code in page
    prepare = f"{tenant_url(tenant, 'groups:welcome_new')}?group={group.pk}"
    assert prepare in page
    written = client.get(prepare).text
    assert group.welcome in written
    answer = client.post(prepare, {"name": "启蒙09群欢迎", "text": group.welcome, "notify": "on"})
    assert answer["Location"].endswith(f"?group={group.pk}")
    with tenant_scope(tenant):
        WelcomeTemplate.objects.update(vendor_id="msg-1", status=KeptState.LIVE)
        template = WelcomeTemplate.objects.get()
    assert f'<option value="{group.pk}" selected>' in client.get(answer["Location"]).text
    client.post(tenant_url(tenant, "groups:welcome_ask", pk=template.pk), {"groups": [str(group.pk)]})
    assert "owner has the task on Today." in left()[1]
    with tenant_scope(tenant):
        asked = WorkItem.objects.get(source_kind="groups.attach_welcome")
        work_item_act(tenant=tenant, item_id=asked.pk, verb="done", actor=SYSTEM)
    with tenant_scope(tenant):
        way = JoinWay.objects.create(
            tenant=tenant,
            app=app,
            name="视频号入口",
            channel=Channel.objects.create(tenant=tenant, name="视频号", kind="content"),
        )
        JoinWayRoom.objects.create(tenant=tenant, join_way=way, group=group, chat_id="wr-09")
    assert left()[0] == ["seats", "plan"]
    with tenant_scope(tenant):
        Group.objects.filter(pk=group.pk).update(goes_live_at=clock.now() - timedelta(days=8))
    open_steps, page = left()
    assert (open_steps, 'id="next-steps"' in page) == ([], False)
