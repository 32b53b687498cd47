"""Callbacks as the product receives them: sealed, three tries, faults."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import httpx

from simulator.wire import crypto
from simulator.world.model import Corp
from tests.simulator.conftest import AES_KEY, CALLBACK_TOKEN, Api, Sink


def opened(corp: Corp, request: tuple[str, bytes]) -> ElementTree.Element:
    """Verify and decrypt one delivery as a product would."""
    path, body = request
    query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    outer = ElementTree.fromstring(body)
    assert outer.findtext("ToUserName") == corp.corp_id
    sealed = outer.findtext("Encrypt") or ""
    signed = crypto.signature(CALLBACK_TOKEN, query["timestamp"], query["nonce"], sealed)
    assert signed == query["msg_signature"]
    return ElementTree.fromstring(crypto.decrypt(AES_KEY, sealed, corp.corp_id))


def _outsider(corp: Corp, chat_id: str) -> str:
    return next(e for e in corp.customers if e not in corp.groups[chat_id].members)


def _join(web: httpx.Client, corp: Corp) -> str:
    chat_id = next(iter(corp.groups))
    body = {"corp_id": corp.corp_id, "chat_id": chat_id, "external_userid": _outsider(corp, chat_id)}
    web.post("/sim/group/join", json=body).raise_for_status()
    return body["external_userid"]


def test_join_arrives_with_members_and_versions(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    before = next(iter(corp.groups.values())).member_version
    who = _join(web, corp)
    event = opened(corp, sink.requests[0])
    assert event.findtext("Event") == "change_external_chat"
    assert event.findtext("UpdateDetail") == "add_member"
    assert event.findtext("JoinScene") == "3"
    assert [i.text for i in event.findall("MemChangeList/Item")] == [who]
    assert event.findtext("LastMemVer") == before
    assert event.findtext("CurMemVer") == next(iter(corp.groups.values())).member_version


def test_legacy_payload_has_no_member_list(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    web.post("/sim/faults", json={"legacy_payload": True})
    _join(web, corp)
    event = opened(corp, sink.requests[0])
    assert event.findtext("MemChangeCnt") == "1"
    assert event.find("MemChangeList") is None
    assert event.find("LastMemVer") is None


def test_suite_form_has_no_head(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    web.patch(f"/sim/corps/{corp.corp_id}", json={"callback_form": "suite", "suite_id": "wwsuite"})
    _join(web, corp)
    outer = ElementTree.fromstring(sink.requests[0][1])
    event = ElementTree.fromstring(crypto.decrypt(AES_KEY, outer.findtext("Encrypt") or "", "wwsuite"))
    assert event.findtext("InfoType") == "change_external_chat"
    assert event.findtext("AuthCorpId") == corp.corp_id
    assert event.find("MsgType") is None


def test_refused_callback_is_tried_three_times_in_total(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    sink.statuses = [500, 302, 200]
    _join(web, corp)
    event = corp.ledger.events[0]
    assert [a["status"] for a in event.attempts] == [500, 302, 200]
    assert event.status == "acked"


def test_never_acked_is_undelivered_until_redelivered(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    sink.statuses = [500, 500, 500]
    _join(web, corp)
    assert corp.ledger.events[0].status == "undelivered"
    assert len(sink.requests) == 3
    answer = web.post("/sim/redeliver", json={"corp_id": corp.corp_id}).json()
    assert (answer["requeued"], corp.ledger.events[0].status) == (1, "acked")


def test_dead_product_does_not_stop_the_simulator(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    web.patch(f"/sim/corps/{corp.corp_id}", json={"callback_url": "http://127.0.0.1:9/none"})
    _join(web, corp)
    assert corp.ledger.events[0].status == "undelivered"


def test_duplicate_fault_delivers_the_same_plaintext_twice(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    web.post("/sim/faults", json={"duplicate_p": 1.0})
    _join(web, corp)
    first, second = (ElementTree.tostring(opened(corp, request)) for request in sink.requests)
    assert first == second
    assert (len(corp.ledger.events), corp.ledger.events[0].acks) == (1, 2)


def test_changes_made_through_the_api_are_silent(api: Api, corp: Corp, sink: Sink) -> None:
    userid, ext = next(key for key, tie in corp.relations.items() if tie.status == "full")
    api("externalcontact/remark", {"userid": userid, "external_userid": ext, "remark": "备注"})
    assert (corp.ledger.events, sink.requests) == ([], [])


def test_remark_in_the_client_does_send_an_event(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    userid, ext = next(key for key, tie in corp.relations.items() if tie.status == "full")
    body = {"corp_id": corp.corp_id, "userid": userid, "external_userid": ext, "remark": "备注"}
    web.post("/sim/staff/edit-customer", json=body).raise_for_status()
    assert opened(corp, sink.requests[0]).findtext("ChangeType") == "edit_external_contact"
