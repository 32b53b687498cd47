"""The console: every fault on its page, and the ledger of what went out and came in."""

from __future__ import annotations

import re

import httpx
import pytest

from simulator.human import fault_list
from simulator.world.faults import Faults
from simulator.world.model import Corp
from tests.simulator.conftest import Api, Sink

INTERNAL = {"seed"}


def test_every_fault_is_on_the_page(web: httpx.Client, corp: Corp) -> None:
    assert set(fault_list.ROWS) == set(Faults().as_dict()) - INTERNAL
    page = web.get(f"/sim/ui/{corp.corp_id}/faults").text
    missing = [name for name in fault_list.ROWS if f'name="{name}' not in page]
    assert missing == []


def _form(page: str) -> dict[str, str]:
    """What a browser would send for the page as it is."""
    fields = {}
    for tag in re.findall(r"<input [^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            fields[name[1]] = value[1] if value else "on"
    return fields


def test_faults_are_switched_by_the_page_and_all_off_again(web: httpx.Client, corp: Corp) -> None:
    address = f"/sim/ui/{corp.corp_id}/faults"
    form = _form(web.get(address).text)
    form |= {"drop_p": "5", "slow_p": "12.5", "slow_ms": "800", "legacy_payload": "on"}
    form |= {"rate_limit.path": "user/get", "rate_limit.calls": "2", "rate_limit.window_s": "60"}
    assert web.post(address, data=form).status_code == 303
    faults = corp.faults
    assert (faults.drop_p, faults.slow_p, faults.slow_ms, faults.legacy_payload) == (0.05, 0.125, 800, True)
    assert faults.rate_limit == {"path": "user/get", "calls": 2, "window_s": 60}
    before = faults.as_dict()
    web.post(address, data=_form(web.get(address).text))
    assert faults.as_dict() == before
    assert "永不送达" in web.get("/sim/ui/").text
    web.post(address, data={"do": "reset"})
    assert {n: v for n, v in faults.as_dict().items() if n != "seed"} == {
        n: v for n, v in Faults().as_dict().items() if n != "seed"
    }


@pytest.mark.parametrize(
    "change", [{"drop_p": 1.5}, {"drop_p": "much"}, {"busy_next": -1}, {"rate_limit": 5}, {"shop_shuffle": 7}]
)
def test_values_that_make_no_sense_change_nothing(
    web: httpx.Client, corp: Corp, change: dict[str, object]
) -> None:
    assert web.post("/sim/faults", json={"duplicate_p": 0.5, **change}).status_code == 400
    assert corp.faults.duplicate_p == 0.0


def test_callbacks_are_listed_with_their_tries_and_answers(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    sink.statuses = [500, 200]
    chat_id = next(iter(corp.groups))
    rename = {"corp_id": corp.corp_id, "chat_id": chat_id, "name": "新名字"}
    web.post("/sim/group/rename", json=rename).raise_for_status()
    query = {"corp_id": corp.corp_id, "kind": "change_external_chat", "q": chat_id}
    found = web.get("/sim/ledger/callbacks", params=query).json()
    assert found["total"] == 1
    event = found["events"][0]
    assert [row["status"] for row in event["attempts"]] == [500, 200]
    one = web.get(f"/sim/ledger/callbacks/{event['id']}", params={"corp_id": corp.corp_id}).json()
    assert "change_name" in one["plaintext"]
    page = web.get(f"/sim/ui/{corp.corp_id}/callbacks").text
    assert "500 → 200" in page
    assert "change_name" in web.get(f"/sim/ui/{corp.corp_id}/callbacks/{event['id']}").text
    none = web.get("/sim/ledger/callbacks", params={**query, "status": "undelivered"}).json()
    assert none == {"total": 0, "events": []}


def test_calls_are_listed_without_secrets(web: httpx.Client, corp: Corp, api: Api) -> None:
    api("user/get", userid="staff01")
    api("externalcontact/groupchat/get", {"chat_id": "wrnothing"})
    rows = web.get("/sim/ledger/calls", params={"corp_id": corp.corp_id}).json()["calls"]
    assert rows[0]["path"] == "externalcontact/groupchat/get"
    assert (rows[0]["code"], "wrnothing" in rows[0]["sent"]) == (86003, True)
    errors = web.get("/sim/ledger/calls", params={"corp_id": corp.corp_id, "code": "error"}).json()
    assert errors["total"] == 1
    named = web.get("/sim/ledger/calls", params={"path": "user/", "code": "0"}).json()
    assert [row["path"] for row in named["calls"]] == ["user/get"]
    app = next(iter(corp.apps.values()))
    everything = web.get("/sim/ledger/calls").text
    assert app.secret not in everything
    assert "access_token" not in everything
    page = web.get(f"/sim/ui/{corp.corp_id}/calls", params={"code": "error"}).text
    assert "86003" in page
    assert "user/get" not in page


def test_pages_of_a_long_list(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    for number in range(60):
        corp.ledger.record(event="e", change_type="c", lane="x", plaintext=str(number), at=number)
    first = web.get(f"/sim/ui/{corp.corp_id}/callbacks").text
    assert "共 60 条" in first
    assert 'href="?page=2"' in first
    assert "下一页" not in web.get(f"/sim/ui/{corp.corp_id}/callbacks?page=2").text
    assert web.get(f"/sim/ui/{corp.corp_id}/callbacks?page=99").status_code == 200


def test_buttons_beside_the_faults(web: httpx.Client, corp: Corp, api: Api, sink: Sink) -> None:
    def press(what: str) -> int:
        return web.post(f"/sim/ui/{corp.corp_id}/do", data={"do": what}).status_code

    app = next(iter(corp.apps.values()))
    secret = {"corpid": corp.corp_id, "corpsecret": app.secret}
    token = {"access_token": web.get("/cgi-bin/gettoken", params=secret).json()["access_token"]}
    assert press("revoke") == 303
    assert web.get("/cgi-bin/department/list", params=token).json()["errcode"] == 40014
    assert press("archive-on") == 400
    assert press("dance") == 400
    sink.statuses = [500, 500, 500]
    chat_id = next(iter(corp.groups))
    rename = {"corp_id": corp.corp_id, "chat_id": chat_id, "name": "新名字"}
    web.post("/sim/group/rename", json=rename).raise_for_status()
    assert corp.ledger.events[-1].status == "undelivered"
    assert press("redeliver") == 303
    assert corp.ledger.events[-1].status == "acked"
