"""Many events of one group that waited: WeCom is asked once for what they have in common, and none is forgotten."""

import random
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groups.enums import JoinScene, QuitScene
from groups.events import MemberJoined, MemberLeft
from groups.models import Group, Member
from groups.policies.hearing import READ_LAG
from groups.services.reading import REREAD_TASK
from groups.tasks import reread_chat
from outbox.models import EventRow
from simulator.world import groups as acts
from tests.factories.wecom import arrive
from tests.groups.world import OWNER, behaviours, deliver, present, tasks_asked, told
from wecom.inbox import ingest
from wecom.models import InboundEvent

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def receive(vendor):
    """What the corp calls back reaches the inbox now, and waits there."""
    arrive(vendor.app, *(event.plaintext for event in vendor.corp.ledger.take_pending()))


def work_off(vendor):
    """Process everything that waits; returns how often WeCom was asked for the group."""
    vendor.calls.clear()
    ingest.drain(tenant_id=vendor.app.tenant_id, limit=1000)
    assert set(InboundEvent.objects.values_list("state", flat=True)) == {"done"}
    return Counter(vendor.calls)["groupchat_get"]


def live(vendor, frozen, chance, chat_id, people, *, count):
    """So many things happen in the group, one a second; each is received at once."""
    for number in range(count):
        frozen.move(seconds=1)
        at, inside = frozen.moment, vendor.present(chat_id)
        act = chance.choice(["join", "join", "leave", "leave", "rename", "notice"])
        one = chance.choice(people)
        if act == "rename":
            acts.rename(
                vendor.corp, chat_id=chat_id, name=f"{number}群", at=at.timestamp(), now=at.timestamp()
            )
        elif act == "notice":
            acts.set_notice(
                vendor.corp, chat_id=chat_id, notice=f"{number}", at=at.timestamp(), now=at.timestamp()
            )
        elif one in inside:
            vendor.leave(chat_id, [one], at)
        else:
            vendor.join(chat_id, [one], at)
        receive(vendor)


def rename(vendor, frozen, chat_id, name):
    at = frozen.moment.timestamp()
    acts.rename(vendor.corp, chat_id=chat_id, name=name, at=at, now=at)
    receive(vendor)


