"""A provider's token chain and a corp that installs its suite."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from simulator.wire import crypto
from simulator.world.model import Corp
from tests.simulator.conftest import AES_KEY, CALLBACK_TOKEN, MovableClock, Sink


class Chain:
    """The calls a provider makes."""

    def __init__(self, web: httpx.Client, made: dict[str, Any]) -> None:
        self.web = web
        self.made = made

    def call(self, name: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
        params = {"suite_access_token": token} if token else {}
        return self.web.post(f"/cgi-bin/service/{name}", json=body, params=params).json()

    def suite_token(self) -> str:
        body = {
            "suite_id": "wwsuite",
            "suite_secret": self.made["suite_secret"],
            "suite_ticket": self.made["suite_ticket"],
        }
        return str(self.call("get_suite_token", body)["suite_access_token"])

    def install(self, corp: Corp) -> dict[str, Any]:
        code = self.web.post("/sim/suites/wwsuite/install", json={"corp_id": corp.corp_id}).json()
        return self.call("get_permanent_code", {"auth_code": code["auth_code"]}, self.suite_token())


def _make(web: httpx.Client, sink: Sink, kind: str) -> Chain:
    sink.body = b"success"
    body = {
        "provider_id": "wwprovider",
        "suite_id": "wwsuite",
        "callback_url": sink.url,
        "token": CALLBACK_TOKEN,
        "aes_key": AES_KEY,
        "kind": kind,
        "retry_gap_s": 0.01,
    }
    answer = web.post("/sim/suites", json=body)
    answer.raise_for_status()
    return Chain(web, answer.json())


def _opened(request: tuple[str, bytes]) -> ElementTree.Element:
    outer = ElementTree.fromstring(request[1])
    assert (outer.findtext("ToUserName"), outer.findtext("AgentID")) == ("wwsuite", "")
    return ElementTree.fromstring(crypto.decrypt(AES_KEY, outer.findtext("Encrypt") or "", "wwsuite"))


def test_ticket_is_pushed_and_lives_half_an_hour(
    web: httpx.Client, corp: Corp, sink: Sink, clock: MovableClock
) -> None:
    chain = _make(web, sink, "third")
    event = _opened(sink.requests[0])
    assert event.findtext("InfoType") == "suite_ticket"
    assert event.findtext("SuiteTicket") == chain.made["suite_ticket"]
    clock.move(601)
    web.post("/sim/tick")
    web.post("/sim/tick")
    assert len(sink.requests) == 2
    clock.move(1801)
    body = {
        "suite_id": "wwsuite",
        "suite_secret": chain.made["suite_secret"],
        "suite_ticket": chain.made["suite_ticket"],
    }
    assert chain.call("get_suite_token", body)["errcode"] == 40085


def test_auth_code_works_once_and_the_corp_token_reads_the_corp(
    web: httpx.Client, corp: Corp, sink: Sink
) -> None:
    chain = _make(web, sink, "third")
    granted = chain.install(corp)
    assert granted["auth_corp_info"]["corpid"] == corp.corp_id
    assert _opened(sink.requests[1]).findtext("InfoType") == "create_auth"
    code = _opened(sink.requests[1]).findtext("AuthCode") or ""
    token = chain.suite_token()
    assert chain.call("get_permanent_code", {"auth_code": code}, token)["errcode"] == 42007
    auth = {"auth_corpid": corp.corp_id, "permanent_code": granted["permanent_code"]}
    corp_token = {"access_token": chain.call("get_corp_token", auth, token)["access_token"]}
    assert web.get("/cgi-bin/department/list", params=corp_token).json()["errcode"] == 0
    wrong = {**auth, "permanent_code": "no"}
    assert chain.call("get_corp_token", wrong, token)["errcode"] == 40084


def test_permanent_code_of_a_built_app_is_its_secret(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    chain = _make(web, sink, "dk")
    code = chain.install(corp)["permanent_code"]
    auth = {"auth_corpid": corp.corp_id, "permanent_code": code}
    assert chain.call("get_corp_token", auth, chain.suite_token())["errcode"] == 48002
    secret = {"corpid": corp.corp_id, "corpsecret": code}
    assert web.get("/cgi-bin/gettoken", params=secret).json()["errcode"] == 0


def test_cancelled_authorisation_kills_its_tokens(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    chain = _make(web, sink, "third")
    token = {"access_token": chain.install(corp)["access_token"]}
    web.post("/sim/suites/wwsuite/cancel", json={"corp_id": corp.corp_id}).raise_for_status()
    assert web.get("/cgi-bin/department/list", params=token).json()["errcode"] == 40014
    assert _opened(sink.requests[-1]).findtext("InfoType") == "cancel_auth"


def test_reset_permanent_code_carries_a_code_and_replaces_the_secret(
    web: httpx.Client, corp: Corp, sink: Sink
) -> None:
    chain = _make(web, sink, "dk")
    old = chain.install(corp)["permanent_code"]
    web.post("/sim/suites/wwsuite/reset-permanent-code", json={"corp_id": corp.corp_id}).raise_for_status()
    event = _opened(sink.requests[-1])
    assert (event.findtext("InfoType"), event.find("AuthCorpId")) == ("reset_permanent_code", None)
    body = {"auth_code": event.findtext("AuthCode")}
    fresh = chain.call("get_permanent_code", body, chain.suite_token())["permanent_code"]
    params = {"corpid": corp.corp_id, "corpsecret": old}
    assert web.get("/cgi-bin/gettoken", params=params).json()["errcode"] == 40001
    assert fresh != old


@pytest.mark.parametrize(("body", "tries"), [(b"success", 1), (b"", 3), (b"ok", 3)])
def test_command_callback_takes_only_the_word_success(
    web: httpx.Client, corp: Corp, sink: Sink, body: bytes, tries: int
) -> None:
    _make(web, sink, "third")
    sink.requests.clear()
    sink.body = body
    web.post("/sim/suites/wwsuite/push-ticket").raise_for_status()
    assert len(sink.requests) == tries


def test_suite_token_is_needed(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    chain = _make(web, sink, "third")
    assert chain.call("get_permanent_code", {"auth_code": "x"})["errcode"] == 40082
    assert chain.call("no_such_call", {})["errcode"] == 40066
