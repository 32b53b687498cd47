"""Who sits in a group: deltas, full reads, duplicates, disorder, lag, legacy payloads; and at what cost."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from contacts.models import Behaviour, Customer
from groups.enums import ChangeKind, QuitScene
from groups.events import MemberJoined, MemberLeft
from groups.handlers import on_external_chat, sync_groups
from groups.models import Group, GroupChange, Member
from groups.selectors import counts, members_current, people_total, staff_in
from groups.services import comparing, reading
from groups.services.glance import REFRESH_TASK
from groups.services.membership_read import Same, membership_apply_read, membership_confirm
from groups.services.reading import group_reread
from groups.tasks import refresh_glances, reread_chat
from outbox.models import EventRow
from simulator.world import groups as acts
from tests.groups.world import OWNER, STAFF
from wecom.models import LostChange
from wecom.reading.sync import Progress

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

# Statements for one event, whatever the size of the group; savepoints and copies for other apps' handlers apart.
LEAVE_QUERIES = 10
RETURN_QUERIES = 11
READ_QUERIES = 14


def deliver(events):
    for event in events:
        on_external_chat(event)


def read_everything(vendor, *, began_at=None):
    progress = Progress(tenant_id=vendor.app.tenant_id, what="groups", began_at=began_at)
    return sync_groups(vendor.app.tenant_id, progress)


def present(chat_id):
    return set(Member.objects.filter(group__chat_id=chat_id, left_at=None).values_list("userid", flat=True))


def statements(captured):
    apart = ("SAVEPOINT", "RELEASE", 'INSERT INTO "outbox_delivery"')
    return [one["sql"][:160] for one in captured if not one["sql"].startswith(apart)]


def told(event_class):
    rows = EventRow.objects.filter(name=event_class.name).order_by("pk")
    return [len(row.payload["customer_ids"]) for row in rows]


def behaviours():
    rows = Behaviour.objects.order_by("pk").values_list("kind", "external_userid")
    return Counter(rows)


@pytest.fixture
def camp(vendor, frozen):
    """A group of the owner with ten customers invited with it, known to us."""
    people = vendor.add_customers(10)
    chat_id = vendor.group(at=frozen.moment, members=people)
    deliver(vendor.take_events())
    vendor.calls.clear()
    frozen.move(hours=1)
    return chat_id


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


def test_details_that_lag_are_read_again_later(vendor, camp, frozen, django_capture_on_commit_callbacks):
    vendor.corp.faults.group_lag_s = 5
    (person,) = vendor.add_customers(1)
    vendor.join(camp, [person], frozen.moment)
    with django_capture_on_commit_callbacks() as callbacks:
        deliver(vendor.take_events())
    assert person not in present(camp)
    calls = [one.args for one in callbacks if one.args[0] == reading.REREAD_TASK]
    assert [(call[1]["wanted_version"], call[2]) for call in calls] == [
        (vendor.corp.groups[camp].member_version, reading.LAG_PAUSES_S[0])
    ]
    frozen.move(seconds=6)
    reread_chat.run(**calls[0][1])
    assert present(camp) == vendor.present(camp)
    assert behaviours() == Counter({("join", person): 1})


def test_rereading_gives_up_after_the_last_pause(vendor, camp, django_capture_on_commit_callbacks):
    app = vendor.app
    with django_capture_on_commit_callbacks() as callbacks:
        group_reread(
            tenant_id=app.tenant_id, app_id=app.pk, chat_id=camp, wanted_version="never",
            attempt=len(reading.LAG_PAUSES_S) - 1,
        )  # fmt: skip
    assert [one for one in callbacks if one.args[0] == reading.REREAD_TASK] == []


def test_deltas_of_a_burst_are_confirmed_by_one_read(
    vendor, camp, frozen, django_capture_on_commit_callbacks
):
    for number in range(3):
        frozen.move(seconds=1)
        vendor.leave(camp, [f"wm00000{number}"], frozen.moment)
    with django_capture_on_commit_callbacks() as callbacks:
        deliver(vendor.take_events())
    assert len([one for one in callbacks if one.args[0] == reading.REREAD_TASK]) == 1


def test_a_burst_of_unknown_people_is_read_and_judged_once(
    vendor, camp, frozen, django_capture_on_commit_callbacks
):
    refresh_glances.run(tenant_id=vendor.app.tenant_id, group_ids=[Group.objects.get(chat_id=camp).pk])
    people = vendor.add_customers(5)
    start = frozen.moment
    for person in people:
        frozen.move(seconds=1)
        vendor.join(camp, [person], frozen.moment)
    frozen.move(seconds=1)
    with django_capture_on_commit_callbacks() as callbacks:
        deliver(vendor.take_events())
    assert vendor.calls == ["groupchat_get"]
    assert [one.args[0] for one in callbacks if one.args[0].startswith("groups.")] == [REFRESH_TASK]
    assert behaviours() == Counter({("join", person): 1 for person in people})
    joined = (
        Member.objects.filter(userid__in=people).order_by("joined_at").values_list("joined_at", flat=True)
    )
    assert list(joined) == [start + timedelta(seconds=number) for number in range(1, 6)]


def test_a_group_is_judged_after_what_happened_in_it(vendor, camp):
    group = Group.objects.get(chat_id=camp)
    Group.objects.filter(pk=group.pk).update(state="active", customer_count=99)
    refresh_glances.run(tenant_id=group.tenant_id, group_ids=[group.pk])
    group.refresh_from_db()
    assert (group.customer_count, group.staff_count) == (10, 1)
    assert group.risk_code != ""


def test_a_state_just_read_needs_no_confirming(vendor, camp, frozen):
    vendor.leave(camp, ["wm000000"], frozen.moment)
    deliver(vendor.take_events())
    wanted = {"tenant_id": vendor.app.tenant_id, "app_id": vendor.app.pk, "chat_id": camp}
    frozen.move(seconds=10)
    group_reread(**wanted)
    group_reread(**wanted)
    assert vendor.calls == ["groupchat_get"]


def test_a_read_that_another_worker_overtook_is_not_written(vendor, camp, frozen):
    group = Group.objects.get(chat_id=camp)
    seen = reading.wire.group_of(vendor.call("groupchat_get", chat_id=camp))
    vendor.leave(camp, ["wm000000"], frozen.moment)
    deliver(vendor.take_events())
    answer = membership_apply_read(
        tenant_id=group.tenant_id, app_id=vendor.app.pk, seen=seen, read_at=frozen.moment,
        base_revision=group.revision,
    )  # fmt: skip
    assert answer is None
    assert present(camp) == vendor.present(camp)


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


@pytest.mark.parametrize("size", [10, 200])
def test_a_delta_costs_the_same_in_any_group(vendor, frozen, size):
    people = vendor.add_customers(size)
    chat_id = vendor.group(at=frozen.moment, members=people)
    deliver(vendor.take_events())
    vendor.calls.clear()
    frozen.move(hours=1)
    vendor.leave(chat_id, people[:5], frozen.moment)
    (event,) = vendor.take_events()
    with CaptureQueriesContext(connection) as queries:
        on_external_chat(event)
    assert vendor.calls == []
    assert len(statements(queries)) == LEAVE_QUERIES, "\n".join(statements(queries))


@pytest.mark.parametrize("size", [10, 200])
def test_a_full_read_costs_the_same_in_any_group(vendor, frozen, size):
    people = vendor.add_customers(size)
    chat_id = vendor.group(at=frozen.moment, members=people)
    deliver(vendor.take_events())
    frozen.move(hours=1)
    vendor.corp.faults.legacy_payload = True
    vendor.leave(chat_id, people[:5], frozen.moment)
    (event,) = vendor.take_events()
    with CaptureQueriesContext(connection) as queries:
        on_external_chat(event)
    assert len(statements(queries)) == READ_QUERIES, "\n".join(statements(queries))


def test_sync_reads_all_groups_ends_the_gone_and_counts_what_was_lost(vendor, camp, frozen):
    vendor.leave(camp, ["wm000000"], frozen.moment)
    other = vendor.group(at=frozen.moment, members=["wm000001"], name="小芽英语启蒙02群")
    ended = vendor.group(at=frozen.moment, members=["wm000002"], name="小芽英语启蒙03群")
    deliver([one for one in vendor.take_events() if one.fields["ChatId"] == ended])
    acts.dismiss(vendor.corp, chat_id=ended, at=frozen.moment.timestamp())
    vendor.take_events()
    lost = read_everything(vendor)
    assert lost == 3  # one departure, one group made, one dissolution
    assert Counter(LostChange.objects.values_list("kind", "subject_id", "count")) == Counter(
        [("members", camp, 1), ("made", other, 1), ("dissolved", ended, 1)]
    )
    assert present(camp) == vendor.present(camp)
    assert present(other) == vendor.present(other)
    assert Group.objects.get(chat_id=ended).dismissed_at == frozen.moment
    frozen.move(minutes=1)
    assert read_everything(vendor) == 0


def test_a_sync_that_was_cut_off_goes_on_where_it_stood(vendor, frozen, monkeypatch):
    for number in range(5):
        vendor.group(at=frozen.moment, name=f"小芽英语启蒙0{number}群")
    vendor.take_events()
    monkeypatch.setattr(comparing, "CHUNK", 2)
    began_at = frozen.moment
    answer = vendor.call

    def killed_at_fourth(name, **values):
        if vendor.calls.count("groupchat_get") == 3:
            raise KeyboardInterrupt
        return answer(name, **values)

    monkeypatch.setattr(vendor, "call", killed_at_fourth)
    with pytest.raises(KeyboardInterrupt):
        read_everything(vendor)
    monkeypatch.setattr(vendor, "call", answer)
    frozen.move(minutes=1)
    vendor.calls.clear()
    read_everything(vendor, began_at=began_at)
    assert vendor.calls == ["groupchat_list", "groupchat_get", "groupchat_get"]
    assert Group.objects.count() == 5


def test_a_group_that_is_the_same_is_not_written_but_fresh(vendor, camp, frozen):
    group_reread(tenant_id=vendor.app.tenant_id, app_id=vendor.app.pk, chat_id=camp)
    frozen.move(hours=5)
    Group.objects.filter(chat_id=camp).update(state="planning")
    before = Group.objects.get(chat_id=camp)
    with CaptureQueriesContext(connection) as queries:
        assert read_everything(vendor) == 0
    after = Group.objects.get(chat_id=camp)
    assert (after.synced_at, after.members_as_of, after.revision) == (
        frozen.moment, frozen.moment, before.revision,
    )  # fmt: skip
    assert [
        one for one in statements(queries) if "groups_member" in one and not one.startswith("SELECT")
    ] == []


def test_an_answer_we_know_does_not_hide_rows_that_are_not_what_it_says(vendor, camp, frozen):
    frozen.move(hours=5)
    Member.objects.filter(userid="wm000003").delete()
    assert read_everything(vendor) == 1
    assert present(camp) == vendor.present(camp)


def test_a_delta_makes_the_next_comparison_look_again(vendor, camp, frozen):
    vendor.leave(camp, ["wm000000"], frozen.moment)
    deliver(vendor.take_events())
    assert Group.objects.get(chat_id=camp).read_digest == ""
    frozen.move(minutes=5)
    assert read_everything(vendor) == 0
    group = Group.objects.get(chat_id=camp)
    assert (group.read_digest != "", group.members_as_of) == (True, frozen.moment)


def test_a_group_that_an_event_changed_meanwhile_is_not_called_fresh(vendor, camp, frozen):
    group = Group.objects.get(chat_id=camp)
    told = Same(group.pk, group.revision, group.read_digest, frozen.moment)
    vendor.leave(camp, ["wm000000"], frozen.moment)
    deliver(vendor.take_events())
    frozen.move(minutes=1)
    assert membership_confirm(tenant_id=group.tenant_id, same=[told]) == 0


def test_a_rename_nobody_told_is_found_and_named(vendor, camp, frozen):
    at = frozen.moment.timestamp()
    acts.rename(vendor.corp, chat_id=camp, name="改名了", at=at, now=at)
    vendor.take_events()
    frozen.move(hours=1)
    assert read_everything(vendor) == 1
    assert LostChange.objects.values_list("kind", "subject_id", "title").get() == ("about", camp, "改名了")


def snapshot():
    spells = Member.objects.order_by("userid", "joined_at").values_list(
        "userid", "joined_at", "joined_is_estimate", "left_at", "left_is_estimate", "join_scene", "quit_scene",
        "is_creation_invitee", "customer__external_userid", "staff__userid",
    )  # fmt: skip
    group = Group.objects.get()
    return (
        list(spells),
        behaviours(),
        (group.name, group.customer_count, group.staff_count, group.member_version),
    )


def live_through_a_camp(vendor, frozen, seed, *, gap_s):
    """Twenty-five random comings and goings; returns (chat_id, each event with the moment it could first arrive)."""
    chance = random.Random(seed)
    people = vendor.add_customers(8)
    chat_id = vendor.group(at=frozen.moment, members=people[:3])
    arrived = [(event, frozen.moment) for event in vendor.take_events()]
    for _ in range(25):
        frozen.move(seconds=chance.choice(gap_s))
        inside = [one for one in people if one in vendor.present(chat_id)]
        outside = [one for one in people if one not in inside]
        if outside and (not inside or chance.random() < 0.5):
            vendor.join(
                chat_id, chance.sample(outside, min(len(outside), chance.randint(1, 2))), frozen.moment
            )
        else:
            vendor.leave(chat_id, [chance.choice(inside)], frozen.moment, by=chance.choice(["", OWNER]))
        arrived += [(event, frozen.moment) for event in vendor.take_events()]
    return chat_id, arrived


def outcome(vendor, frozen, events):
    """What the database says after these events; the database is put back."""
    with transaction.atomic():
        deliver(events)
        found = snapshot()
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_any_order_with_duplicates_gives_one_identical_state(vendor, frozen, seed):
    chat_id, arrived = live_through_a_camp(vendor, frozen, seed, gap_s=[30, 60, 600])
    frozen.move(minutes=10)
    events = [event for event, _at in arrived]
    in_order = outcome(vendor, frozen, events)
    assert {row[0] for row in in_order[0] if row[3] is None} == vendor.present(chat_id)
    for shuffle in range(2):
        mixed = events + random.Random(shuffle).choices(events, k=10)
        random.Random(seed * 100 + shuffle).shuffle(mixed)
        assert outcome(vendor, frozen, mixed) == in_order


@pytest.mark.parametrize("seed", range(4))
def test_events_within_one_second_still_end_in_the_truth(vendor, frozen, seed):
    chat_id, arrived = live_through_a_camp(vendor, frozen, seed, gap_s=[0, 0, 1, 3])
    events = [event for event, _at in arrived] * 2
    random.Random(seed).shuffle(events)
    frozen.move(seconds=1)
    deliver(events)
    assert present(chat_id) == vendor.present(chat_id)


@pytest.mark.parametrize("seed", range(4))
def test_events_that_arrive_while_the_camp_lives_give_the_same_members(vendor, frozen, seed):
    chance = random.Random(seed)
    people = vendor.add_customers(8)
    chat_id = vendor.group(at=frozen.moment, members=people[:3])
    waiting = vendor.take_events()
    for _ in range(30):
        frozen.move(seconds=chance.choice([1, 20, 90]))
        one = chance.choice(people)
        (vendor.leave if one in vendor.present(chat_id) else vendor.join)(chat_id, [one], frozen.moment)
        waiting += vendor.take_events()
        chance.shuffle(waiting)
        while waiting and chance.random() < 0.5:
            on_external_chat(waiting.pop())
    frozen.move(seconds=1)
    deliver(waiting)
    assert present(chat_id) == vendor.present(chat_id)