@pytest.mark.parametrize("seed", range(3))
def test_two_hundred_waiting_events_of_one_group_read_it_once(
    vendor, camp, frozen, seed, django_capture_on_commit_callbacks
):
    chance = random.Random(seed)
    people = [f"wm{number:06d}" for number in range(10)] + vendor.add_customers(20)
    live(vendor, frozen, chance, camp, people, count=200)
    frozen.move(seconds=20)
    with django_capture_on_commit_callbacks() as callbacks:
        reads = work_off(vendor)
    assert reads <= 2
    asked = [given for _name, given, _pause in tasks_asked(callbacks)]
    assert [one for one in asked if one.get("wanted_version")] == []  # it has moved on
    assert present(camp) == vendor.present(camp)
    group, truth = Group.objects.get(chat_id=camp), vendor.corp.groups[camp]
    assert (group.name, group.notice, group.member_version) == (
        truth.name,
        truth.notice,
        truth.member_version,
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_burst_about_one_group_is_applied_together_and_every_move_is_told_once(vendor, camp, frozen, seed):
    chance, moves, began = random.Random(seed), Counter(), frozen.moment
    people = [f"wm{number:06d}" for number in range(10)]
    for _ in range(45):
        frozen.move(seconds=1)
        one = chance.choice(people)
        is_in = one in vendor.present(camp)
        (vendor.leave if is_in else vendor.join)(camp, [one], frozen.moment)
        moves["leave" if is_in else "join", one] += 1
        receive(vendor)
        frozen.move(seconds=11)  # two moves of one person are apart by more than what counts as one moment
    with CaptureQueriesContext(connection) as statements:
        assert work_off(vendor) == 0
    assert len(statements) < 5 * 45  # one by one they are about twenty each
    assert present(camp) == vendor.present(camp)
    assert behaviours() == moves
    assert untold(MemberJoined, "joined_at", began) == untold(MemberLeft, "left_at", began) == []


def untold(event_class, moment, began):
    """The moves of customers since then that no published event names within the minute after them."""
    events = [
        (set(row.payload["customer_ids"]), datetime.fromisoformat(row.payload[moment]))
        for row in EventRow.objects.filter(name=event_class.name)
    ]
    moves = Member.objects.filter(**{f"{moment}__gte": began}).exclude(customer=None)
    return [
        (one, at)
        for one, at in moves.values_list("customer_id", moment)
        if not any(one in named and at <= told_at <= at + timedelta(minutes=1) for named, told_at in events)
    ]


def test_a_storm_that_goes_on_reads_the_group_a_few_times_a_round(vendor, camp, frozen):
    chance, rounds, reads = random.Random(5), 6, 0
    people = [f"wm{number:06d}" for number in range(10)] + vendor.add_customers(20)
    for _ in range(rounds):
        live(vendor, frozen, chance, camp, people, count=30)
        reads += work_off(vendor)
    assert present(camp) == vendor.present(camp)
    newest = int(READ_LAG.total_seconds())  # these may not be in the answer yet, so each is read for
    assert reads <= rounds * (1 + newest)


def test_what_only_events_tell_is_kept_of_those_that_a_read_had_in_it(vendor, camp, frozen):
    began = frozen.moment
    (stranger,) = vendor.add_customers(1)
    vendor.join(camp, [stranger], began)  # makes the group be read
    receive(vendor)
    for minutes, act in enumerate(("leave", "join", "leave"), start=1):
        frozen.set(began + timedelta(minutes=minutes))
        if act == "join":
            vendor.join(camp, ["wm000000"], frozen.moment)
        else:
            vendor.leave(camp, ["wm000000"], frozen.moment, by=OWNER if minutes == 3 else "")
        receive(vendor)
    frozen.move(minutes=5)
    assert work_off(vendor) == 1
    first, second = Member.objects.filter(userid="wm000000").order_by("joined_at")
    assert (first.left_at, first.quit_scene, first.left_is_estimate) == (
        began + timedelta(minutes=1), QuitScene.LEFT, False,
    )  # fmt: skip
    assert (second.joined_at, second.join_scene) == (began + timedelta(minutes=2), JoinScene.QR)
    assert (second.left_at, second.quit_scene) == (began + timedelta(minutes=3), QuitScene.REMOVED)
    assert behaviours() == Counter({("join", stranger): 1, ("leave", "wm000000"): 2, ("join", "wm000000"): 1})
    assert (sum(told(MemberJoined)), sum(told(MemberLeft))) == (2, 2)


@pytest.mark.parametrize(("waited", "reads"), [(READ_LAG, 1), (READ_LAG - timedelta(seconds=1), 2)])
def test_an_event_that_came_just_before_a_read_is_read_for_again(vendor, camp, frozen, waited, reads):
    at = frozen.moment.timestamp()
    acts.set_notice(vendor.corp, chat_id=camp, notice="每晚 20:00 带读", at=at, now=at)
    rename(vendor, frozen, camp, "改名了")
    frozen.set(frozen.moment + waited)
    assert work_off(vendor) == reads
    group = Group.objects.get(chat_id=camp)
    assert (group.name, group.notice) == ("改名了", "每晚 20:00 带读")


def test_a_read_that_lagged_more_is_read_again_when_an_event_says_otherwise(
    vendor, camp, frozen, django_capture_on_commit_callbacks
):
    vendor.leave(camp, ["wm000000"], frozen.moment)
    receive(vendor)
    work_off(vendor)
    frozen.move(minutes=1)
    vendor.corp.faults.group_lag_s = 8
    rename(vendor, frozen, camp, "改名了")
    vendor.join(camp, ["wm000000"], frozen.moment)
    receive(vendor)
    frozen.move(seconds=5)
    reread_chat.run(tenant_id=vendor.app.tenant_id, app_id=vendor.app.pk, chat_id=camp)  # the earlier one
    with django_capture_on_commit_callbacks() as callbacks:
        work_off(vendor)
    assert "wm000000" not in present(camp)
    _, given, pause_s = next(one.args for one in callbacks if one.args[0] == REREAD_TASK)
    frozen.move(seconds=pause_s)
    reread_chat.run(**given)
    assert present(camp) == vendor.present(camp)
    assert Group.objects.get(chat_id=camp).name == "改名了"


def test_an_answer_that_lagged_behind_a_strangers_coming_is_confirmed_once(
    vendor, camp, frozen, django_capture_on_commit_callbacks
):
    vendor.corp.faults.group_lag_s = 8
    (stranger,) = vendor.add_customers(1)
    vendor.join(camp, [stranger], frozen.moment)
    receive(vendor)
    frozen.move(seconds=5)
    with django_capture_on_commit_callbacks() as callbacks:
        assert work_off(vendor) == 1
    assert stranger not in present(camp)
    _, given, pause_s = next(one.args for one in callbacks if one.args[0] == REREAD_TASK)
    frozen.move(seconds=pause_s)
    reread_chat.run(**given)
    assert present(camp) == vendor.present(camp)


def test_late_events_of_a_dissolved_group_ask_nobody(vendor, camp, frozen):
    vendor.leave(camp, ["wm000000"], frozen.moment)
    frozen.move(minutes=1)
    rename(vendor, frozen, camp, "改名了")
    acts.dismiss(vendor.corp, chat_id=camp, at=frozen.moment.timestamp())
    events = vendor.take_events()
    deliver(events[::-1])
    assert vendor.calls == []
    assert Group.objects.get(chat_id=camp).dismissed_at == frozen.moment
    assert present(camp) == set()
