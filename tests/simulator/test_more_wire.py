"""Transfers, moments, rules, products, links, office events."""

from __future__ import annotations

import httpx
import pytest

from simulator.wire.registry import ENDPOINTS
from simulator.world.model import Corp
from tests.simulator.conftest import Api, MovableClock, Sink, Upload
from tests.simulator.test_callbacks import opened

DAY_S = 86400


def test_endpoint_table_is_listed_and_paths_are_unique(web: httpx.Client) -> None:
    listed = web.get("/sim/endpoints").json()
    assert listed["count"] == len({row["path"] for row in listed["endpoints"]}) == len(ENDPOINTS)


def test_wrong_types_are_refused_by_every_post(api: Api, corp: Corp) -> None:
    accepted = []
    for path, row in ENDPOINTS.items():
        if row.method == "POST" and row.spec and not row.is_upload:
            body = {name: {"wrong": 1} if rule.kind is not dict else 7 for name, rule in row.spec.items()}
            if api(path, body)["errcode"] not in {40058, 48002}:
                accepted.append(path)
    assert accepted == []


def test_hand_over_tells_the_app_a_day_later(
    web: httpx.Client, api: Api, corp: Corp, clock: MovableClock, sink: Sink
) -> None:
    (userid, ext), _ = next(iter(corp.relations.items()))
    other = next(u for u in corp.staff if (u, ext) not in corp.relations)
    body = {"handover_userid": userid, "takeover_userid": other, "external_userid": [ext]}
    api("externalcontact/transfer_customer", body)
    web.post("/sim/tick")
    assert sink.requests == []
    clock.move(DAY_S + 1)
    web.post("/sim/tick")
    events = [opened(corp, request) for request in sink.requests]
    assert [(e.findtext("ChangeType"), e.findtext("UserID"), e.findtext("Source")) for e in events] == [
        ("del_external_contact", userid, "DELETE_BY_TRANSFER"),
        ("add_external_contact", other, None),
    ]


def test_qr_code_of_a_way_is_a_picture(web: httpx.Client, api: Api, corp: Corp) -> None:
    body = {"type": 1, "scene": 2, "user": ["staff01"], "remark": "海报"}
    way = api("externalcontact/add_contact_way", body)
    picture = web.get(way["qr_code"])
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert b"<svg" in picture.content
    assert f"/phone/scan/contact/{corp.corp_id}/{way['config_id']}" in web.get("/phone/").text
    who = next(e for e in corp.customers if not corp.relations_of_customer(e))
    page = f"/phone/scan/contact/{corp.corp_id}/{way['config_id']}"
    assert web.post(page, data={"person": who}).status_code == 303
    assert corp.relations[("staff01", who)].status == "full"


def test_customer_is_handed_over_after_a_day(api: Api, corp: Corp, clock: MovableClock) -> None:
    (userid, ext), _ = next(iter(corp.relations.items()))
    other = next(u for u in corp.staff if (u, ext) not in corp.relations)
    body = {"handover_userid": userid, "takeover_userid": other, "external_userid": [ext, "wmnobody"]}
    rows = api("externalcontact/transfer_customer", body)["customer"]
    assert [row["errcode"] for row in rows] == [0, 40096]
    pair = {"handover_userid": userid, "takeover_userid": other}
    assert api("externalcontact/transfer_result", pair)["customer"][0]["status"] == 2
    clock.move(DAY_S + 1)
    assert api("externalcontact/transfer_result", pair)["customer"][0]["status"] == 1
    assert corp.relations[(other, ext)].status == "full"
    back = {"handover_userid": other, "takeover_userid": userid, "external_userid": [ext]}
    assert api("externalcontact/transfer_customer", back)["customer"][0]["errcode"] == 0
    clock.move(DAY_S + 1)
    api("externalcontact/transfer_result", pair)
    assert api("externalcontact/transfer_customer", body)["customer"][0]["errcode"] == 40128


def test_resigned_owner_leaves_customers_and_groups_to_inherit(
    web: httpx.Client, api: Api, corp: Corp, sink: Sink
) -> None:
    group = next(g for g in corp.groups.values() if g.owner in {u for u, _ in corp.relations})
    owner = group.owner
    other = next(u for u in corp.staff if u != owner)
    chats = {"chat_id_list": [group.chat_id], "new_owner": other}
    assert api("externalcontact/groupchat/transfer", chats)["failed_chat_list"][0]["errcode"] == 90500
    web.post("/sim/staff/resign", json={"corp_id": corp.corp_id, "userid": owner}).raise_for_status()
    event = opened(corp, sink.requests[-1])
    assert (event.findtext("Event"), event.findtext("ChangeType"), event.findtext("UserID")) == (
        "change_contact",
        "delete_user",
        owner,
    )
    info = api("externalcontact/get_unassigned_list", {})["info"]
    assert {row["handover_userid"] for row in info} == {owner}
    assert api("externalcontact/groupchat/list", {"limit": 9, "status_filter": 1})["group_chat_list"]
    assert api("externalcontact/groupchat/transfer", chats)["failed_chat_list"] == []
    assert group.owner == other
    assert len(sink.requests) == 1


