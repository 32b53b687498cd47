"""The state machines, without the wire."""

from __future__ import annotations

import datetime as dt

import pytest

from simulator.world import codes, groups, mass_send, relations, seed
from simulator.world.entities import Code
from simulator.world.model import Corp, World
from simulator.world.relations import Refused

NOON = dt.datetime(2026, 2, 10, 4, 0, tzinfo=dt.UTC).timestamp()
PLAN = seed.Plan("测试企业", staff=3, groups=2, customers=30, seed=5)


@pytest.fixture
def corp() -> Corp:
    made = seed.make_corp(World(), PLAN, NOON)
    made.callback.url = "http://127.0.0.1:9/"
    return made


def _stranger(corp: Corp) -> str:
    return next(e for e in corp.customers if not corp.relations_of_customer(e))


def _changes(corp: Corp) -> list[str]:
    return [event.change_type for event in corp.ledger.events]


def test_same_seed_makes_the_same_corp() -> None:
    first, second = (seed.make_corp(World(), PLAN, NOON) for _ in range(2))
    assert list(first.customers.values()) == list(second.customers.values())
    assert [g.member_version for g in first.groups.values()] == [
        g.member_version for g in second.groups.values()
    ]
    other = seed.make_corp(World(), seed.Plan("测试企业", 3, 2, 30, seed=6), NOON)
    assert list(other.customers) != list(first.customers)


def test_groups_hold_three_to_five_staff_and_some_customers_sit_in_several() -> None:
    corp = seed.make_corp(World(), seed.Plan("大企业", staff=8, groups=6, customers=300), NOON)
    for group in corp.groups.values():
        assert 3 <= sum(member.type == 1 for member in group.members.values()) <= 5
    assert any(len(corp.groups_of(external_userid)) >= 2 for external_userid in corp.customers)
    names = "".join(customer.name for customer in corp.customers.values())
    assert any(ord(letter) > 0xFFFF for letter in names)


def test_half_relation_becomes_full_then_either_side_ends_it(corp: Corp) -> None:
    ext = _stranger(corp)
    tie = relations.add(corp, userid="staff01", external_userid=ext, at=NOON, now=NOON, is_half=True)
    assert tie.status == "half"
    relations.add(corp, userid="staff01", external_userid=ext, at=NOON, now=NOON)
    relations.add(corp, userid="staff01", external_userid=ext, at=NOON, now=NOON)
    assert tie.status == "full"
    relations.customer_deletes(corp, userid="staff01", external_userid=ext, at=NOON)
    relations.staff_deletes(corp, userid="staff01", external_userid=ext, at=NOON)
    assert tie.status == "none"
    assert _changes(corp) == [
        "add_half_external_contact",
        "add_external_contact",
        "del_follow_user",
        "del_external_contact",
    ]


def test_welcome_code_comes_once_and_not_after_a_talk(corp: Corp) -> None:
    ext = _stranger(corp)
    relations.add(corp, userid="staff01", external_userid=ext, at=NOON, now=NOON, is_half=True)
    relations.add(corp, userid="staff01", external_userid=ext, at=NOON, now=NOON)
    assert ["WelcomeCode" in event.plaintext for event in corp.ledger.events] == [True, False]
    relations.talk(corp, userid="staff02", external_userid=ext, at=NOON)
    relations.add(corp, userid="staff02", external_userid=ext, at=NOON, now=NOON)
    assert "WelcomeCode" not in corp.ledger.events[-1].plaintext


def test_member_version_follows_the_members_only(corp: Corp) -> None:
    group = next(iter(corp.groups.values()))
    ext = next(e for e in corp.customers if e not in group.members)
    before = group.member_version
    groups.join(corp, chat_id=group.chat_id, person_ids=[ext], at=NOON, now=NOON)
    assert group.member_version != before
    groups.rename(corp, chat_id=group.chat_id, name="新名字", at=NOON, now=NOON)
    groups.leave(corp, chat_id=group.chat_id, person_ids=[ext], at=NOON, now=NOON)
    assert group.member_version == before


def test_owner_cannot_leave_and_joining_twice_is_silent(corp: Corp) -> None:
    group = next(iter(corp.groups.values()))
    with pytest.raises(Refused):
        groups.leave(corp, chat_id=group.chat_id, person_ids=[group.owner], at=NOON, now=NOON)
    assert groups.join(corp, chat_id=group.chat_id, person_ids=[group.owner], at=NOON, now=NOON) == []
    assert corp.ledger.events == []


def test_lagging_read_shows_the_group_before_the_change(corp: Corp) -> None:
    corp.faults.update({"group_lag_s": 10})
    group = next(iter(corp.groups.values()))
    groups.rename(corp, chat_id=group.chat_id, name="新名字", at=NOON, now=NOON)
    old = group.past_views[0][1]["name"]
    assert groups.view_for_api(corp, group, NOON + 5)["name"] == old
    assert groups.view_for_api(corp, group, NOON + 11)["name"] == "新名字"


