"""The address book and the app, as people change and use them."""

from __future__ import annotations

import httpx
import pytest

from simulator.world.model import Corp
from tests.simulator.conftest import Api, Sink
from tests.simulator.test_callbacks import opened


def act(web: httpx.Client, corp: Corp, path: str, **body: object) -> httpx.Response:
    return web.post(f"/sim/{path}", json={"corp_id": corp.corp_id, **body})


def test_an_id_that_is_no_number_is_refused_by_its_code(api: Api) -> None:
    assert all(api("department/list", id=raw)["errcode"] for raw in ("²", "--5", "five", ""))


def test_departments_come_change_and_go(web: httpx.Client, corp: Corp, api: Api, sink: Sink) -> None:
    made = act(web, corp, "party/create", name="华东区", parent_id=2).json()["id"]
    act(web, corp, "party/update", id=made, name="华东大区")
    rows = {d["id"]: d for d in api("department/list")["department"]}
    assert (rows[made]["name"], rows[made]["parentid"]) == ("华东大区", 2)
    assert act(web, corp, "party/delete", id=2).status_code == 400
    act(web, corp, "party/delete", id=made)
    events = [opened(corp, request) for request in sink.requests]
    assert [(e.findtext("ChangeType"), e.findtext("Id")) for e in events] == [
        ("create_party", str(made)),
        ("update_party", str(made)),
        ("delete_party", str(made)),
    ]


def test_a_member_changes_name_and_department(web: httpx.Client, corp: Corp, api: Api, sink: Sink) -> None:
    act(web, corp, "staff/update", userid="staff01", name="新姓名", departments=[3]).raise_for_status()
    assert api("user/get", userid="staff01")["name"] == "新姓名"
    event = opened(corp, sink.requests[-1])
    assert (event.findtext("ChangeType"), event.findtext("Department")) == ("update_user", "3")
    assert act(web, corp, "staff/update", userid="staff01", departments=[99]).status_code == 400


@pytest.mark.parametrize("path", ["staff/write-app", "staff/enter-app"])
def test_staff_use_the_app(web: httpx.Client, corp: Corp, sink: Sink, path: str) -> None:
    act(web, corp, path, userid="staff01", text="今天的任务").raise_for_status()
    event = opened(corp, sink.requests[-1])
    assert event.findtext("FromUserName") == "staff01"
    assert event.findtext("AgentID") == str(next(iter(corp.apps)))
    told = event.findtext("Content") if path == "staff/write-app" else event.findtext("Event")
    assert told == ("今天的任务" if path == "staff/write-app" else "enter_agent")
