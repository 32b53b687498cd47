"""App messages to staff (PROTOCOL 3.11)."""

from __future__ import annotations

import re
from typing import Any

from simulator.wire.api.common import own_agent, visible
from simulator.wire.checks import Field, check
from simulator.wire.endpoint import Call, post
from simulator.wire.errors import WireError
from simulator.world import mass_send
from simulator.world.entities import AppMessage, ResponseCode

MAX_USERS = 1000
RECALL_S = 86400
DUPLICATE_CHECK_S = 1800
RESPONSE_CODE_S = 72 * 3600
TASK_ID = re.compile(r"^[0-9A-Za-z_\-@]{1,128}$")

CONTENT: dict[str, dict[str, Field]] = {
    "text": {"content": Field(str, required=True, max_bytes=2048, missing_code=44004, over_code=45002)},
    "markdown": {"content": Field(str, required=True, max_bytes=2048, missing_code=44004, over_code=45002)},
    "textcard": {
        "title": Field(str, required=True, max_chars=128),
        "description": Field(str, required=True, max_chars=512),
        "url": Field(str, required=True, max_bytes=2048),
        "btntxt": Field(str, max_chars=4),
    },
    "template_card": {
        "card_type": Field(str, required=True, choices=("button_interaction", "text_notice")),
        "main_title": Field(
            dict, required=True, spec={"title": Field(str, required=True), "desc": Field(str)}
        ),
        "sub_title_text": Field(str),
        "card_action": Field(dict),
        "button_list": Field(
            list,
            max_items=6,
            spec={"text": Field(str, required=True), "style": Field(int), "key": Field(str)},
        ),
        "task_id": Field(str),
    },
}


def _receivers(call: Call) -> tuple[list[str], list[str]]:
    """Who gets it and who cannot, from touser, toparty and totag."""
    raw = call.body.get("touser") or ""
    every = [s.userid for s in call.corp.staff.values() if visible(call, s.userid)]
    if raw == "@all":
        return every, []
    named = [name for name in raw.split("|") if name]
    if len(named) > MAX_USERS:
        raise WireError(40058, f"touser: more than {MAX_USERS}")
    good = [name.lower() for name in named if name.lower() in every]
    bad = [name for name in named if name.lower() not in every]
    for party in (call.body.get("toparty") or "").split("|"):
        inside = [
            s.userid for s in call.corp.staff.values() if party.isdigit() and int(party) in s.departments
        ]
        good += [userid for userid in inside if userid in every and userid not in good]
    return list(dict.fromkeys(good)), bad


def _check_card(call: Call, card: dict[str, Any]) -> str:
    if card["card_type"] != "button_interaction":
        return str(card.get("task_id") or "")
    if not card.get("button_list"):
        raise WireError(40058, "template_card.button_list: is required")
    task_id = str(card.get("task_id") or "")
    if not TASK_ID.match(task_id):
        raise WireError(42014, "task_id: 1 to 128 of [0-9A-Za-z_-@]")
    if (call.app.agentid, task_id) in call.corp.task_ids:
        raise WireError(42014, task_id)
    return task_id


def _digest(kind: str, content: dict[str, Any]) -> str:
    return mass_send.content_hash({"type": kind}, [content])


def _sent_before(call: Call, kind: str, content: dict[str, Any], userids: list[str]) -> AppMessage | None:
    """The same message to the same people within the duplicate check's interval; it is not sent again."""
    if not call.body.get("enable_duplicate_check"):
        return None
    since = call.now - call.body.get("duplicate_check_interval", DUPLICATE_CHECK_S)
    digest = _digest(kind, content)
    for message in reversed(call.corp.app_messages.values()):
        if message.sent_at < since:
            return None
        same = message.content_hash == digest and message.userids == userids
        if same and message.agentid == call.app.agentid:
            return message
    return None


