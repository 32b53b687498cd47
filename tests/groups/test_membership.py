"""Who sits in a group, event by event: joins, departures, duplicates, legacy payloads, the end of a group."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from contacts.models import Customer
from groups.enums import ChangeKind, QuitScene
from groups.events import MemberJoined, MemberLeft
from groups.models import Group, GroupChange, Member
from groups.selectors import counts, members_current, people_total, staff_in
from groups.tasks import refresh_glances
from simulator.world import groups as acts
from tests.groups.world import OWNER, STAFF, behaviours, deliver, present, told

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_first_read_brings_members_names_and_owner_and_no_joins(vendor, camp):
    group = Group.objects.get(chat_id=camp)
    assert present(camp) == vendor.present(camp)
    assert (group.name, group.owner.userid) == ("小芽英语启蒙01群", OWNER)
    assert Customer.objects.get(external_userid="wm000000").name == "客户 wm000000"
    assert behaviours() == Counter()
    assert told(MemberJoined) == []
    assert set(Member.objects.values_list("is_creation_invitee", flat=True)) == {True}


def test_staff_are_members_and_never_customers(vendor, camp, frozen):
    vendor.join(camp, [STAFF[1]], frozen.moment)
    deliver(vendor.take_events())
    group = Group.objects.get(chat_id=camp)
    seats = counts(tenant_id=group.tenant_id, group_ids=[group.pk])[group.pk]
    assert (seats.customers, seats.staff) == (10, 2)
    assert (group.customer_count, group.staff_count) == (10, 2)
    assert len(members_current(tenant_id=group.tenant_id, group_ids=[group.pk])[group.pk]) == 10
    assert len(staff_in(tenant_id=group.tenant_id, group_ids=[group.pk])[group.pk]) == 2
    assert behaviours() == Counter()


def test_known_persons_join_by_delta_without_asking_wecom(vendor, camp, frozen):
    vendor.leave(camp, ["wm000000", "wm000001"], frozen.moment)
    frozen.move(minutes=1)
    vendor.join(camp, ["wm000000"], frozen.moment)
    deliver(vendor.take_events())
    assert vendor.calls == []
    assert present(camp) == vendor.present(camp)
    assert behaviours() == Counter(
        {("leave", "wm000000"): 1, ("leave", "wm000001"): 1, ("join", "wm000000"): 1}
    )
    assert (told(MemberJoined), told(MemberLeft)) == ([1], [2])
    back = Member.objects.get(userid="wm000000", left_at=None)
    assert (back.joined_at, back.join_scene, back.is_creation_invitee) == (frozen.moment, "qr", False)


def test_an_unknown_person_is_read_with_name_and_becomes_a_customer(vendor, camp, frozen):
    (person,) = vendor.add_customers(1)
    vendor.join(camp, [person], frozen.moment)
    deliver(vendor.take_events())
    assert vendor.calls == ["groupchat_get"]
    member = Member.objects.get(userid=person)
    assert member.customer.name == f"客户 {person}"
    assert behaviours() == Counter({("join", person): 1})


def test_the_same_event_again_changes_nothing(vendor, camp, frozen):
    vendor.leave(camp, ["wm000000"], frozen.moment, by=OWNER)
    (event,) = vendor.take_events()
    deliver([event, event, event])
    gone = Member.objects.get(userid="wm000000")
    assert (gone.left_at, gone.quit_scene, gone.left_is_estimate) == (frozen.moment, QuitScene.REMOVED, False)
    assert behaviours() == Counter({("leave", "wm000000"): 1})
    assert told(MemberLeft) == [1]


def test_a_stale_delta_that_happens_to_fit_our_version_is_not_applied(vendor, camp, frozen):
    vendor.leave(camp, ["wm000000"], frozen.moment)
    frozen.move(minutes=1)
    vendor.join(camp, ["wm000000"], frozen.moment)
    left, joined = vendor.take_events()
    frozen.move(minutes=1)
    deliver([joined, left, left])
    assert present(camp) == vendor.present(camp)
    assert behaviours() == Counter({("leave", "wm000000"): 1, ("join", "wm000000"): 1})


def test_a_lost_event_is_found_by_the_next_one(vendor, camp, frozen):
    vendor.leave(camp, ["wm000000"], frozen.moment)
    vendor.take_events()
    frozen.move(minutes=1)
    vendor.leave(camp, ["wm000001"], frozen.moment)
    deliver(vendor.take_events())
    assert present(camp) == vendor.present(camp)
    lost = Member.objects.get(userid="wm000000")
    assert lost.left_is_estimate
    assert behaviours() == Counter({("leave", "wm000000"): 1, ("leave", "wm000001"): 1})


def test_a_legacy_payload_is_read_in_full(vendor, camp, frozen):
    vendor.corp.faults.legacy_payload = True
    vendor.leave(camp, ["wm000000"], frozen.moment)
    (event,) = vendor.take_events()
    assert "MemChangeList" not in event.fields
    deliver([event])
    assert vendor.calls == ["groupchat_get"]
    assert present(camp) == vendor.present(camp)


def test_a_rename_that_carries_member_fields_moves_nobody(vendor, camp, frozen):
    acts.rename(
        vendor.corp, chat_id=camp, name="改名了", at=frozen.moment.timestamp(), now=frozen.moment.timestamp()
    )
    (event,) = vendor.take_events()
    assert event.fields["JoinScene"] == "0"
    before = set(Member.objects.values_list("pk", "left_at"))
    deliver([replace(event, fields={**event.fields, "MemChangeList": ["wm000000"]})])
    assert set(Member.objects.values_list("pk", "left_at")) == before
    assert Group.objects.get(chat_id=camp).name == "改名了"
    assert list(GroupChange.objects.values_list("kind", "before", "after")) == [
        (ChangeKind.NAME, "小芽英语启蒙01群", "改名了")
    ]


def test_owner_and_notice_are_read_and_logged(vendor, camp, frozen):
    at = frozen.moment.timestamp()
    vendor.join(camp, [STAFF[1]], frozen.moment)
    acts.change_owner(vendor.corp, chat_id=camp, userid=STAFF[1], at=at, now=at)
    acts.set_notice(vendor.corp, chat_id=camp, notice="每晚 20:00 带读", at=at, now=at)
    deliver(vendor.take_events())
    group = Group.objects.get(chat_id=camp)
    assert (group.owner.userid, group.notice) == (STAFF[1], "每晚 20:00 带读")
    assert set(GroupChange.objects.values_list("kind", flat=True)) == {ChangeKind.OWNER, ChangeKind.NOTICE}


def test_a_dissolved_group_loses_nobody(vendor, camp, frozen):
    acts.dismiss(vendor.corp, chat_id=camp, at=frozen.moment.timestamp())
    (event,) = vendor.take_events()
    deliver([event, event])
    group = Group.objects.get(chat_id=camp)
    assert group.dismissed_at == frozen.moment
    assert present(camp) == set()
    assert set(Member.objects.values_list("quit_scene", flat=True)) == {QuitScene.DISSOLVED}
    assert behaviours() == Counter()
    assert told(MemberLeft) == []


def test_a_departure_told_after_the_end_is_still_a_departure(vendor, camp, frozen):
    vendor.leave(camp, ["wm000000"], frozen.moment)
    frozen.move(minutes=5)
    acts.dismiss(vendor.corp, chat_id=camp, at=frozen.moment.timestamp())
    left, ended = vendor.take_events()
    deliver([ended, left])
    gone = Member.objects.get(userid="wm000000")
    assert (gone.quit_scene, gone.left_at) == (QuitScene.LEFT, frozen.moment - timedelta(minutes=5))
    assert behaviours() == Counter({("leave", "wm000000"): 1})


def test_a_group_is_judged_after_what_happened_in_it(vendor, camp):
    group = Group.objects.get(chat_id=camp)
    Group.objects.filter(pk=group.pk).update(state="active", customer_count=99)
    refresh_glances.run(tenant_id=group.tenant_id, group_ids=[group.pk])
    group.refresh_from_db()
    assert (group.customer_count, group.staff_count) == (10, 1)
    assert group.risk_code != ""


def test_a_planned_group_is_recognised_by_its_name(vendor, scoped, frozen):
    planned = Group.objects.create(tenant=scoped, planned_name="小芽英语启蒙07群")
    chat_id = vendor.group(at=frozen.moment, name="小芽英语启蒙07群")
    deliver(vendor.take_events())
    assert Group.objects.get(chat_id=chat_id).pk == planned.pk


def test_one_person_in_three_groups_counts_once_in_total(vendor, frozen):
    (person,) = vendor.add_customers(1)
    for _ in range(3):
        vendor.group(at=frozen.moment, members=[person, *STAFF[1:]])
    deliver(vendor.take_events())
    ids = list(Group.objects.values_list("pk", flat=True))
    seats = counts(tenant_id=vendor.app.tenant_id, group_ids=ids)
    assert [(one.customers, one.staff) for one in seats.values()] == [(1, 3)] * 3
    assert people_total(tenant_id=vendor.app.tenant_id, group_ids=ids) == (3, 1)


def test_five_staff_in_a_group_of_105_leave_100_customers(vendor, scoped, frozen):
    from simulator.world.entities import Staff  # noqa: PLC0415 - only this test needs more staff
    from tests.factories.team import make_staff  # noqa: PLC0415

    for name in ("s4", "s5"):
        vendor.corp.staff[name] = Staff(name, name, [1])
        make_staff(tenant=scoped, app=vendor.app, userid=name, name=name)
    vendor.group(at=frozen.moment, members=[*STAFF[1:], "s4", "s5", *vendor.add_customers(100)])
    deliver(vendor.take_events())
    group = Group.objects.get()
    assert (group.customer_count, group.staff_count) == (100, 5)