def test_moment_is_published_by_hand(web: httpx.Client, api: Api, corp: Corp) -> None:
    job = api("externalcontact/add_moment_task", {"text": {"content": "开营啦"}})["jobid"]
    answer = api("externalcontact/get_moment_task_result", jobid=job)
    moment = {"moment_id": answer["result"]["moment_id"]}
    assert answer["status"] == 3
    tasks = api("externalcontact/get_moment_task", moment)["task_list"]
    assert {row["publish_status"] for row in tasks} == {0}
    tap = {"corp_id": corp.corp_id, "userid": "staff01", **moment}
    web.post("/sim/staff/publish-moment", json=tap).raise_for_status()
    tasks = api("externalcontact/get_moment_task", moment)["task_list"]
    assert [row["userid"] for row in tasks if row["publish_status"]] == ["staff01"]


@pytest.mark.parametrize(
    ("kind", "count", "purpose", "code"),
    [
        ("image", 9, 1, 0),
        ("image", 10, 1, 40058),
        ("image", 1, 0, 40007),
        ("link", 1, 1, 0),
        ("link", 2, 1, 40058),
        ("file", 1, 1, 40008),
        ("image", 0, 1, 44004),
    ],
)
def test_moment_attachments(
    api: Api, uploaded: Upload, kind: str, count: int, purpose: int, code: int
) -> None:
    part = {"media_id": uploaded(purpose=purpose), **({"url": "http://x/"} if kind == "link" else {})}
    attachments = [{"msgtype": kind, kind: part}] * count
    answer = api("externalcontact/add_moment_task", {"attachments": attachments})
    assert answer["errcode"] == code


def test_rules_products_and_links_live_and_die(
    web: httpx.Client, api: Api, corp: Corp, uploaded: Upload
) -> None:
    rule = {
        "rule_name": "敏感词",
        "word_list": ["返现"],
        "intercept_type": 1,
        "applicable_range": {"user_list": ["staff01"]},
    }
    rule_id = {"rule_id": api("externalcontact/add_intercept_rule", rule)["rule_id"]}
    assert api("externalcontact/update_intercept_rule", {**rule_id, "rule_name": "新"})["errcode"] == 0
    assert api("externalcontact/get_intercept_rule", rule_id)["rule"]["rule_name"] == "新"
    assert api("externalcontact/del_intercept_rule", rule_id)["errcode"] == 0
    assert api("externalcontact/get_intercept_rule_list")["rule_list"] == []
    picture = [{"type": "image", "image": {"media_id": uploaded(purpose=2)}}]
    product = {"description": "年课", "price": 298000, "attachments": picture}
    made = api("externalcontact/add_product_album", product)["product_id"]
    assert api("externalcontact/get_product_album", {"product_id": made})["product"]["price"] == 298000
    assert api("externalcontact/add_product_album", {**product, "price": 5_000_001})["errcode"] == 40058
    link = api(
        "externalcontact/customer_acquisition/create_link",
        {"link_name": "短信", "range": {"user_list": ["staff01"]}},
    )["link"]
    listed = api("externalcontact/customer_acquisition/list_link", {})
    assert listed["link_id_list"] == [link["link_id"]]


def test_thing_of_another_app_may_not_be_changed(
    web: httpx.Client, api: Api, corp: Corp, uploaded: Upload
) -> None:
    picture = [{"type": "image", "image": {"media_id": uploaded(purpose=2)}}]
    made = api(
        "externalcontact/add_product_album", {"description": "年课", "price": 1, "attachments": picture}
    )["product_id"]
    other = web.post(f"/sim/corps/{corp.corp_id}/apps", json={"name": "第二个应用"}).json()
    secret = {"corpid": corp.corp_id, "corpsecret": other["secret"]}
    token = web.get("/cgi-bin/gettoken", params=secret).json()["access_token"]
    answer = web.post(
        "/cgi-bin/externalcontact/delete_product_album",
        params={"access_token": token},
        json={"product_id": made},
    )
    assert answer.json()["errcode"] == 48002


def test_console_tags_send_events(web: httpx.Client, corp: Corp, sink: Sink, api: Api) -> None:
    body = {"corp_id": corp.corp_id, "group_name": "来源", "name": "短视频"}
    made = web.post("/sim/tag/create", json=body).json()
    events = [opened(corp, request) for request in sink.requests]
    assert {e.findtext("TagType") for e in events} == {"tag_group", "tag"}
    tags = api("externalcontact/get_corp_tag_list", {})["tag_group"][0]["tag"]
    assert [tag["id"] for tag in tags] == [made["tag_id"]]
    web.post("/sim/tag/delete", json={"corp_id": corp.corp_id, "tag_id": made["tag_id"]}).raise_for_status()
    assert opened(corp, sink.requests[-1]).findtext("ChangeType") == "delete"


def test_contact_sync_calls_are_not_for_ordinary_apps(api: Api) -> None:
    assert api("user/list_id", {})["errcode"] == 48002