def send(call: Call) -> dict[str, Any]:
    own_agent(call, call.body["agentid"])
    kind = call.body["msgtype"]
    content: dict[str, Any] = call.body.get(kind) or {}
    check(content, CONTENT[kind], prefix=f"{kind}.")
    good, bad = _receivers(call)
    if not good:
        raise WireError(81013, "nobody to send to", invaliduser="|".join(bad))
    earlier = _sent_before(call, kind, content, good)
    if earlier is not None:
        return {"msgid": earlier.msgid, **({"invaliduser": "|".join(bad)} if bad else {})}
    task_id = _check_card(call, content) if kind == "template_card" else ""
    message = AppMessage(
        msgid=call.corp.new_id("am", 40),
        agentid=call.app.agentid,
        userids=good,
        msgtype=kind,
        body=content,
        content_hash=_digest(kind, content),
        sent_at=int(call.now),
        task_id=task_id,
    )
    if task_id:
        call.corp.task_ids.add((call.app.agentid, task_id))
        message.response_code = new_response_code(call, message, None)
    call.corp.app_messages[message.msgid] = message
    for userid in good:
        call.corp.fresh.append(("app_message", f"{message.msgid}|{userid}", int(call.now)))
    answer = {"msgid": message.msgid}
    if bad:
        answer["invaliduser"] = "|".join(bad)
    if message.response_code:
        answer["response_code"] = message.response_code
    return answer


def new_response_code(call: Call, message: AppMessage, userid: str | None) -> str:
    """A code good for one update of the card within 72 h."""
    code = call.corp.new_id("rc", 40)
    call.corp.response_codes[code] = ResponseCode(message.msgid, userid, call.now)
    return code


def update_card(call: Call) -> dict[str, Any]:
    own_agent(call, call.body["agentid"])
    code = call.corp.response_codes.get(call.body["response_code"])
    if code is None or code.used or call.now - code.issued_at > RESPONSE_CODE_S:
        raise WireError(42015)
    message = call.corp.app_messages[code.msgid]
    button = call.body.get("button") or {}
    card = call.body.get("template_card") or {}
    if not button.get("replace_name") and not card:
        raise WireError(40058, "button.replace_name or template_card is required")
    if call.body.get("atall"):
        targets = message.userids
    else:
        targets = [userid.lower() for userid in call.body.get("userids") or []]
        if not targets:
            raise WireError(40058, "userids or atall is required")
    shown = button.get("replace_name") or card.get("main_title", {}).get("title", "")
    for userid in targets:
        message.replaced[userid] = shown
    code.used = True
    invalid = [userid for userid in targets if userid not in message.userids]
    return {"invaliduser": invalid} if invalid else {}


def recall(call: Call) -> dict[str, Any]:
    message = call.corp.app_messages.get(call.body["msgid"])
    if message is None or message.agentid != call.app.agentid:
        raise WireError(40058, "unknown msgid")
    if call.now - message.sent_at > RECALL_S:
        raise WireError(40058, "older than 24 hours")
    message.recalled = True
    return {}


AGENT = Field(int, required=True, missing_code=40056)

ENDPOINTS = (
    post(
        "message/send",
        "messages",
        send,
        touser=Field(str),
        toparty=Field(str),
        totag=Field(str),
        agentid=AGENT,
        msgtype=Field(str, required=True, choices=tuple(CONTENT), missing_code=40008),
        safe=Field(int, choices=(0, 1)),
        enable_duplicate_check=Field(int, choices=(0, 1)),
        duplicate_check_interval=Field(int, low=0, high=4 * 3600),
    ),
    post(
        "message/update_template_card",
        "messages",
        update_card,
        agentid=AGENT,
        response_code=Field(str, required=True),
        userids=Field(list, items=str),
        atall=Field(int, choices=(0, 1)),
        button=Field(dict),
        template_card=Field(dict),
    ),
    post("message/recall", "messages", recall, msgid=Field(str, required=True)),
)
