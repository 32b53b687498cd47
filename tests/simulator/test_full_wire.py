"""Limits, field combinations and codes of the calls, family by family (PROTOCOL 3.1 to 3.13)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.world.model import Corp
from tests.simulator.conftest import Api, MovableClock, Upload

DAY_S = 86400
EC = "externalcontact/"
RULE = {
    "rule_name": "敏感词",
    "word_list": ["返现"],
    "intercept_type": 1,
    "applicable_range": {"user_list": ["staff01"]},
}
CONTACT = {"type": 1, "scene": 2, "user": ["staff01"]}
LINK = {"link_name": "短信", "range": {"user_list": ["staff01"]}}


def agent(corp: Corp) -> int:
    return next(iter(corp.apps))


def other_app(web: httpx.Client, corp: Corp) -> str:
    """The token of a second app."""
    made = web.post(f"/sim/corps/{corp.corp_id}/apps", json={"name": "第二个应用"}).json()
    secret = {"corpid": corp.corp_id, "corpsecret": made["secret"]}
    return str(web.get("/cgi-bin/gettoken", params=secret).json()["access_token"])


@pytest.mark.parametrize(
    ("limit", "path", "body", "code"),
    [
        ("codes", "add_contact_way", CONTACT, 41045),
        ("group_welcome_templates", "group_welcome_template/add", {"text": {"content": "x"}}, 41055),
        ("tags", "add_corp_tag", {"group_name": "g", "tag": [{"name": "t"}]}, 40126),
        ("intercept_rules", "add_intercept_rule", RULE, 40058),
        ("acquisition_links", "customer_acquisition/create_link", LINK, 41095),
        ("moments_a_minute", "add_moment_task", {"text": {"content": "x"}}, 45009),
    ],
)
def test_ceilings_of_a_corp(
    api: Api, corp: Corp, web: httpx.Client, limit: str, path: str, body: dict[str, Any], code: int
) -> None:
    assert api(EC + path, body)["errcode"] == 0
    web.patch(f"/sim/corps/{corp.corp_id}", json={"limits": {limit: 1}}).raise_for_status()
    assert api(EC + path, body)["errcode"] == code


def test_unknown_limit_is_refused(web: httpx.Client, corp: Corp) -> None:
    assert web.patch(f"/sim/corps/{corp.corp_id}", json={"limits": {"luck": 1}}).status_code == 400


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"user": []}, 40058),
        ({"user": ["staff01", "staff02"]}, 40058),
        ({"party": [2]}, 40058),
        ({"type": 2, "user": [], "party": [2]}, 0),
        ({"type": 2, "user": [], "party": [99]}, 60123),
        ({"user": ["nobody"]}, 60111),
        ({"state": "字" * 31}, 40058),
        ({"state": "字" * 30}, 0),
        ({"remark": "字" * 31}, 40058),
        ({"expires_in": 60}, 40058),
        ({"is_temp": True, "expires_in": 60}, 40058),
        ({"scene": 3}, 40058),
    ],
)
def test_contact_way_fields(api: Api, changes: dict[str, Any], code: int) -> None:
    assert api(EC + "add_contact_way", {**CONTACT, **changes})["errcode"] == code


def test_contact_way_needs_a_working_verified_member(api: Api, corp: Corp) -> None:
    corp.staff["staff01"].is_verified = False
    assert api(EC + "add_contact_way", CONTACT)["errcode"] == 41054
    corp.staff["staff01"].can_contact = False
    assert api(EC + "add_contact_way", CONTACT)["errcode"] == 84074


def test_codes_are_changed_by_their_maker_only(web: httpx.Client, api: Api, corp: Corp) -> None:
    chat_id = next(iter(corp.groups))
    way = api(EC + "groupchat/add_join_way", {"scene": 2, "chat_id_list": [chat_id]})
    token = {"access_token": other_app(web, corp)}
    path = f"/cgi-bin/{EC}groupchat/del_join_way"
    answer = web.post(path, params=token, json={"config_id": way["config_id"]})
    assert answer.json()["errcode"] == 48002


def test_join_way_takes_five_groups_and_forgets_what_is_left_out(api: Api, corp: Corp) -> None:
    chat_id = next(iter(corp.groups))
    body = {"scene": 2, "chat_id_list": [chat_id], "state": "s", "remark": "r"}
    config_id = api(EC + "groupchat/add_join_way", body)["config_id"]
    six = {"scene": 2, "chat_id_list": [f"wr{n}" for n in range(6)]}
    assert api(EC + "groupchat/add_join_way", six)["errcode"] == 41091
    assert api(EC + "groupchat/add_join_way", {"scene": 2, "chat_id_list": ["wrx"]})["errcode"] == 86003
    fresh = {"config_id": config_id, "scene": 2, "chat_id_list": [chat_id]}
    assert api(EC + "groupchat/update_join_way", fresh)["errcode"] == 0
    way = api(EC + "groupchat/get_join_way", {"config_id": config_id})["join_way"]
    assert "remark" not in way
    assert way["auto_create_room"] == 1


def test_tags_of_the_console_and_of_others_stay(web: httpx.Client, api: Api, corp: Corp) -> None:
    body = {"corp_id": corp.corp_id, "group_name": "来源", "name": "短视频"}
    made = web.post("/sim/tag/create", json=body).json()
    assert api(EC + "edit_corp_tag", {"id": made["tag_id"], "name": "x"})["errcode"] == 48002
    assert api(EC + "del_corp_tag", {"tag_id": [made["tag_id"]]})["errcode"] == 48002
    assert api(EC + "edit_corp_tag", {"id": "etnothing", "name": "x"})["errcode"] == 40068


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"word_list": ["长" * 33]}, 40058),
        ({"word_list": ["词"] * 301}, 40058),
        ({"semantics_list": [4]}, 40058),
        ({"semantics_list": [1, 2, 3]}, 0),
        ({"rule_name": "长" * 21}, 40058),
        ({"applicable_range": {}}, 40058),
        ({"applicable_range": {"user_list": ["nobody"]}}, 60111),
        ({"applicable_range": {"department_list": [77]}}, 60123),
        ({"applicable_range": {"user_list": ["staff01"] * 1001}}, 40058),
    ],
)
def test_intercept_rule_fields(api: Api, changes: dict[str, Any], code: int) -> None:
    assert api(EC + "add_intercept_rule", {**RULE, **changes})["errcode"] == code


def test_intercept_range_grows_and_shrinks(api: Api) -> None:
    rule = {"rule_id": api(EC + "add_intercept_rule", {**RULE, "semantics_list": [1]})["rule_id"]}
    change = {
        "add_applicable_range": {"user_list": ["staff02"]},
        "remove_applicable_range": {"user_list": ["staff01"]},
    }
    assert api(EC + "update_intercept_rule", {**rule, **change})["errcode"] == 0
    shown = api(EC + "get_intercept_rule", rule)["rule"]
    assert shown["applicable_range"]["user_list"] == ["staff02"]
    assert shown["extra_rule"] == {"semantics_list": [1]}
    empty = {"remove_applicable_range": {"user_list": ["staff02"]}}
    assert api(EC + "update_intercept_rule", {**rule, **empty})["errcode"] == 40058


def test_products_want_their_own_uploads(api: Api, uploaded: Upload) -> None:
    def add(**changes: Any) -> int:
        row = {"type": "image", "image": {"media_id": uploaded(purpose=2)}}
        body = {"description": "年课", "price": 298000, "attachments": [row], **changes}
        return int(api(EC + "add_product_album", body)["errcode"])

    plain = {"type": "image", "image": {"media_id": uploaded()}}
    assert [add(), add(price=5_000_001), add(description="长" * 301), add(product_sn="x" * 129)] == [
        0,
        40058,
        40058,
        40058,
    ]
    assert add(attachments=[plain]) == 40007
    assert add(attachments=[]) == 40058


def test_statistics_reach_180_days_back_and_30_wide(api: Api, clock: MovableClock) -> None:
    now = int(clock.now())

    def code(begin: int, end: int) -> int:
        body = {"userid": ["staff01"], "start_time": begin, "end_time": end}
        return int(api(EC + "get_user_behavior_data", body)["errcode"])

    assert code(now - 30 * DAY_S, now - DAY_S) == 0
    assert code(now - 31 * DAY_S, now - DAY_S) == 40058
    assert code(now - 182 * DAY_S, now - 181 * DAY_S) == 40058
    assert code(now - DAY_S, now) == 40058
    row = api(
        EC + "get_user_behavior_data",
        {"userid": ["staff01", "staff02"], "start_time": now - DAY_S, "end_time": now - DAY_S},
    )["behavior_data"][0]
    assert {"chat_cnt", "message_cnt", "reply_percentage", "avg_reply_time", "new_contact_cnt"} <= set(row)


def test_group_list_and_statistics_want_a_filter_in_a_big_corp(api: Api, corp: Corp) -> None:
    corp.limits["visible_staff"] = 2
    assert api(EC + "groupchat/list", {"limit": 10})["errcode"] == 81017
    named = {"limit": 10, "owner_filter": {"userid_list": ["staff01"]}}
    assert api(EC + "groupchat/list", named)["errcode"] == 0
    assert api(EC + "groupchat/list", {"limit": 10, "cursor": "later"})["errcode"] == 81017
    assert api(EC + "groupchat/list", {**named, "cursor": "later"})["errcode"] == 40058
    assert api(EC + "groupchat/list", {"limit": 1001})["errcode"] == 40058
    assert api(EC + "groupchat/list", {})["errcode"] == 40058


def test_staff_of_a_big_department_are_too_many_for_one_answer(api: Api, corp: Corp) -> None:
    assert len(api("user/list", department_id=1, fetch_child=1)["userlist"]) == len(corp.staff)
    corp.limits["staff_an_answer"] = 2
    assert api("user/list", department_id=1, fetch_child=1)["errcode"] == 45029
    assert api("user/simplelist", department_id=2)["errcode"] == 0


def test_who_left_is_gone_from_the_lists(web: httpx.Client, api: Api, corp: Corp) -> None:
    web.post("/sim/staff/resign", json={"corp_id": corp.corp_id, "userid": "staff01"}).raise_for_status()
    assert api("user/get", userid="staff01")["errcode"] == 60111
    assert "staff01" not in api(EC + "get_follow_user_list")["follow_user"]
    body = {"agentid": agent(corp), "msgtype": "text", "text": {"content": "x"}}
    assert api("message/send", {**body, "touser": "staff01"})["errcode"] == 81013
