"""How a group code fills: pure rules."""

import pytest

from groups.policies.codes import (
    Room,
    alert_code,
    chat_ids_open,
    filling_now,
    forecast,
    is_room_of,
    next_room_name,
)
from wecom.keeping.kept_rules import cut_bytes, rooms_to_keep
from wecom.welcomes.greetings import Greeting, rendered, unknown_variables, variables_in


def room(name, members, seats=200, is_open=True):
    return Room(name, seats, members, is_open)


def test_people_land_in_the_first_group_with_room():
    assert filling_now([room("a", 200), room("b", 40), room("c", 0)]).chat_id == "b"
    assert filling_now([room("a", 200), room("b", 10, is_open=False)]) is None


def test_wecom_is_told_of_groups_with_seats_and_keeps_the_last_when_there_are_none():
    assert chat_ids_open([room("a", 200), room("b", 40), room("c", None)]) == ["b", "c"]
    assert chat_ids_open([room("a", 200), room("b", 201)]) == ["b"]
    assert chat_ids_open([room("a", 200), room("b", 10, is_open=False)]) == ["a"]


@pytest.mark.parametrize(
    ("left", "joins", "over_h", "hours"),
    [(48, 24, 24, 48.0), (48, 4, 24, None), (48, 24, 5.9, None), (0, 0, 0, 0.0), (10, 5, 72, 144.0)],
)
def test_a_forecast_stands_on_enough_joins_or_says_nothing(left, joins, over_h, hours):
    assert forecast(left=left, joins=joins, over_h=over_h).hours == hours


@pytest.mark.parametrize(
    ("left", "joins", "code"),
    [(0, 0, "CODE-10"), (19, 0, "CODE-11"), (20, 0, ""), (60, 240, "CODE-12"), (90, 72, "")],
)
def test_the_owner_is_told_when_full_nearly_full_or_full_soon(left, joins, code):
    seen = forecast(left=left, joins=joins, over_h=72)
    assert alert_code(seen, least_left=20, least_h=24) == code


def test_groups_wecom_opened_stay_in_an_overwrite_and_the_fullest_go():
    assert rooms_to_keep(wanted=["a", "b"], present=["a", "b", "new"], known=["a", "b"], limit=5) == [
        "a",
        "b",
        "new",
    ]
    assert rooms_to_keep(wanted=["b"], present=["a", "b"], known=["a", "b"], limit=5) == ["b"]
    five = ["a", "b", "c", "d", "e"]
    assert rooms_to_keep(wanted=five, present=["x"], known=five, limit=5) == ["b", "c", "d", "e", "x"]


def test_a_room_is_recognised_by_base_and_counter():
    assert next_room_name("训练营", 12) == "训练营12"
    assert is_room_of("训练营12", "训练营")
    assert [is_room_of(one, "训练营") for one in ("训练营", "训练营12b", "12")] == [False] * 3
    assert not is_room_of("12", "")


def test_names_are_put_in_and_unknown_ones_leave_no_hole():
    text = "你好，{客户昵称}！我是{员工姓名}。"
    assert rendered(text, customer="安安", staff="周岚") == "你好，安安！我是周岚。"
    assert rendered(text, customer="", staff="周岚") == "你好！我是周岚。"
    assert rendered("Hi { Customer Name }, {other}", customer="Ann", staff="") == "Hi Ann, {other}"
    assert variables_in(text) == {"customer", "staff"}
    assert unknown_variables("{a} {客户昵称}") == ["a"]
    assert Greeting("  ").is_empty


def test_a_text_is_cut_between_characters():
    assert cut_bytes("群" * 2000, 4000) == "群" * 1333
