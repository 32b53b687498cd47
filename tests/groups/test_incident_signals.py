"""What opens a draft of an incident: complaints within minutes, many who leave at once; and the playbooks (R25)."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from groups.enums import IncidentKind, IncidentOrigin, IncidentState, QuitScene
from groups.events import MemberLeft
from groups.handlers import on_complaints_heard, on_members_left
from groups.models import Incident
from groups.policies.incidents import PLAYBOOKS, Said, complaint_cluster, leave_spike, words_from
from groups.selectors.incidents import incident_entries
from groups.services.incident_freeze import incident_freeze
from groups.services.incident_tasks import task_set_done
from groups.services.incidents import (
    incident_add_groups,
    incident_close,
    incident_dismiss,
    incident_judge,
    incident_note,
    signal_title,
)
from team.models import WorkItem
from tenants import clock
from tenants.audit import SYSTEM
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.groups import make_member
from tests.factories.team import make_staff
from tests.groups.incidents import frozen_ids, opened
from wecom.events import MessagesArchived
from wecom.models import ArchivedMessage

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WORDS = ("退款", "骗人")
_numbers = itertools.count(1)


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


def test_title_and_playbook_are_read_in_each_readers_language(tenant, groups):
    with tenant_scope(tenant), translation.override("en"):
        room = groups[0]
        one = opened(
            tenant, [room], title=signal_title(IncidentOrigin.LEAVES, room), origin=IncidentOrigin.LEAVES
        )
        manual = opened(tenant, [groups[1]], title="Many leave us")
        incident, task = Incident.objects.get(pk=one.pk), one.tasks.order_by("position").first()
        told = {}
        for language in ("en", "zh-hans"):
            with translation.override(language):
                told[language] = (str(incident), str(task), str(Incident.objects.get(pk=manual.pk)))
    assert told["en"][0] == f"Many leave {room}"
    assert str(room) in told["zh-hans"][0]
    assert "Many leave" not in told["zh-hans"][0]
    assert told["en"][1].isascii()
    assert not told["zh-hans"][1].isascii()
    assert told["zh-hans"][2] == "Many leave us"


def test_lines_of_the_timeline_are_read_in_each_readers_language_and_what_people_wrote_as_it_is(
    tenant, groups, frozen
):
    lines = {}
    with tenant_scope(tenant):
        with translation.override("en"):
            room = opened(tenant, groups[:2])
            who = {"tenant": tenant, "incident_id": room.pk, "actor": SYSTEM}
            acts = (
                lambda: incident_judge(kind=IncidentKind.COMPLAINT, level=1, owner_id=None, **who),
                lambda: incident_add_groups(group_ids=[groups[2].pk], **who),
                lambda: incident_freeze(**who),
                lambda: task_set_done(
                    tenant=tenant, task_id=room.tasks.get(position=1).pk, is_done=True, actor=SYSTEM
                ),
                lambda: incident_note(kind="note", text="Mrs Wang is calm", **who),
                lambda: incident_close(outcome="Refunded", lift_reason="All is well", **who),
            )
            for act in acts:
                frozen.move(minutes=1)
                act()
        for language in ("en", "zh-hans"):
            with translation.override(language):
                entries = incident_entries(tenant_id=tenant.pk, incident_id=room.pk)
                lines[language] = [one.text for one in sorted(entries, key=lambda one: (one.at, one.pk))]
    step = PLAYBOOKS[IncidentKind.COMPLAINT][1].text
    with translation.override("en"):
        english = str(step)
    assert lines["en"] == [
        "Opened by Qunce.",
        "Judged: Group complaint, Minor.",
        "1 more group is concerned.",
        "Sends to 3 groups frozen.",
        f"Done: {english}",
        "Mrs Wang is calm",
        "Sends to 3 groups resumed: All is well",
        "Closed: Refunded",
    ]
    with translation.override("zh-hans"):
        assert lines["zh-hans"] == [
            "由 Qunce 立案。",
            "定性：群诉，一般。",
            "又涉及 1 个群。",
            "已冻结 3 个群的发送。",
            f"已完成：{step}",
            "Mrs Wang is calm",
            "已恢复 3 个群的发送：All is well",
            "已结束：Refunded",
        ]
