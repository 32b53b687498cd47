"""The incident room: signals, the freeze, drills, the playbook, how it ends (R25)."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from console.pages import tenant_url
from groups.enums import IncidentKind, IncidentOrigin, IncidentState, QuitScene, State
from groups.errors import GroupUnknown, IncidentOver, ReasonNeeded
from groups.events import MemberLeft
from groups.handlers import on_complaints_heard, on_members_left
from groups.models import Group, Incident, IncidentTask
from groups.policies.incidents import PLAYBOOKS, Said, complaint_cluster, leave_spike, words_from
from groups.selectors.incidents import frozen_by
from groups.services.freezing import group_freeze
from groups.services.incident_freeze import incident_freeze, incident_unfreeze
from groups.services.incident_tasks import task_add, task_assign, task_set_done
from groups.services.incidents import (
    IncidentWish,
    incident_close,
    incident_dismiss,
    incident_judge,
    incident_open,
    incident_review,
    incident_state,
)
from outbox.models import EventRow
from team.models import Staff, WorkItem
from team.services import work_item_act
from tenants import clock
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff
from tests.factories.tenants import make_member as make_membership
from tests.phone import hold_phone
from wecom.events import MessagesArchived
from wecom.models import ArchivedMessage

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WORDS = ("退款", "骗人")


def said(minute, person, text="要退款"):
    return Said(T0 + timedelta(minutes=minute), person, text)


def cluster(*messages, people=3, minutes=30):
    return complaint_cluster(messages, words=WORDS, people=people, minutes=minutes)


def test_three_people_within_thirty_minutes_are_a_signal_and_two_are_not():
    assert cluster(said(0, "a"), said(10, "b"), said(30, "c")) is not None
    assert cluster(said(0, "a"), said(10, "b"), said(31, "c")) is None
    assert cluster(said(0, "a"), said(1, "a"), said(2, "a"), said(3, "b")) is None
    assert cluster(said(0, "a"), said(1, "b"), said(2, "c", "今天的课很好")) is None


MESSAGES = st.lists(
    st.builds(
        said, st.integers(0, 90), st.sampled_from("abcd"), st.sampled_from(["退款吧", "骗人的", "你好"])
    ),
    max_size=12,
)


@given(MESSAGES, st.randoms())
def test_the_signal_does_not_hang_on_the_order_of_messages(messages, random):
    shuffled = list(messages)
    random.shuffle(shuffled)
    first, second = cluster(*messages), cluster(*shuffled)
    assert (first is None) == (second is None)
    if first and second:
        assert (set(first.people), first.first_at, first.last_at) == (
            set(second.people), second.first_at, second.last_at,
        )  # fmt: skip


@given(MESSAGES)
def test_a_signal_names_distinct_people_of_one_window(messages):
    found = cluster(*messages)
    if found is not None:
        assert len(set(found.people)) == len(found.people) >= 3
        assert found.last_at - found.first_at <= timedelta(minutes=30)


@pytest.mark.parametrize(
    ("minutes", "stayed", "found"),
    [
        ([0, 10, 20, 30, 60], 90, 5), ([0, 10, 20, 30, 61], 90, 0), ([0, 1, 2, 3, 4], 95, 5),
        ([0, 1, 2, 3, 4], 96, 0), ([0, 1, 2, 3], 1, 0),
    ],
)  # fmt: skip
def test_a_leave_spike_needs_people_share_and_one_window(minutes, stayed, found):
    left = [T0 + timedelta(minutes=one) for one in minutes]
    assert leave_spike(left, stayed=stayed, people=5, percent=5, minutes=60) == found


def test_words_are_read_whatever_comma_stands_between():
    assert words_from("退款， 骗人、维权;退款\n12315") == ("退款", "骗人", "维权", "12315")


@pytest.mark.parametrize("kind", IncidentKind.values)
def test_every_playbook_freezes_first_speaks_in_chinese_and_ends_with_a_review(kind):
    plays = PLAYBOOKS[kind]
    assert (plays[0].key, plays[-1].key) == ("freeze", "review")
    assert [play.minutes for play in plays] == sorted(play.minutes for play in plays)
    assert any(play.words for play in plays)
    assert len({play.key for play in plays}) == len(plays)


@pytest.fixture
def groups(tenant):
    with tenant_scope(tenant):
        owner = make_staff(tenant=tenant)
        return [
            make_group(tenant=tenant, state=State.ACTIVE, owner=owner, name=f"小芽启蒙{n}群")
            for n in (1, 2, 3)
        ]


def opened(tenant, groups, **changes):
    wish = {"kind": IncidentKind.COMPLAINT, "title": "课程质量群诉", "group_ids": [one.pk for one in groups]}
    return incident_open(tenant=tenant, wish=IncidentWish(**{**wish, **changes}), actor=SYSTEM)


def frozen_ids(tenant):
    return set(Group.objects.filter(tenant=tenant, frozen_at__isnull=False).values_list("pk", flat=True))


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


_numbers = itertools.count(1)


def archive(group, *lines):
    """Messages as the archive stores them: (minutes ago, sender, text). Returns the event."""
    rows = []
    for ago, sender, text in lines:
        number = next(_numbers)
        rows.append(
            ArchivedMessage.objects.create(
                tenant=group.tenant,
                app=group.app,
                msgid=f"m{number}",
                room_id=group.chat_id,
                sender_id=sender,
                msgtype="text",
                action="send",
                content={"content": text},
                seq=number,
                sent_at=clock.now() - timedelta(minutes=ago),
            )
        )
    return MessagesArchived(
        tenant_id=group.tenant_id,
        occurred_at=clock.now(),
        app_id=group.app_id,
        message_ids=[row.pk for row in rows],
    )


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
class TestSignals:
    def test_the_third_complaint_opens_one_draft_and_alerts_once(self, tenant, groups):
        with tenant_scope(tenant):
            group = groups[0]
            first = archive(group, (20, "wm1", "我要退款"), (15, "wm2", "骗人的吧"))
            on_complaints_heard(tenant_id=tenant.pk, events=[first])
            assert not Incident.objects.filter(tenant=tenant).exists()
            third = archive(group, (10, "wm3", "一起投诉"))
            fourth = archive(group, (5, "wm4", "退款"), (4, "wm1", "退款"))
            for _again in range(2):
                on_complaints_heard(tenant_id=tenant.pk, events=[third, fourth])
            (incident,) = Incident.objects.filter(tenant=tenant)
            assert (incident.state, incident.origin) == (IncidentState.DRAFT, IncidentOrigin.WORDS)
            assert incident.evidence["people"] == ["wm1", "wm2", "wm3"]
            (item,) = WorkItem.objects.filter(source_kind="groups.incident")
            assert item.staff_id == group.owner_id
            assert frozen_ids(tenant) == set()

    def test_a_drill_hides_no_signal_and_groups_are_counted_apart(self, tenant, groups):
        with tenant_scope(tenant):
            opened(tenant, groups[:2], is_drill=True)
            here = archive(groups[0], *[(5, f"wm{n}", "退款") for n in range(2)])
            there = archive(groups[1], *[(5, f"wm{n}", "退款") for n in range(2, 4)])
            on_complaints_heard(tenant_id=tenant.pk, events=[here, there])
            assert not Incident.objects.filter(is_drill=False).exists()
            third = archive(groups[0], (4, "wm9", "骗人"))
            on_complaints_heard(tenant_id=tenant.pk, events=[third])
            (incident,) = Incident.objects.filter(is_drill=False)
            assert [room.group_id for room in incident.rooms.all()] == [groups[0].pk]

    def test_staff_and_old_messages_are_no_signal(self, tenant, groups):
        with tenant_scope(tenant):
            staff = [make_staff(tenant=tenant, app=groups[0].app) for _number in range(3)]
            event = archive(groups[0], *[(5, one.userid, "退款") for one in staff])
            old = archive(groups[0], *[(60 * 25, f"wm{n}", "退款") for n in range(4)])
            on_complaints_heard(tenant_id=tenant.pk, events=[event, old])
            assert not Incident.objects.filter(tenant=tenant).exists()

    def test_what_was_dealt_with_is_no_new_signal(self, tenant, groups, frozen):
        with tenant_scope(tenant):
            event = archive(groups[0], *[(5, f"wm{n}", "退款") for n in range(3)])
            on_complaints_heard(tenant_id=tenant.pk, events=[event])
            (incident,) = Incident.objects.filter(tenant=tenant)
            incident_dismiss(tenant=tenant, incident_id=incident.pk, reason="玩笑", actor=SYSTEM)
            late = archive(groups[0], (1, "wm7", "退款"))
            on_complaints_heard(tenant_id=tenant.pk, events=[event, late])
            assert Incident.objects.filter(tenant=tenant).count() == 1

    def test_many_who_leave_at_once_open_a_draft_and_removed_ones_do_not(self, tenant, groups):
        with tenant_scope(tenant):
            people = make_customers(tenant=tenant, count=12)
            common = {"left_at": clock.now() - timedelta(minutes=5)}
            for group, scene in ((groups[0], QuitScene.LEFT), (groups[1], QuitScene.REMOVED)):
                for number, one in enumerate(people):
                    gone = {**common, "quit_scene": scene} if number < 5 else {}
                    make_member(group=group, customer=one, **gone)
            for group in groups[:2]:
                event = MemberLeft(
                    tenant_id=tenant.pk, occurred_at=clock.now(), group_id=group.pk, staff_ids=[],
                    customer_ids=[one.pk for one in people[:5]], left_at=common["left_at"],
                )  # fmt: skip
                for _again in range(2):
                    on_members_left(tenant_id=tenant.pk, events=[event])
            (incident,) = Incident.objects.filter(tenant=tenant)
            assert incident.origin == IncidentOrigin.LEAVES
            assert list(incident.rooms.values_list("group_id", flat=True)) == [groups[0].pk]
            assert (incident.evidence["left"], incident.evidence["stayed"]) == (5, 7)


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
class TestPages:
    @pytest.fixture
    def web(self, tenant):
        client = Client()
        client.force_login(User.objects.get(email="lin@example.com"))
        return client

    def test_from_the_group_list_to_the_review(self, tenant, groups, web):
        new = tenant_url(tenant, "groups:incident_new")
        picks = {"pick": [one.pk for one in groups]}
        assert web.post(new, picks).status_code == 200
        told = {**picks, "decided": "1", "kind": "sabotage", "level": "3", "title": "同行进群拉人"}
        answer = web.post(new, told)
        with tenant_scope(tenant):
            incident = Incident.objects.get(tenant=tenant)
        room = tenant_url(tenant, "groups:incident", pk=incident.pk)
        assert answer["Location"] == room
        page = web.get(room).content.decode()
        assert "同行进群拉人" in page
        web.post(tenant_url(tenant, "groups:incident_freeze", pk=incident.pk))
        note = tenant_url(tenant, "groups:incident_note", pk=incident.pk)
        web.post(note, {"kind": "evidence", "text": "截图已留", "link": "https://pic.example.com/1.png"})
        page = web.get(room).content.decode()
        assert "截图已留" in page
        assert "https://pic.example.com/1.png" in page
        close = tenant_url(tenant, "groups:incident_close", pk=incident.pk)
        assert web.post(close, {"outcome": "已澄清", "is_lifted": "on", "lift_reason": ""}).status_code == 422
        web.post(close, {"outcome": "已澄清", "is_lifted": "on", "lift_reason": "人已移出"})
        with tenant_scope(tenant):
            assert frozen_ids(tenant) == set()
        review = tenant_url(tenant, "groups:incident_review", pk=incident.pk)
        web.post(review, {"cause": "入群码外泄", "went_well": "", "change": "改为确认入群"})
        assert "改为确认入群" in web.get(room).content.decode()
        assert "同行进群拉人" in web.get(tenant_url(tenant, "groups:incidents")).content.decode()

    def test_further_groups_join_an_incident_that_runs(self, tenant, groups, web):
        new = tenant_url(tenant, "groups:incident_new")
        with tenant_scope(tenant):
            incident = opened(tenant, groups[:1])
            later = make_group(tenant=tenant, state=State.ACTIVE, name="后来也炸了的群")
        page = web.post(new, {"pick": later.pk}).content.decode()
        assert f'value="{incident.pk}"' in page
        answer = web.post(new, {"pick": [later.pk, groups[0].pk], "into": incident.pk})
        room = tenant_url(tenant, "groups:incident", pk=incident.pk)
        assert answer["Location"] == room
        web.post(tenant_url(tenant, "groups:incident_freeze", pk=incident.pk))
        with tenant_scope(tenant):
            assert Incident.objects.count() == 1
            assert frozen_ids(tenant) == {groups[0].pk, later.pk}
        assert "后来也炸了的群" in web.get(room).content.decode()

    def test_nothing_joins_an_incident_that_is_over_or_another_company_s(
        self, tenant, other_tenant, groups, web
    ):
        new = tenant_url(tenant, "groups:incident_new")
        with tenant_scope(tenant):
            over = opened(tenant, groups[:1])
            incident_dismiss(tenant=tenant, incident_id=over.pk, reason="误报", actor=SYSTEM)
        with tenant_scope(other_tenant):
            theirs = opened(other_tenant, [make_group(tenant=other_tenant)])
        for pk in (over.pk, theirs.pk, "x"):
            assert web.post(new, {"pick": groups[1].pk, "into": pk}).status_code == 422
        with tenant_scope(tenant):
            assert over.rooms.count() == 1
        with tenant_scope(other_tenant):
            assert theirs.rooms.count() == 1

    def test_the_room_costs_few_queries(self, tenant, groups, web, django_assert_max_num_queries):
        with tenant_scope(tenant):
            incident = opened(tenant, groups)
        room = tenant_url(tenant, "groups:incident", pk=incident.pk)
        web.get(room)
        with django_assert_max_num_queries(25):
            assert web.get(room).status_code == 200

    def test_the_list_says_that_words_are_not_heard(self, tenant, web):
        page = web.get(tenant_url(tenant, "groups:incidents"))
        assert page.context["hears"] is False

    def test_a_script_as_a_link_is_refused(self, tenant, groups, web):
        with tenant_scope(tenant):
            incident = opened(tenant, groups[:1])
        note = tenant_url(tenant, "groups:incident_note", pk=incident.pk)
        web.post(note, {"kind": "evidence", "text": "看", "link": "javascript:alert(1)"})
        with tenant_scope(tenant):
            assert not incident.entries.filter(kind="evidence").exists()
            assert IncidentTask.objects.filter(tenant=tenant, done_at__isnull=False).count() == 0

    def test_the_phone_freezes_and_opens_an_incident_in_the_hands_of_who_pressed(self, tenant, frozen):
        with tenant_scope(tenant):
            staff = make_staff(tenant=tenant)
            membership = make_membership(tenant=tenant, role=Role.OPERATOR)
            Staff.objects.filter(pk=staff.pk).update(membership=membership)
            group = make_group(tenant=tenant, app=staff.app, owner=staff, state=State.ACTIVE)
        url = f"/m/{tenant.slug}/group/{group.chat_id}/freeze/"
        phone = hold_phone(tenant, staff)
        for _again in range(2):
            phone.post(url, {"reason": "有人带节奏", "incident": "sabotage"})
        with tenant_scope(tenant):
            (incident,) = Incident.objects.filter(tenant=tenant)
            assert (incident.kind, incident.owner_id) == ("sabotage", staff.pk)
            assert frozen_ids(tenant) == {group.pk}

    def test_the_phone_freezes_the_group_in_hand_and_no_other_of_its_incident(self, tenant, frozen):
        with tenant_scope(tenant):
            staff = make_staff(tenant=tenant)
            membership = make_membership(tenant=tenant, role=Role.OPERATOR)
            Staff.objects.filter(pk=staff.pk).update(membership=membership)
            here, other = (
                make_group(tenant=tenant, app=staff.app, owner=staff, state=State.ACTIVE) for _two in range(2)
            )
            opened(tenant, [here, other])
        hold_phone(tenant, staff).post(
            f"/m/{tenant.slug}/group/{here.chat_id}/freeze/",
            {"reason": "有人带节奏", "incident": "complaint"},
        )
        with tenant_scope(tenant):
            assert frozen_ids(tenant) == {here.pk}
