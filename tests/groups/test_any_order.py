"""Events in any order, doubled, and late end in one state."""

import random

import pytest
from django.db import transaction

from groups.handlers import on_external_chat
from groups.models import Group, Member
from tests.groups.world import OWNER, behaviours, deliver, present

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


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
