"""Faults that the product must survive, switched on while running."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from simulator.callbacks.deliver import delivery_lanes
from simulator.clock import Clock
from simulator.runtime import Runtime
from simulator.world.model import Corp
from tests.simulator.conftest import Api, MovableClock, Sink
from tests.simulator.test_callbacks import opened
from tests.waiting import wait_until


def _faults(web: httpx.Client, **faults: Any) -> None:
    web.post("/sim/faults", json=faults).raise_for_status()


def test_unknown_fault_is_refused(web: httpx.Client) -> None:
    assert web.post("/sim/faults", json={"explode": 1}).status_code == 400


def test_busy_for_the_next_calls_only(web: httpx.Client, corp: Corp) -> None:
    token = {"access_token": _token(web)}
    _faults(web, busy_next=2)
    codes = [web.get("/cgi-bin/department/list", params=token).json()["errcode"] for _ in range(3)]
    assert codes == [-1, -1, 0]


def _token(web: httpx.Client) -> str:
    corp = web.get("/sim/corps").json()["corps"][0]
    params = {"corpid": corp["corp_id"], "corpsecret": corp["secret"]}
    return str(web.get("/cgi-bin/gettoken", params=params).json()["access_token"])


def test_rate_limit_lasts_for_its_window(web: httpx.Client, clock: MovableClock, corp: Corp) -> None:
    token = {"access_token": _token(web)}
    _faults(web, rate_limit={"path": "department/list", "calls": 2, "window_s": 60})

    def code(path: str) -> int:
        return int(web.get(f"/cgi-bin/{path}", params=token).json()["errcode"])

    assert [code("department/list") for _ in range(4)] == [0, 0, 45009, 45009]
    assert code("department/simplelist") == 0
    clock.move(61)
    assert code("department/list") == 0


def test_calls_above_the_concurrency_limit_are_refused(
    web: httpx.Client, corp: Corp, runtime: Runtime
) -> None:
    token = {"access_token": _token(web)}
    _faults(web, concurrency_limit=1, slow_p=1.0, slow_ms=1500)
    codes: list[int] = []

    def call() -> None:
        answer = httpx.get(f"{web.base_url}/cgi-bin/department/list", params=token, trust_env=False)
        codes.append(answer.json()["errcode"])

    first = threading.Thread(target=call)
    first.start()
    wait_until(lambda: runtime.recent_calls[-1].path == "department/list", "the first call is under way")
    refused = [web.get("/cgi-bin/department/list", params=token).json()["errcode"] for _ in range(2)]
    first.join()
    assert (codes, refused) == ([0], [45033, 45033])


@pytest.mark.parametrize("code", [40014, 42001])
def test_early_revocation_kills_the_token(web: httpx.Client, corp: Corp, code: int) -> None:
    token = _token(web)
    _faults(web, revoke_token_p=1.0, revoke_code=code)
    assert web.get("/cgi-bin/department/list", params={"access_token": token}).json()["errcode"] == code
    _faults(web, revoke_token_p=0.0)
    assert web.get("/cgi-bin/department/list", params={"access_token": token}).json()["errcode"] == code
    assert _token(web) != token


def test_tokens_may_differ_each_time(web: httpx.Client, corp: Corp) -> None:
    _faults(web, new_token_each_time=True)
    assert _token(web) != _token(web)


def _meet(web: httpx.Client, corp: Corp, sink: Sink) -> str:
    ext = next(e for e, c in corp.customers.items() if c.type == 1 and not corp.relations_of_customer(e))
    body = {"corp_id": corp.corp_id, "userid": "staff01", "external_userid": ext}
    web.post("/sim/customer/add-staff", json=body).raise_for_status()
    return str(opened(corp, sink.requests[-1]).findtext("WelcomeCode") or "")


def test_welcome_works_once_within_twenty_seconds(
    web: httpx.Client, corp: Corp, sink: Sink, api: Api, clock: MovableClock
) -> None:
    code = _meet(web, corp, sink)
    body = {"welcome_code": code, "text": {"content": "欢迎"}}
    assert api("externalcontact/send_welcome_msg", body)["errcode"] == 0
    assert api("externalcontact/send_welcome_msg", body)["errcode"] == 41051
    late = _meet(web, corp, sink)
    clock.move(21)
    body = {"welcome_code": late, "text": {"content": "欢迎"}}
    assert api("externalcontact/send_welcome_msg", body)["errcode"] == 41050


def test_another_app_wins_the_welcome(web: httpx.Client, corp: Corp, sink: Sink, api: Api) -> None:
    _faults(web, welcome_race_p=1.0)
    body = {"welcome_code": _meet(web, corp, sink), "text": {"content": "欢迎"}}
    assert api("externalcontact/send_welcome_msg", body)["errcode"] == 41051


def test_welcome_code_may_be_missing(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    _faults(web, no_welcome_code_p=1.0)
    assert _meet(web, corp, sink) == ""


def test_reordered_events_all_arrive(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    _faults(web, reorder_p=1.0, seed=3)
    chat_id, group = next(iter(corp.groups.items()))
    people = [e for e in corp.customers if e not in group.members][:4]
    for person in people:
        body = {"corp_id": corp.corp_id, "chat_id": chat_id, "external_userid": person}
        web.post("/sim/group/join", json=body).raise_for_status()
    web.post("/sim/tick")
    web.post("/sim/tick")
    seen = [opened(corp, request).findtext("MemChangeList/Item") for request in sink.requests]
    assert sorted(str(s) for s in seen) == sorted(people)


def test_reorder_shuffles_by_seed(corp: Corp) -> None:
    for number in range(30):
        corp.ledger.record(event="e", change_type="c", lane="one", plaintext=str(number), at=0)

    def order(seed: int) -> list[int]:
        corp.faults.update({"reorder_p": 0.5, "seed": seed})
        return [event.id for lane in delivery_lanes(corp, corp.ledger.events) for event in lane]

    assert order(3) == order(3) != order(4)
    assert sorted(order(3)) == list(range(1, 31)) != order(3)
    corp.faults.update({"reorder_p": 0.0})
    assert len(delivery_lanes(corp, corp.ledger.events)) == 1


def test_snapshot_restores_the_world(web: httpx.Client, runtime: Runtime, corp: Corp, tmp_path: Path) -> None:
    chat_id, group = next(iter(corp.groups.items()))
    body = {"corp_id": corp.corp_id, "chat_id": chat_id, "name": "重启之后"}
    web.post("/sim/group/rename", json=body).raise_for_status()
    runtime.save()
    other = Runtime(clock=Clock(), state_dir=tmp_path / "state")
    assert other.load()
    assert other.world.corps[corp.corp_id].groups[chat_id] == group
    assert group.name == "重启之后"


def test_event_on_its_way_at_a_restart_goes_out_again(
    runtime: Runtime, web: httpx.Client, corp: Corp, sink: Sink, tmp_path: Path
) -> None:
    chat_id = next(iter(corp.groups))
    body = {"corp_id": corp.corp_id, "chat_id": chat_id, "name": "重启"}
    web.post("/sim/group/rename", json=body).raise_for_status()
    corp.ledger.events[0].status = "pending"
    runtime.world.is_dirty = True
    runtime.save()
    other = Runtime(clock=Clock(), state_dir=tmp_path / "state")
    other.load()
    assert other.world.corps[corp.corp_id].ledger.pending == [1]


def test_deleted_corp_is_gone_with_its_tokens(web: httpx.Client, corp: Corp) -> None:
    token = {"access_token": _token(web)}
    web.delete(f"/sim/corps/{corp.corp_id}").raise_for_status()
    assert web.get("/cgi-bin/department/list", params=token).json()["errcode"] == 40014
    assert web.get("/sim/corps").json() == {"corps": []}


def test_unreadable_snapshot_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "world.pickle").write_bytes(b"not a pickle")
    runtime = Runtime(clock=Clock(), state_dir=tmp_path)
    assert not runtime.load()
    assert (tmp_path / "world.unreadable").exists()


def test_callback_url_is_verified_within_a_second(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    answer = web.post(f"/sim/corps/{corp.corp_id}/verify-callback").json()
    assert (answer["ok"], answer["errcode"]) == (False, 40057)


def test_card_click_reaches_the_app(web: httpx.Client, corp: Corp, sink: Sink, api: Api) -> None:
    agentid = next(iter(corp.apps))
    card = {
        "card_type": "button_interaction",
        "main_title": {"title": "待确认"},
        "button_list": [{"text": "已发送", "key": "done"}],
        "task_id": "t-1",
    }
    body = {"touser": "staff01", "agentid": agentid, "msgtype": "template_card", "template_card": card}
    msgid = api("message/send", body)["msgid"]
    click = {"corp_id": corp.corp_id, "msgid": msgid, "userid": "staff01", "key": "done"}
    web.post("/sim/staff/click-card", json=click).raise_for_status()
    event = opened(corp, sink.requests[-1])
    found = {name: event.findtext(name) for name in ("Event", "FromUserName", "EventKey", "TaskId")}
    assert found == {
        "Event": "template_card_event",
        "FromUserName": "staff01",
        "EventKey": "done",
        "TaskId": "t-1",
    }
    code = event.findtext("ResponseCode")
    assert code not in ("", next(iter(corp.app_messages.values())).response_code)
    update = {
        "agentid": agentid,
        "response_code": code,
        "userids": ["staff01"],
        "button": {"replace_name": "好"},
    }
    assert api("message/update_template_card", update)["errcode"] == 0


def test_phone_pages_show_and_confirm(web: httpx.Client, corp: Corp, api: Api) -> None:
    group = next(iter(corp.groups.values()))
    body = {
        "chat_type": "group",
        "sender": group.owner,
        "chat_id_list": [group.chat_id],
        "text": {"content": "今晚八点 http://127.0.0.1:1/r/x <b>"},
    }
    msgid = api("externalcontact/add_msg_template", body)["msgid"]
    page = web.get(f"/phone/{corp.corp_id}/staff/{group.owner}").text
    assert msgid in page
    assert "&lt;b&gt;" in page
    answer = web.post(f"/phone/{corp.corp_id}/staff/{group.owner}/confirm", data={"msgid": msgid})
    assert answer.status_code == 303
    who = next(m.id for m in group.members.values() if m.type == 2)
    seen = web.get(f"/phone/{corp.corp_id}/customer/{who}/chat/{group.chat_id}").text
    assert '<a href="http://127.0.0.1:1/r/x">' in seen


def test_login_never_leads_to_another_site(web: httpx.Client, corp: Corp) -> None:
    form = {"corp_id": corp.corp_id, "person": "staff01", "back": "https://evil.example//x"}
    answer = web.post("/phone/login", data=form)
    assert answer.headers["location"] == "/phone/"


def test_late_answer_of_the_product_counts_as_a_failed_try(
    web: httpx.Client, corp: Corp, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.callbacks.deliver.TIMEOUT_S", 0.5)
    sink.delays = [5.0]
    chat_id = next(iter(corp.groups))
    began = time.monotonic()
    body = {"corp_id": corp.corp_id, "chat_id": chat_id, "name": "慢"}
    web.post("/sim/group/rename", json=body).raise_for_status()
    assert [a["status"] for a in corp.ledger.events[0].attempts] == ["TimeoutError", 200]
    assert time.monotonic() - began < 4.5
    assert len({ElementTree.tostring(opened(corp, request)) for request in sink.requests}) == 1
