"""The archive gateway as the product's adapter speaks it, with a real RSA step."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulator.world.archive import AGREE
from simulator.world.entities import EXTERNAL
from simulator.world.model import Corp
from tests.simulator.conftest import MovableClock, Sink
from tests.simulator.test_callbacks import opened

KEYS = {version: rsa.generate_private_key(public_exponent=65537, key_size=2048) for version in (1, 2)}
DAY_S = 86400


def pem(version: int) -> str:
    return KEYS[version].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def switch_on(web: httpx.Client, corp: Corp, **changes: Any) -> None:
    settings = {
        "is_on": True,
        "secret": "archive-secret",
        "public_keys": {"1": pem(1)},
        "current_version": 1,
        "spice": False,
        "agree_share": 1.0,
        **changes,
    }
    web.patch(f"/sim/corps/{corp.corp_id}", json={"archive": settings}).raise_for_status()


class Adapter:
    """What a product does: init, fetch, open the random key, decrypt."""

    def __init__(self, web: httpx.Client, corp: Corp, secret: str = "archive-secret") -> None:
        self.web = web
        self.sdk = self.call("init", corpid=corp.corp_id, secret=secret)["sdk"]

    def call(self, operation: str, **body: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.web.post(f"/archive/{operation}", json=body).json()
        return answer

    def rows(self, seq: int = 0, limit: int = 1000) -> dict[str, Any]:
        return self.call("getchatdata", sdk=self.sdk, seq=seq, limit=limit, timeout=5)

    def open(self, row: dict[str, Any]) -> str:
        private = KEYS[row["publickey_ver"]]
        key = private.decrypt(base64.b64decode(row["encrypt_random_key"]), padding.PKCS1v15()).decode()
        answer = self.call("decryptdata", encrypt_key=key, encrypt_msg=row["encrypt_chat_msg"])
        return str(answer["data"])

    def messages(self, seq: int = 0) -> list[dict[str, Any]]:
        return [json.loads(self.open(row), strict=False) for row in self.rows(seq)["chatdata"]]


def say(web: httpx.Client, corp: Corp, **body: Any) -> dict[str, Any]:
    answer = web.post("/sim/message/send", json={"corp_id": corp.corp_id, **body})
    answer.raise_for_status()
    return dict(answer.json())


def seat(corp: Corp) -> tuple[str, str]:
    """A group and one customer in it."""
    for group in corp.groups.values():
        for member in group.members.values():
            if member.type == EXTERNAL:
                return group.chat_id, member.id
    raise AssertionError("the corp has no customer in a group")


def test_a_message_comes_back_as_it_was_said(web: httpx.Client, corp: Corp) -> None:
    switch_on(web, corp)
    chat_id, who = seat(corp)
    owner = corp.groups[chat_id].owner
    said = say(web, corp, chat_id=chat_id, **{"from": owner}, text="今晚八点开课 😀")
    found = [m for m in Adapter(web, corp).messages() if m["msgtype"] == "text"]
    assert [(m["msgid"], m["from"], m["roomid"]) for m in found] == [(said["msgid"], owner, chat_id)]
    assert found[0]["text"] == {"content": "今晚八点开课 😀"}
    assert who in found[0]["tolist"]
    assert found[0]["msgtime"] > 10**12


def test_every_type_can_be_said_and_names_its_own_object(web: httpx.Client, corp: Corp) -> None:
    switch_on(web, corp)
    chat_id, _ = seat(corp)
    owner = corp.groups[chat_id].owner
    kinds = ["image", "voice", "video", "file", "emotion", "card", "location", "link", "weapp", "chatrecord"]
    kinds += ["mixed", "redpacket", "external_redpacket", "docmsg", "markdown", "news", "todo", "hologram"]
    for kind in kinds:
        say(web, corp, chat_id=chat_id, **{"from": owner}, msgtype=kind)
    found = {m["msgtype"]: m for m in Adapter(web, corp).messages()}
    assert set(kinds) <= set(found)
    assert "doc" in found["docmsg"]
    assert "info" in found["news"]
    assert "redpacket" in found["external_redpacket"]
    assert found["hologram"]["hologram"]["depth"] == 3


def test_keys_change_during_life(web: httpx.Client, corp: Corp) -> None:
    switch_on(web, corp)
    chat_id, _ = seat(corp)
    owner = corp.groups[chat_id].owner
    say(web, corp, chat_id=chat_id, **{"from": owner}, text="旧钥匙")
    switch_on(web, corp, public_keys={"2": pem(2)}, current_version=2)
    say(web, corp, chat_id=chat_id, **{"from": owner}, text="新钥匙")
    adapter = Adapter(web, corp)
    versions = [row["publickey_ver"] for row in adapter.rows()["chatdata"]]
    assert versions == [1, 2]
    assert [m["text"]["content"] for m in adapter.messages()] == ["旧钥匙", "新钥匙"]


@pytest.mark.parametrize(
    "archive",
    [{"current_version": 9}, {"public_keys": {"1": "no key"}}, {"colour": "red"}],
)
def test_settings_that_cannot_work_are_refused(
    web: httpx.Client, corp: Corp, archive: dict[str, Any]
) -> None:
    body = {"archive": {"is_on": True, **archive}}
    assert web.patch(f"/sim/corps/{corp.corp_id}", json=body).status_code == 400
    assert not corp.archive.is_on


def test_a_recall_is_a_row_of_its_own(web: httpx.Client, corp: Corp) -> None:
    switch_on(web, corp)
    chat_id, _ = seat(corp)
    said = say(web, corp, chat_id=chat_id, **{"from": corp.groups[chat_id].owner}, text="发错了")
    body = {"corp_id": corp.corp_id, "msgid": said["msgid"]}
    web.post("/sim/message/recall", json=body).raise_for_status()
    last = Adapter(web, corp).messages()[-1]
    assert (last["action"], last["msgtype"], last["revoke"]) == (
        "recall",
        "revoke",
        {"pre_msgid": said["msgid"]},
    )


def test_the_population_leaves_untidy_rows_too(web: httpx.Client, corp: Corp) -> None:
    switch_on(web, corp, spice=True)
    chat_id, _ = seat(corp)
    owner = corp.groups[chat_id].owner
    for number in range(400):
        body = {"corp_id": corp.corp_id, "chat_id": chat_id, "sender": owner, "text": f"打卡{number}"}
        web.post("/sim/group/forward", json=body).raise_for_status()
    adapter = Adapter(web, corp)
    texts = [adapter.open(row) for row in adapter.rows()["chatdata"]]
    dirty = [text for text in texts if "\x03" in text]
    assert dirty
    with pytest.raises(ValueError):
        json.loads(dirty[0])
    kinds = {json.loads(text, strict=False).get("msgtype") for text in texts}
    assert {"text", "revoke", "hologram"} <= kinds


def test_seq_limit_and_five_days(web: httpx.Client, corp: Corp, clock: MovableClock) -> None:
    switch_on(web, corp)
    chat_id, _ = seat(corp)
    owner = corp.groups[chat_id].owner
    for number in range(4):
        say(web, corp, chat_id=chat_id, **{"from": owner}, text=str(number))
    clock.move(4 * DAY_S)
    say(web, corp, chat_id=chat_id, **{"from": owner}, text="later")
    adapter = Adapter(web, corp)
    assert [row["seq"] for row in adapter.rows(seq=1, limit=2)["chatdata"]] == [2, 3]
    clock.move(2 * DAY_S)
    assert [row["seq"] for row in adapter.rows()["chatdata"]] == [5]
    assert adapter.rows(limit=1001) == {"ret": 10000}


def test_six_hundred_calls_a_minute(web: httpx.Client, corp: Corp, clock: MovableClock) -> None:
    switch_on(web, corp)
    corp.limits["archive_calls_a_minute"] = 3
    adapter = Adapter(web, corp)
    assert [adapter.rows()["errcode"] for _ in range(4)] == [0, 0, 0, 45009]
    clock.move(61)
    assert adapter.rows()["errcode"] == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [({"is_on": False}, 301053), ({"is_expired": True}, 301052), ({"secret": "other"}, 40001)],
)
def test_refusals_of_the_archive(web: httpx.Client, corp: Corp, change: dict[str, Any], code: int) -> None:
    switch_on(web, corp)
    adapter = Adapter(web, corp)
    web.patch(f"/sim/corps/{corp.corp_id}", json={"archive": change}).raise_for_status()
    assert adapter.rows()["errcode"] == code


def test_sdk_errors(web: httpx.Client, corp: Corp) -> None:
    switch_on(web, corp)
    adapter = Adapter(web, corp)
    assert adapter.call("init", corpid="wwnobody", secret="x")["ret"] == 10000
    assert adapter.call("getchatdata", sdk="gone", seq=0, limit=1)["ret"] == 10000
    assert adapter.call("decryptdata", encrypt_key="short", encrypt_msg="x")["ret"] == 10008
    assert adapter.call("decryptdata", encrypt_key="k" * 32, encrypt_msg="AAAA")["ret"] == 10006
    adapter.call("destroy", sdk=adapter.sdk)
    assert adapter.rows()["ret"] == 10000
    switch_on(web, corp, allowed_ips=["10.0.0.9"])
    assert adapter.call("init", corpid=corp.corp_id, secret="archive-secret")["ret"] == 10009


def test_a_file_comes_in_chunks_and_goes_after_its_time(
    web: httpx.Client, corp: Corp, clock: MovableClock
) -> None:
    switch_on(web, corp)
    chat_id, _ = seat(corp)
    say(web, corp, chat_id=chat_id, **{"from": corp.groups[chat_id].owner}, msgtype="video")
    adapter = Adapter(web, corp)
    video = adapter.messages()[-1]["video"]
    body, index, sizes = b"", "", []
    while True:
        part = adapter.call("getmediadata", sdk=adapter.sdk, sdkfileid=video["sdkfileid"], indexbuf=index)
        data = base64.b64decode(part["data"])
        body, index = body + data, part["outindexbuf"]
        sizes.append(len(data))
        if part["is_finish"]:
            break
    assert sizes[:-1] == [512 * 1024] * (len(sizes) - 1)
    assert len(sizes) == 3
    assert (len(body), hashlib.md5(body).hexdigest()) == (video["filesize"], video["md5sum"])
    assert adapter.call("getmediadata", sdk=adapter.sdk, sdkfileid="nothing")["ret"] == 10005
    clock.move(6 * DAY_S)
    late = adapter.call("getmediadata", sdk=adapter.sdk, sdkfileid=video["sdkfileid"])
    assert late["ret"] == 301048


def test_the_app_hears_of_traffic_once_in_fifteen_seconds(
    web: httpx.Client, corp: Corp, clock: MovableClock, sink: Sink
) -> None:
    switch_on(web, corp)
    chat_id, _ = seat(corp)
    owner = corp.groups[chat_id].owner

    def heard() -> int:
        events = [opened(corp, request).findtext("Event") for request in sink.requests]
        return events.count("msgaudit_notify")

    for _ in range(3):
        say(web, corp, chat_id=chat_id, **{"from": owner}, text="hi")
    assert heard() == 1
    clock.move(16)
    web.post("/sim/tick")
    assert heard() == 2
    assert opened(corp, sink.requests[-1]).findtext("AgentID") == str(next(iter(corp.apps)))


def _vendor(web: httpx.Client, corp: Corp, path: str, body: dict[str, Any], secret: str) -> dict[str, Any]:
    params = {"corpid": corp.corp_id, "corpsecret": secret}
    token = web.get("/cgi-bin/gettoken", params=params).json()["access_token"]
    answer = web.post(f"/cgi-bin/{path}", params={"access_token": token}, json=body)
    return dict(answer.json())


def test_consent_decides_what_is_kept_and_can_be_asked_for(web: httpx.Client, corp: Corp) -> None:
    switch_on(web, corp)
    chat_id, who = seat(corp)
    speak = {"chat_id": chat_id, "from": who, "text": "我的话"}
    consent = {"corp_id": corp.corp_id, "external_userid": who, "agree": False}
    web.post("/sim/message/consent", json=consent).raise_for_status()
    assert say(web, corp, **speak)["msgid"] == ""
    web.post("/sim/message/consent", json={**consent, "agree": True}).raise_for_status()
    assert say(web, corp, **speak)["msgid"]
    kinds = [m["msgtype"] for m in Adapter(web, corp).messages()]
    assert kinds == ["disagree", "agree", "text"]
    pair = {"info": [{"userid": corp.groups[chat_id].owner, "exteranalopenid": who}]}
    row = _vendor(web, corp, "msgaudit/check_single_agree", pair, "archive-secret")["agreeinfo"][0]
    assert (row["agree_status"], row["exteranalopenid"]) == (AGREE, who)
    room = _vendor(web, corp, "msgaudit/check_room_agree", {"roomid": chat_id}, "archive-secret")
    assert {r["exteranalopenid"] for r in room["agreeinfo"]} == {who}


def test_msgaudit_calls_want_the_archive_secret(web: httpx.Client, corp: Corp) -> None:
    switch_on(web, corp)
    app = next(iter(corp.apps.values()))
    ask = {"type": 1}
    assert _vendor(web, corp, "msgaudit/get_permit_user_list", ask, app.secret)["errcode"] == 48002
    found = _vendor(web, corp, "msgaudit/get_permit_user_list", ask, "archive-secret")
    assert found["ids"] == list(corp.staff)
    many = {"info": [{"userid": "staff01", "exteranalopenid": "x"}] * 101}
    assert _vendor(web, corp, "msgaudit/check_single_agree", many, "archive-secret")["errcode"] == 40058


def test_only_internal_groups_are_told(web: httpx.Client, corp: Corp) -> None:
    switch_on(web, corp)
    chat_id, _ = seat(corp)
    path = "msgaudit/groupchat/get"
    assert _vendor(web, corp, path, {"roomid": chat_id}, "archive-secret")["errcode"] == 301059
    room = web.post("/sim/message/rooms", json={"corp_id": corp.corp_id}).json()["rooms"][0]
    found = _vendor(web, corp, path, {"roomid": room["roomid"]}, "archive-secret")
    assert {m["memberid"] for m in found["members"]} == set(room["members"])
    said = say(web, corp, chat_id=room["roomid"], **{"from": room["members"][0]}, text="内部")
    assert said["msgid"]


def test_a_welcome_waits_for_consent(web: httpx.Client, corp: Corp, sink: Sink) -> None:
    switch_on(web, corp)
    who = next(e for e, c in corp.customers.items() if c.type == 1 and not corp.relations_of_customer(e))
    consent = {"corp_id": corp.corp_id, "external_userid": who, "agree": False}
    web.post("/sim/message/consent", json=consent).raise_for_status()
    meet = {"corp_id": corp.corp_id, "userid": "staff01", "external_userid": who}
    web.post("/sim/customer/add-staff", json=meet).raise_for_status()
    code = next(e for e in (opened(corp, r) for r in sink.requests) if e.findtext("WelcomeCode"))
    body = {"welcome_code": code.findtext("WelcomeCode"), "text": {"content": "欢迎"}}
    app = next(iter(corp.apps.values()))
    assert _vendor(web, corp, "externalcontact/send_welcome_msg", body, app.secret)["errcode"] == 41053
    sink.requests.clear()
    web.post("/sim/message/consent", json={**consent, "agree": True}).raise_for_status()
    changes = [opened(corp, request).findtext("ChangeType") for request in sink.requests]
    assert "msg_audit_approved" in changes
    assert _vendor(web, corp, "externalcontact/send_welcome_msg", body, app.secret)["errcode"] == 0
