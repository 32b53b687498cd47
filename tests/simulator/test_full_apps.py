"""App messages, media, moments, links, hand-overs, login and rates, family by family (PROTOCOL 3.8 to 3.13)."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import httpx
import pytest

from simulator.runtime import Runtime
from simulator.world.model import Corp
from tests.simulator.conftest import Api, MovableClock, Sink, Upload
from tests.simulator.test_callbacks import opened
from tests.simulator.test_full_wire import DAY_S, EC, LINK, agent
from tests.waiting import wait_until


def test_partial_and_complete_failure_of_an_app_message(api: Api, corp: Corp) -> None:
    body = {"agentid": agent(corp), "msgtype": "text", "text": {"content": "x"}}
    some = api("message/send", {**body, "touser": "staff01|nobody", "toparty": "77", "totag": "5"})
    assert (some["errcode"], some["invaliduser"], some["invalidparty"], some["invalidtag"]) == (
        0,
        "nobody",
        "77",
        "5",
    )
    assert api("message/send", {**body, "touser": "nobody"})["errcode"] == 81013
    assert api("message/send", {**body, "touser": "staff01", "agentid": 1})["errcode"] == 301002
    assert api("message/send", {**body, "toparty": "|".join(["2"] * 101)})["errcode"] == 40058


BUTTONS = {"main_title": {"title": "t"}, "button_list": [{"text": "好", "key": "k"}], "task_id": "t1"}
OPTIONS = [{"id": "1", "text": "a"}]


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ({"card_type": "text_notice", "main_title": {"title": "t"}}, 40058),
        ({"card_type": "text_notice", "sub_title_text": "t", "card_action": {"type": 1, "url": "u"}}, 0),
        ({"card_type": "text_notice", "sub_title_text": "t", "card_action": {"type": 1}}, 40058),
        ({"card_type": "news_notice", "main_title": {"title": "t"}, "card_action": {"type": 1}}, 40058),
        ({"card_type": "button_interaction", **BUTTONS}, 0),
        ({"card_type": "button_interaction", **BUTTONS, "task_id": ""}, 40058),
        ({"card_type": "button_interaction", **BUTTONS, "task_id": "中"}, 40058),
        ({"card_type": "button_interaction", **BUTTONS, "button_list": [{"text": "x"}] * 7}, 40058),
        (
            {
                "card_type": "vote_interaction",
                "main_title": {"title": "t"},
                "checkbox": {"question_key": "q", "option_list": OPTIONS},
                "submit_button": {"text": "交", "key": "s"},
                "task_id": "t2",
            },
            0,
        ),
        ({"card_type": "multiple_interaction", "main_title": {"title": "t"}, "task_id": "t3"}, 40058),
        ({"card_type": "poem"}, 40058),
    ],
)
def test_cards(api: Api, corp: Corp, card: dict[str, Any], code: int) -> None:
    body = {"touser": "staff01", "agentid": agent(corp), "msgtype": "template_card", "template_card": card}
    answer = api("message/send", body)
    assert answer["errcode"] == code
    assert ("response_code" in answer) == (code == 0 and card["card_type"] != "text_notice")


def test_a_card_is_updated_once_within_72_hours(api: Api, corp: Corp, clock: MovableClock) -> None:
    body = {"touser": "staff01", "agentid": agent(corp), "msgtype": "template_card"}
    card = {"card_type": "button_interaction", **BUTTONS}
    code = api("message/send", {**body, "template_card": card})["response_code"]
    again = api("message/send", {**body, "template_card": card})
    assert again["errcode"] == 42014
    clock.move(72 * 3600 + 1)
    update = {"agentid": agent(corp), "userids": ["staff01"], "response_code": code}
    late = api("message/update_template_card", {**update, "button": {"replace_name": "已办"}})
    assert late["errcode"] == 42015


def test_news_and_media_messages(api: Api, corp: Corp, uploaded: Upload) -> None:
    head = {"touser": "staff01", "agentid": agent(corp)}
    articles = [{"title": "t", "url": "http://x/"}]
    news = {**head, "msgtype": "news", "news": {"articles": articles}}
    assert api("message/send", news)["errcode"] == 0
    assert api("message/send", {**news, "news": {"articles": articles * 9}})["errcode"] == 40058
    image = {**head, "msgtype": "image", "image": {"media_id": uploaded()}}
    assert api("message/send", image)["errcode"] == 0
    assert api("message/send", {**image, "image": {"media_id": "gone"}})["errcode"] == 40007


def test_the_server_fetches_a_file_by_itself(
    web: httpx.Client, api: Api, corp: Corp, sink: Sink, runtime: Runtime
) -> None:
    source = str(web.base_url).rstrip("/") + "/sim/status"
    body = {"scene": 1, "type": "file", "filename": "a.txt", "url": source, "md5": "0" * 32}
    jobid = api("media/upload_by_url", body)["jobid"]
    wait_until(lambda: sink.requests, "the job's event")
    event = opened(corp, sink.requests[-1])
    assert (event.findtext("Event"), event.findtext("JobId")) == ("upload_media_job_finish", jobid)
    result = api("media/get_upload_by_url_result", {"jobid": jobid})
    assert (result["status"], result["detail"]["errmsg"]) == (3, "md5 differs")
    css = web.get("/phone/phone.css").content
    good = {**body, "url": source.replace("/sim/status", "/phone/phone.css")}
    jobid = api("media/upload_by_url", {**good, "md5": hashlib.md5(css).hexdigest()})["jobid"]

    def result_of(jobid: str) -> dict[str, Any]:
        return api("media/get_upload_by_url_result", {"jobid": jobid})

    wait_until(lambda: result_of(jobid)["status"] == 2, "the file is fetched")
    assert result_of(jobid)["detail"]["media_id"]
    assert api("media/upload_by_url", {**body, "md5": "short"})["errcode"] == 40058


def test_big_files_are_read_in_parts(web: httpx.Client, corp: Corp, api: Api, uploaded: Upload) -> None:
    media_id = uploaded("file", "a.bin")
    corp.media[media_id].body = b"x" * (21 * 1024 * 1024)
    assert api("media/get", media_id=media_id)["errcode"] == 830002
    secret = {"corpid": corp.corp_id, "corpsecret": corp.apps[agent(corp)].secret}
    token = web.get("/cgi-bin/gettoken", params=secret).json()["access_token"]
    query = {"access_token": token, "media_id": media_id}
    part = web.get("/cgi-bin/media/get", params=query, headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, b"x" * 10)


def test_images_for_pages_are_counted(web: httpx.Client, corp: Corp) -> None:
    secret = {"corpid": corp.corp_id, "corpsecret": corp.apps[agent(corp)].secret}
    token = {"access_token": web.get("/cgi-bin/gettoken", params=secret).json()["access_token"]}
    corp.limits["images_a_day"] = 1
    codes = [
        web.post(
            "/cgi-bin/media/uploadimg", params=token, files={"media": ("a.png", b"0123456789", "image/png")}
        ).json()["errcode"]
        for _ in range(2)
    ]
    assert codes == [0, 45009]


def test_tickets_are_counted(api: Api, corp: Corp) -> None:
    corp.limits["agent_tickets_an_hour"] = 2
    codes = [api("ticket/get", type="agent_config")["errcode"] for _ in range(3)]
    assert codes == [0, 0, 45009]
    assert api("get_jsapi_ticket")["errcode"] == 0


def test_moment_names_what_it_did_not_understand(api: Api, corp: Corp) -> None:
    scope = {
        "sender_list": {"user_list": ["staff01", "nobody"], "department_list": [77]},
        "external_contact_list": {"tag_list": ["etnothing"]},
    }
    body = {"text": {"content": "x"}, "visible_range": scope}
    corp.faults.dispatch_s = 60
    job = api(EC + "add_moment_task", body)["jobid"]
    assert api(EC + "get_moment_task_result", jobid=job)["status"] == 1
    corp.faults.dispatch_s = 0
    result = api(EC + "get_moment_task_result", jobid=job)["result"]
    assert result["invalid_sender_list"] == {"user_list": ["nobody"], "department_list": [77]}
    assert result["invalid_external_contact_list"] == {"tag_list": ["etnothing"]}
    moment = {"moment_id": result["moment_id"]}
    assert api(EC + "cancel_moment_task", moment)["errcode"] == 0
    assert api(EC + "cancel_moment_task", moment)["errcode"] == 41093


def test_a_link_brings_customers_with_their_channel(
    web: httpx.Client, api: Api, corp: Corp, sink: Sink
) -> None:
    base = {"corp_id": corp.corp_id}
    web.post("/sim/link/top-up", json={**base, "count": 20}).raise_for_status()
    link = api(EC + "customer_acquisition/create_link", LINK)["link"]["link_id"]
    who = next(e for e, c in corp.customers.items() if c.type == 1 and not corp.relations_of_customer(e))
    visit = {**base, "link_id": link, "external_userid": who, "customer_channel": "抖音"}
    web.post("/sim/link/open", json=visit).raise_for_status()
    said = {**base, "from": who, "to": "staff01", "text": "你好"}
    web.post("/sim/message/send", json=said).raise_for_status()
    seen = [opened(corp, request) for request in sink.requests]
    states = {str(event.findtext("ChangeType")): event.findtext("State") for event in seen}
    assert sorted(states) == [
        "add_external_contact",
        "balance_increased",
        "balance_low",
        "customer_start_chat",
    ]
    assert states["add_external_contact"] == "抖音"
    row = api(EC + "customer_acquisition/customer", {"link_id": link})["customer_list"][0]
    assert row == {"external_userid": who, "userid": "staff01", "chat_status": 1, "state": "抖音"}
    assert api(EC + "customer_acquisition_quota")["balance"] == 19
    now = int(time.time())
    period = {"link_id": link, "start_time": now - DAY_S, "end_time": now + 60}
    figures = api(EC + "customer_acquisition/statistic", period)
    assert (figures["click_link_customer_cnt"], figures["new_customer_cnt"]) == (1, 1)
    wide = {**period, "start_time": now - 31 * DAY_S}
    assert api(EC + "customer_acquisition/statistic", wide)["errcode"] == 40058


def test_a_link_tells_of_looks_and_of_every_further_message(
    web: httpx.Client, api: Api, corp: Corp, sink: Sink
) -> None:
    base = {"corp_id": corp.corp_id}
    link = api(EC + "customer_acquisition/create_link", LINK)["link"]["link_id"]
    who = next(e for e, c in corp.customers.items() if c.type == 1 and not corp.relations_of_customer(e))
    visit = {**base, "link_id": link, "external_userid": who, "customer_channel": "抖音"}
    web.post("/sim/link/look", json=visit).raise_for_status()
    looked = opened(corp, sink.requests[-1])
    assert looked.findtext("ChangeType") == "open_profile"
    assert (looked.findtext("LinkId"), looked.findtext("State")) == (link, "抖音")
    assert corp.relations_of_customer(who) == []
    web.post("/sim/link/open", json=visit).raise_for_status()
    told = len(sink.requests)
    for text in ("你好", "在吗", "想报名"):
        web.post(
            "/sim/message/send", json={**base, "from": who, "to": "staff01", "text": text}
        ).raise_for_status()
    seen = [opened(corp, request) for request in sink.requests[told:]]
    kinds = [event.findtext("ChangeType") for event in seen]
    assert kinds == ["customer_start_chat", "message_from_customer", "message_from_customer"]
    keys = [event.findtext("ChatKey") for event in seen[1:]]
    assert all(keys)
    assert len(set(keys)) == 2
    assert {event.findtext("LinkId") for event in seen} == {link}


def test_a_refused_hand_over_tells_why(web: httpx.Client, api: Api, corp: Corp, sink: Sink) -> None:
    (userid, ext), _ = next(iter(corp.relations.items()))
    other = next(u for u in corp.staff if (u, ext) not in corp.relations)
    pair = {"handover_userid": userid, "takeover_userid": other}
    api(EC + "transfer_customer", {**pair, "external_userid": [ext]})
    body = {"corp_id": corp.corp_id, "external_userid": ext}
    web.post("/sim/transfer/fail", json=body).raise_for_status()
    event = opened(corp, sink.requests[-1])
    assert (event.findtext("ChangeType"), event.findtext("FailReason")) == (
        "transfer_fail",
        "customer_refused",
    )
    assert api(EC + "transfer_result", pair)["customer"][0]["status"] == 3
    over = api(EC + "transfer_customer", {**pair, "external_userid": [ext] * 101})
    assert over["errcode"] == 40058


def test_group_transfer_limits(web: httpx.Client, api: Api, corp: Corp) -> None:
    chats = list(corp.groups)
    owners = list(corp.staff)

    def move(chat_id: str, owner: str) -> list[int]:
        body = {"chat_id_list": [chat_id], "new_owner": owner}
        rows = api(EC + "groupchat/onjob_transfer", body)["failed_chat_list"]
        return [row["errcode"] for row in rows]

    assert [move(chats[0], owners[n % 2 + 1]) for n in range(3)] == [[], [], [90508]]
    corp.limits["group_transfers_a_day"] = 1
    assert move(chats[1], owners[1]) == [90504]
    assert move("wrnothing", owners[3]) == [86003]


def test_opengids(web: httpx.Client, api: Api, corp: Corp) -> None:
    chat_id = next(iter(corp.groups))
    path = EC + "opengid_to_chatid"
    assert api(path, {"opengid": f"open-{chat_id}"})["chat_id"] == chat_id
    room = web.post("/sim/message/rooms", json={"corp_id": corp.corp_id}).json()["rooms"][0]["roomid"]
    assert api(path, {"opengid": f"open-{room}"})["errcode"] == 90501
    assert api(path, {"opengid": "open-nothing"})["errcode"] == 90511


def test_user_ticket_is_exchanged_for_details(web: httpx.Client, api: Api, corp: Corp) -> None:
    query = {
        "appid": corp.corp_id,
        "agentid": agent(corp),
        "redirect_uri": "http://127.0.0.1/back",
        "login_type": "CorpApp",
        "state": "s1",
    }
    me = {"X-Sim-Person": f"{corp.corp_id}:staff01"}
    page = web.get("/wwlogin/sso/login", params=query, headers=me)
    assert page.status_code == 302
    address = httpx.URL(page.headers["location"])
    assert address.params["state"] == "s1"
    who = api("auth/getuserinfo", code=address.params["code"])
    assert who["userid"] == "staff01"
    assert api("auth/getuserdetail", {"user_ticket": who["user_ticket"]})["userid"] == "staff01"
    assert api("auth/getuserdetail", {"user_ticket": "old"})["errcode"] == 40029
    stranger = {**query, "agentid": 5}
    assert web.get("/wwlogin/sso/login", params=stranger, headers=me).status_code == 400
    asked = web.get("/wwlogin/sso/login", params=query)
    assert "staff02" in asked.text


def test_too_many_wrong_secrets_close_the_address_for_an_hour(
    web: httpx.Client, corp: Corp, api: Api, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.wire.limiter.WRONG_SECRETS_AN_HOUR", 3)
    wrong = {"corpid": corp.corp_id, "corpsecret": "wrong"}
    codes = [web.get("/cgi-bin/gettoken", params=wrong).json()["errcode"] for _ in range(4)]
    assert codes == [40001, 40001, 40001, 45009]
    good = {"corpid": corp.corp_id, "corpsecret": corp.apps[agent(corp)].secret}
    assert web.get("/cgi-bin/gettoken", params=good).json()["errcode"] == 45009
    clock.move(3601)
    assert web.get("/cgi-bin/gettoken", params=good).json()["errcode"] == 0


def test_the_vendor_rate_per_call(web: httpx.Client, corp: Corp, clock: MovableClock) -> None:
    secret = {"corpid": corp.corp_id, "corpsecret": corp.apps[agent(corp)].secret}
    token = {"access_token": web.get("/cgi-bin/gettoken", params=secret).json()["access_token"]}
    corp.limits["calls_a_minute"] = 2
    # From the beginning of a minute, so that the window does not end in between.
    clock.move(60 - clock.now() % 60 + 1)

    def code(path: str) -> int:
        return int(web.get(f"/cgi-bin/{path}", params=token).json()["errcode"])

    assert [code("department/list") for _ in range(3)] == [0, 0, 45009]
    assert code("department/simplelist") == 0
    clock.move(60)
    assert code("department/list") == 0


def test_any_code_can_be_asked_for(web: httpx.Client, api: Api, corp: Corp) -> None:
    rule = {"path": "user/get", "code": 60020, "times": 2}
    web.post("/sim/faults", json={"answer_code": rule}).raise_for_status()
    codes = [api("user/get", userid="staff01")["errcode"] for _ in range(3)]
    assert codes == [60020, 60020, 0]
    assert api("department/list")["errcode"] == 0


def test_answers_that_are_none(web: httpx.Client, api: Api, corp: Corp) -> None:
    web.get("/cgi-bin/gettoken")
    secret = {"corpid": corp.corp_id, "corpsecret": corp.apps[agent(corp)].secret}
    token = {"access_token": web.get("/cgi-bin/gettoken", params=secret).json()["access_token"]}
    web.post("/sim/faults", json={"http_error_p": 1.0})
    assert web.get("/cgi-bin/department/list", params=token).status_code == 502
    web.post("/sim/faults", json={"http_error_p": 0.0, "garbage_p": 1.0})
    broken = web.get("/cgi-bin/department/list", params=token)
    assert broken.status_code == 200
    with pytest.raises(ValueError):
        broken.json()