def _send(corp: Corp, at: float) -> int:
    group = next(iter(corp.groups.values()))
    mass = mass_send.create(
        corp,
        chat_type="group",
        creator=group.owner,
        receivers_by_staff={group.owner: [group.chat_id]},
        text={"content": "你好"},
        attachments=[],
        at=at,
        agentid=1,
    )
    task = mass_send.confirm(corp, msgid=mass.msgid, userid=group.owner, at=at)
    assert mass_send.confirm(corp, msgid=mass.msgid, userid=group.owner, at=at + 5).send_time == int(at)
    return task.results[group.chat_id][0]


def test_month_quota_is_the_days_of_the_month_and_renews(corp: Corp) -> None:
    statuses = [_send(corp, NOON) for _ in range(29)]
    assert statuses == [mass_send.SENT] * 28 + [mass_send.OVER_LIMIT]
    local_midnight = dt.datetime(2026, 2, 28, 16, 0, tzinfo=dt.UTC).timestamp()
    assert _send(corp, local_midnight - 1) == mass_send.OVER_LIMIT
    assert _send(corp, local_midnight) == mass_send.SENT


@pytest.mark.parametrize(("rule", "allowed"), [("day", 1), ("week", 7)])
def test_other_quota_rules(corp: Corp, rule: str, allowed: int) -> None:
    corp.quota_rule = rule
    statuses = [_send(corp, NOON) for _ in range(allowed + 1)]
    assert statuses == [mass_send.SENT] * allowed + [mass_send.OVER_LIMIT]


def test_personal_sends_spend_the_same_quota(corp: Corp) -> None:
    corp.quota_rule = "day"
    group = next(iter(corp.groups.values()))
    mass_send.personal_send(
        corp, userid=group.owner, receivers=[group.chat_id], chat_type="group", text="早", at=NOON
    )
    assert _send(corp, NOON) == mass_send.OVER_LIMIT


def test_send_to_a_lost_customer_is_not_friend(corp: Corp) -> None:
    (userid, ext), tie = next(iter(corp.relations.items()))
    tie.status = "customer_deleted"
    sent = mass_send.personal_send(
        corp, userid=userid, receivers=[ext], chat_type="single", text="早", at=NOON
    )
    assert sent.tasks[userid].results[ext][0] == mass_send.NOT_FRIEND


def _join_way(corp: Corp, auto: int) -> Code:
    group = next(iter(corp.groups.values()))
    corp.group_cap = len(group.members) + 1
    body = {
        "chat_id_list": [group.chat_id],
        "auto_create_room": auto,
        "room_base_name": "阅读营",
        "room_base_id": 3,
        "state": "sms",
    }
    way = Code("c1", 1, 0, body, "")
    corp.join_ways["c1"] = way
    return way


def _outsiders(corp: Corp) -> list[str]:
    return [e for e in corp.customers if not corp.groups_of(e)]


def test_join_way_opens_the_next_room_at_the_cap(corp: Corp) -> None:
    way = _join_way(corp, 1)
    first, second = _outsiders(corp)[:2]
    landed = codes.scan_join_way(corp, config_id="c1", external_userid=first, at=NOON, now=NOON)
    member = landed.members[first]
    assert (member.join_scene, member.state) == (3, "sms")
    room = codes.scan_join_way(corp, config_id="c1", external_userid=second, at=NOON, now=NOON)
    assert (room.name, room.owner, way.body["room_base_id"]) == ("阅读营3", landed.owner, 4)
    assert way.body["chat_id_list"] == [landed.chat_id, room.chat_id]


def test_join_way_without_auto_rooms_refuses_at_the_cap(corp: Corp) -> None:
    _join_way(corp, 0)
    first, second = _outsiders(corp)[:2]
    codes.scan_join_way(corp, config_id="c1", external_userid=first, at=NOON, now=NOON)
    with pytest.raises(Refused):
        codes.scan_join_way(corp, config_id="c1", external_userid=second, at=NOON, now=NOON)


def test_contact_way_deals_customers_to_staff_in_turn_with_state(corp: Corp) -> None:
    corp.contact_ways["k"] = Code("k", 1, 0, {"user": ["staff01", "staff02"], "state": "poster"}, "")
    strangers = [e for e in corp.customers if not corp.relations_of_customer(e)][:2]
    ties = [
        codes.scan_contact_way(corp, config_id="k", external_userid=e, at=NOON, now=NOON) for e in strangers
    ]
    assert [tie.userid for tie in ties] == ["staff01", "staff02"]
    assert all("<State><![CDATA[poster]]></State>" in event.plaintext for event in corp.ledger.events)
