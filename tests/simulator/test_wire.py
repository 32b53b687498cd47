"""The vendor calls as the product would make them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from simulator.runtime import Runtime
from simulator.world.model import Corp
from tests.simulator.conftest import Api, MovableClock


def owner_and_chat(corp: Corp) -> tuple[str, str]:
    group = next(iter(corp.groups.values()))
    return group.owner, group.chat_id


def _friend(corp: Corp) -> tuple[str, str]:
    return next(key for key, tie in corp.relations.items() if tie.status == "full")


def test_every_answer_is_http_200_with_errcode(web: httpx.Client) -> None:
    answer = web.get("/cgi-bin/user/get", params={"userid": "staff01"})
    assert (answer.status_code, answer.json()["errcode"]) == (200, 41001)


@pytest.mark.parametrize(
    ("corpid", "secret", "code"), [("wwtestcorp", "bad", 40001), ("wwnobody", "bad", 40013), ("", "x", 41002)]
)
def test_gettoken_with_wrong_credentials(web: httpx.Client, corpid: str, secret: str, code: int) -> None:
    answer = web.get("/cgi-bin/gettoken", params={"corpid": corpid, "corpsecret": secret})
    assert answer.json()["errcode"] == code


def test_token_repeats_and_expires(web: httpx.Client, corp: Corp, clock: MovableClock) -> None:
    app = next(iter(corp.apps.values()))
    params = {"corpid": corp.corp_id, "corpsecret": app.secret}
    first = web.get("/cgi-bin/gettoken", params=params).json()["access_token"]
    assert web.get("/cgi-bin/gettoken", params=params).json()["access_token"] == first
    clock.move(7201)
    answer = web.get("/cgi-bin/department/list", params={"access_token": first}).json()
    assert answer["errcode"] == 42001
    assert web.get("/cgi-bin/gettoken", params=params).json()["access_token"] != first


def test_wrong_method_bad_json_and_unknown_path(web: httpx.Client, api: Api) -> None:
    assert api("externalcontact/mark_tag")["errcode"] == 40058
    assert api("externalcontact/list", {"userid": "staff01"})["errcode"] == 40058
    assert api("no/such/path")["errcode"] == 40066


def test_departments_and_staff(api: Api, corp: Corp) -> None:
    departments = api("department/list")["department"]
    assert departments[0] == {
        "id": 1,
        "name": "测试企业",
        "name_en": "",
        "department_leader": [],
        "parentid": 0,
        "order": 100,
    }
    found = [u["userid"] for d in departments for u in api("user/list", department_id=d["id"])["userlist"]]
    assert sorted(found) == sorted(corp.staff)
    assert api("user/get", userid="STAFF01")["userid"] == "staff01"
    assert api("user/get", userid="nobody")["errcode"] == 60111


def test_customer_detail_and_batch_have_their_own_tag_shapes(api: Api, corp: Corp) -> None:
    userid, ext = _friend(corp)
    made = api(
        "externalcontact/add_corp_tag", {"group_name": "意向", "tag": [{"name": "高"}, {"name": "中"}]}
    )
    tag_id = made["tag_group"]["tag"][0]["id"]
    marked = api("externalcontact/mark_tag", {"userid": userid, "external_userid": ext, "add_tag": [tag_id]})
    assert marked["errcode"] == 0
    follow = next(
        f for f in api("externalcontact/get", external_userid=ext)["follow_user"] if f["userid"] == userid
    )
    assert follow["tags"] == [{"group_name": "意向", "tag_name": "高", "tag_id": tag_id, "type": 1}]
    rows = api("externalcontact/batch/get_by_user", {"userid_list": [userid], "limit": 100})
    mine = next(r for r in rows["external_contact_list"] if r["external_contact"]["external_userid"] == ext)
    assert mine["follow_info"]["tag_id"] == [tag_id]


def test_stranger_cannot_be_tagged(api: Api, corp: Corp) -> None:
    ext = next(e for e in corp.customers if not corp.relations_of_customer(e))
    made = api("externalcontact/add_corp_tag", {"group_name": "意向", "tag": [{"name": "高"}]})
    body = {
        "userid": "staff01",
        "external_userid": ext,
        "add_tag": [made["tag_group"]["tag"][0]["id"]],
    }
    assert api("externalcontact/mark_tag", body)["errcode"] == 84061
    assert api("externalcontact/mark_tag", {**body, "external_userid": "wmnobody"})["errcode"] == 40096


@pytest.mark.parametrize(("length", "code"), [(20, 0), (21, 40058)])
def test_remark_length_at_the_limit(api: Api, corp: Corp, length: int, code: int) -> None:
    userid, ext = _friend(corp)
    body = {"userid": userid, "external_userid": ext, "remark": "好" * length}
    assert api("externalcontact/remark", body)["errcode"] == code


@pytest.mark.parametrize(("limit", "code"), [(None, 40058), (0, 40058), (1, 0), (1000, 0), (1001, 40058)])
def test_group_list_limit_is_required_and_bounded(api: Api, limit: int | None, code: int) -> None:
    body: dict[str, Any] = {} if limit is None else {"limit": limit}
    assert api("externalcontact/groupchat/list", body)["errcode"] == code


def test_group_pages_add_up(api: Api, corp: Corp) -> None:
    seen: list[str] = []
    cursor = ""
    for _ in corp.groups:
        answer = api("externalcontact/groupchat/list", {"limit": 1, "cursor": cursor})
        seen += [row["chat_id"] for row in answer["group_chat_list"]]
        cursor = answer.get("next_cursor", "")
    assert (seen, cursor) == (list(corp.groups), "")


def test_group_detail_names_only_on_request(api: Api, corp: Corp) -> None:
    owner, chat_id = owner_and_chat(corp)
    bare = api("externalcontact/groupchat/get", {"chat_id": chat_id})["group_chat"]
    named = api("externalcontact/groupchat/get", {"chat_id": chat_id, "need_name": 1})["group_chat"]
    assert bare["owner"] == owner
    assert "name" not in bare["member_list"][0]
    assert all(row["name"] for row in named["member_list"])
    assert bare["member_version"] == corp.groups[chat_id].member_version


@pytest.mark.parametrize(("count", "code"), [(3, 0), (6, 41091)])
def test_join_way_takes_at_most_five_groups(api: Api, corp: Corp, count: int, code: int) -> None:
    chats = (list(corp.groups) * 2)[:count]
    answer = api("externalcontact/groupchat/add_join_way", {"scene": 2, "chat_id_list": chats})
    assert answer["errcode"] == code
    assert "qr_code" not in answer


def test_media_works_for_three_days(
    web: httpx.Client, api: Api, corp: Corp, runtime: Runtime, clock: MovableClock
) -> None:
    owner, chat_id = owner_and_chat(corp)
    api("department/list")
    token = next(iter(runtime.world.tokens))
    made = web.post(
        "/cgi-bin/media/upload",
        params={"access_token": token, "type": "file"},
        files={"media": ("plan.txt", b"twelve bytes")},
    ).json()
    body = {
        "chat_type": "group",
        "sender": owner,
        "chat_id_list": [chat_id],
        "attachments": [{"msgtype": "file", "file": {"media_id": made["media_id"]}}],
    }
    assert api("externalcontact/add_msg_template", body)["errcode"] == 0
    clock.move(3 * 86400 + 1)
    assert api("externalcontact/add_msg_template", body)["errcode"] == 40007


def test_app_message_of_another_agent_is_refused(api: Api, corp: Corp) -> None:
    agentid = next(iter(corp.apps))
    body = {"touser": "staff01|ghost", "agentid": agentid, "msgtype": "text", "text": {"content": "你好"}}
    sent = api("message/send", body)
    assert (sent["errcode"], sent["invaliduser"]) == (0, "ghost")
    assert api("message/send", {**body, "agentid": 1})["errcode"] == 301002
    assert api("message/send", {**body, "touser": "ghost"})["errcode"] == 81013


@pytest.mark.parametrize(("size", "code"), [(2048, 0), (2049, 45002)])
def test_app_text_is_limited_in_bytes(api: Api, corp: Corp, size: int, code: int) -> None:
    body = {
        "touser": "staff01",
        "agentid": next(iter(corp.apps)),
        "msgtype": "text",
        "text": {"content": "x" * size},
    }
    assert api("message/send", body)["errcode"] == code


def test_card_task_id_is_unique_and_its_code_works_once(api: Api, corp: Corp) -> None:
    agentid = next(iter(corp.apps))
    card = {
        "card_type": "button_interaction",
        "main_title": {"title": "待确认", "desc": "3 个群"},
        "button_list": [{"text": "已发送", "style": 1, "key": "done"}],
        "task_id": "task-1",
    }
    body = {"touser": "staff01", "agentid": agentid, "msgtype": "template_card", "template_card": card}
    code = api("message/send", body)["response_code"]
    assert api("message/send", body)["errcode"] == 42014
    update = {
        "agentid": agentid,
        "response_code": code,
        "userids": ["staff01"],
        "button": {"replace_name": "已完成"},
    }
    assert api("message/update_template_card", update)["errcode"] == 0
    assert api("message/update_template_card", update)["errcode"] == 42015


def test_app_without_a_permission_is_told_so(web: httpx.Client, corp: Corp, api: Api) -> None:
    web.patch(f"/sim/corps/{corp.corp_id}", json={"permissions": ["contacts"]})
    assert api("department/list")["errcode"] == 0
    assert api("externalcontact/get_follow_user_list")["errcode"] == 48002


def test_unlisted_address_is_refused(web: httpx.Client, corp: Corp, api: Api) -> None:
    web.patch(f"/sim/corps/{corp.corp_id}", json={"allowed_ips": ["10.0.0.9"]})
    assert api("department/list")["errcode"] == 60020


def test_oauth_code_works_once_and_five_minutes(
    web: httpx.Client, api: Api, corp: Corp, clock: MovableClock, runtime: Runtime
) -> None:
    def visit(person: str) -> str:
        answer = web.get(
            "/connect/oauth2/authorize",
            params={
                "appid": corp.corp_id,
                "redirect_uri": "http://product.test/back?next=%2Fm%2F",
                "response_type": "code",
                "scope": "snsapi_base",
                "state": "abc",
            },
            headers={"X-Sim-Person": f"{corp.corp_id}:{person}"},
            follow_redirects=False,
        )
        assert answer.status_code == 302
        assert answer.headers["location"].startswith("http://product.test/back?next=%2Fm%2F&code=")
        return answer.headers["location"].split("code=")[1].split("&")[0]

    code = visit("staff01")
    assert api("auth/getuserinfo", code=code)["userid"] == "staff01"
    assert api("auth/getuserinfo", code=code)["errcode"] == 40029
    ext = next(iter(corp.customers))
    assert api("auth/getuserinfo", code=visit(ext))["external_userid"] == ext
    late = visit("staff01")
    clock.move(301)
    assert api("auth/getuserinfo", code=late)["errcode"] == 40029


def test_oauth_without_a_person_asks_who(web: httpx.Client, corp: Corp) -> None:
    params = {
        "appid": corp.corp_id,
        "redirect_uri": "http://product.test/",
        "response_type": "code",
        "scope": "snsapi_base",
    }
    page = web.get("/connect/oauth2/authorize", params=params)
    assert page.status_code == 200
    assert "用谁的身份打开" in page.text


def test_duplicate_check_does_not_send_the_same_message_again(
    api: Api, corp: Corp, clock: MovableClock
) -> None:
    body = {
        "touser": "staff01",
        "agentid": next(iter(corp.apps)),
        "msgtype": "text",
        "text": {"content": "同一句话"},
        "enable_duplicate_check": 1,
        "duplicate_check_interval": 14_400,
    }
    first = api("message/send", body)["msgid"]
    assert api("message/send", body)["msgid"] == first
    assert list(corp.app_messages) == [first]
    clock.move(14_401)
    assert api("message/send", body)["msgid"] != first
    assert api("message/send", {**body, "enable_duplicate_check": 0})["msgid"] not in (first, None)
    assert len(corp.app_messages) == 3
